// What a program may try with /proc, and what Linux says to it: done by a simulated process, and by a real one.

import { spawnSync } from "node:child_process";
import * as fs from "node:fs";

const STAT = "/proc/self/stat";
const BOOT_ID = "/proc/sys/kernel/random/boot_id";
const BEYOND_ALL_PIDS = "/proc/999999999";

/** `folder` is writable. Each with what came of it: a code, or what can be the same in all processes. */
const calls: Readonly<Record<string, (folder: string) => unknown>> = {
  "self is a link to the pid": () => fs.readlinkSync("/proc/self") === String(process.pid),
  "the link has no size": () => fs.lstatSync("/proc/self").size,
  "where it leads": () => fs.realpathSync(STAT) === `/proc/${process.pid}/stat`,
  "stat of a process": () => shapeOf(fs.readFileSync(`/proc/${process.pid}/stat`, "utf8")),
  "stat of the first process": () =>
    fs
      .readFileSync("/proc/1/stat", "latin1")
      .replace(/\(.*\)/, "()")
      .split(" ")[3],
  "it is a file of no size": () => [fs.statSync(STAT).isFile(), fs.statSync(STAT).size],
  permissions: () => [STAT, BOOT_ID, "/proc/sys", "/proc"].map((path) => (fs.statSync(path).mode & 0o777).toString(8)),
  "a device of its own": () => fs.statSync("/proc").dev !== fs.statSync("/").dev,
  "boot id": () => /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\n$/.test(fs.readFileSync(BOOT_ID, "utf8")),
  "read in pieces": () => startOf(inPieces(STAT)) === startOf(fs.readFileSync(STAT, "latin1")),
  names: () => ["self", "sys", String(process.pid)].every((name) => fs.readdirSync("/proc").includes(name)),
  "a pid that nobody has": () => fs.statSync(BEYOND_ALL_PIDS),
  "below it": () => fs.openSync(`${BEYOND_ALL_PIDS}/stat`, "r"),
  "a pid with a zero before it": () => fs.statSync(`/proc/0${process.pid}`),
  "pid 0": () => fs.statSync("/proc/0"),
  "a file with a slash": () => fs.statSync(`${STAT}/`),
  "a directory read": () => fs.readFileSync("/proc/self"),
  "a file as a link": () => fs.readlinkSync(STAT),
  written: () => fs.writeFileSync(STAT, "x"),
  "opened for both": () => fs.openSync(STAT, "r+"),
  "appended to": () => fs.appendFileSync(BOOT_ID, "x"),
  emptied: () => fs.truncateSync(STAT),
  "made anew": () => fs.writeFileSync("/proc/x", ""),
  "made anew, only if new": () => fs.writeFileSync(STAT, "", { flag: "wx" }),
  directory: () => fs.mkdirSync("/proc/x"),
  "directory of a process": () => fs.mkdirSync("/proc/self/x"),
  "directory that is there": () => fs.mkdirSync("/proc/self"),
  "link out": (folder) => fs.linkSync(STAT, `${folder}/y`),
  "link in": (folder) => fs.linkSync(folder, "/proc/x"),
  "link of a name in": () => fs.symlinkSync("a", "/proc/x"),
  "moved out": (folder) => fs.renameSync(STAT, `${folder}/y`),
  "moved in": (folder) => fs.renameSync(folder, "/proc/x"),
  "self removed": () => fs.unlinkSync("/proc/self"),
  "a process removed": () => fs.rmdirSync(`/proc/${process.pid}`),
  mode: () => fs.chmodSync(STAT, 0o777),
  flushed: () => fs.fsyncSync(fs.openSync(STAT, "r")),
  "may be read": () => fs.accessSync(STAT, fs.constants.R_OK),
  "may be written": () => fs.accessSync(STAT, fs.constants.W_OK),
  copied: (folder) => fs.copyFileSync(BOOT_ID, `${folder}/copy`),
};

/** Pid, name, state, parent, and for the rest whether they are numbers: of all but the last, as many as there are. */
function shapeOf(stat: string): unknown {
  const end = stat.lastIndexOf(")");
  const fields = stat.slice(end + 2).split(" ");
  const numbers = fields.slice(1).map((field) => /^-?[0-9]+\n?$/.test(field));
  const isParent = Number(fields[1]) === process.ppid;
  return [stat.slice(0, end + 1) === `${process.pid} (MainThread)`, fields[0], isParent, numbers, stat.endsWith("\n")];
}

/** Clock ticks from boot: the 22nd field. */
export function startOf(stat: string): number {
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19]);
}

function inPieces(path: string): string {
  const fd = fs.openSync(path, "r");
  const piece = Buffer.alloc(7);
  let text = "";
  for (let length = 7; length > 0; ) {
    length = fs.readSync(fd, piece, 0, 7, null);
    text += piece.toString("latin1", 0, length);
  }
  fs.closeSync(fd);
  return text;
}

export function outcomes(folder: string): Record<string, unknown> {
  const tried = Object.entries(calls).map(([name, attempt]) => [name, outcomeOf(() => attempt(folder))]);
  return Object.fromEntries(tried) as Record<string, unknown>;
}
function outcomeOf(attempt: () => unknown): unknown {
  try {
    return attempt() ?? "done";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
}

/** What came of them in a real process, which is not root's: root may do more. */
export function realOutcomes(folder: string): Record<string, unknown> {
  const program = `
    const { outcomes } = await import(${JSON.stringify(import.meta.url)});
    if (process.getuid() === 0) { process.setgid(65534); process.setuid(65534); }
    console.log(JSON.stringify(outcomes(${JSON.stringify(folder)})));`;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "-e", program], { encoding: "utf8" });
  if (stdout === "") throw new Error(stderr);
  return JSON.parse(stdout) as Record<string, unknown>;
}
