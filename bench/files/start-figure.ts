// How long `holdfast up --detach` takes over a folder of which nothing changed, what it reads for that, and what memory
// the daemon then has.
//
// Before that, one full sync: all files are versions in the store and known to the folder's own hub. Opens are counted in
// a start of their own, under strace, which slows it down; where there is no strace, bytes read are what is known.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import { BIN, down, type Started, untilIdle, up } from "./holdfast.ts";
import { freePort, isInstalled, run } from "./programs.ts";
import { inFolder, type Settings } from "./settings.ts";
import { type Line, median, shown } from "./table.ts";
import { generator, makeTree } from "./trees.ts";

const STARTS = 3;
const AIM_MS = 3_000;
const AIM_MIB = 300;
const FILES_A_DIRECTORY = 50;
const [SMALLEST_BYTES, LARGEST_BYTES] = [100, 1_000];

export async function startFigure(settings: Settings): Promise<Line[]> {
  return inFolder(settings, async (root) => {
    const files = settings.isQuick ? 10_000 : 100_000;
    const folder = join(root, "folder");
    const random = generator(3);
    makeTree(join(folder, "tree"), files, files / FILES_A_DIRECTORY, 3, () =>
      Math.round(SMALLEST_BYTES + random() * (LARGEST_BYTES - SMALLEST_BYTES)),
    );
    await run("sync", []);
    const port = ["--port", `${await freePort()}`];
    const startedAt = performance.now();
    const first = await up(folder, ...port);
    const readyAt = performance.now();
    settings.say(`the first start over ${files} files: ready in ${shown(readyAt - startedAt, "ms")}`);
    await untilIdle(folder);
    const firstMiB = memoryOf(first.pid);
    settings.say(
      `all at the hub after ${shown(performance.now() - startedAt, "ms")}; memory ${shown(firstMiB.now, "MiB")}, most ${shown(firstMiB.most, "MiB")}`,
    );
    await down(folder);
    const times: number[] = [];
    const memory: { now: number; most: number }[] = [];
    const read: number[] = [];
    for (let start = 0; start < STARTS; start += 1) {
      const before = performance.now();
      const { pid } = await up(folder, ...port);
      times.push(performance.now() - before);
      read.push(bytesReadBy(pid));
      memory.push(memoryOf(pid));
      await down(folder);
    }
    settings.say(`starts: ${times.map((time) => shown(time, "ms")).join(", ")}; bytes read: ${read.join(", ")}`);
    const opened = await countOpens(root, folder, port);
    const line = { figure: `start with ${files} unchanged files`, unit: "ms" } as const;
    const lines: Line[] = [
      { ...line, ours: median(times), peer: "aim", theirs: AIM_MS, most: 1 },
      { ...line, ours: median(times), peer: "its first start", theirs: readyAt - startedAt },
      {
        figure: "files opened by that start",
        ours: opened ?? Number.NaN,
        peer: "all of them",
        theirs: opened === undefined ? undefined : files,
        unit: "files",
        most: 0,
        note: "no strace",
      },
      {
        figure: "bytes read by that start, all in all",
        ours: median(read),
        peer: "one a file",
        theirs: files,
        unit: "bytes",
      },
      {
        figure: "memory after that start",
        ours: median(memory.map(({ now }) => now)),
        peer: "aim",
        theirs: AIM_MIB,
        unit: "MiB",
        most: 1,
      },
      {
        figure: "most memory in that start",
        ours: median(memory.map(({ most }) => most)),
        peer: "aim",
        theirs: AIM_MIB,
        unit: "MiB",
        most: 1,
      },
      { figure: "memory after the first sync", ours: firstMiB.now, peer: "aim", theirs: AIM_MIB, unit: "MiB", most: 1 },
      {
        figure: "most memory in the first sync",
        ours: firstMiB.most,
        peer: "aim",
        theirs: AIM_MIB,
        unit: "MiB",
        most: 1,
      },
    ];
    return lines;
  });
}

function memoryOf(pid: number): { now: number; most: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  const mib = (name: string): number =>
    Number(new RegExp(`^${name}:\\s+(\\d+) kB`, "m").exec(status)?.[1] ?? 0) / 1_024;
  return { now: mib("VmRSS"), most: mib("VmHWM") };
}

/** Bytes that a process asked to read since it began: its own source and databases too. */
function bytesReadBy(pid: number): number {
  return Number(/^rchar: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, "utf8"))?.[1] ?? Number.NaN);
}

/** How many files of the tree a start opens; undefined without strace. */
async function countOpens(root: string, folder: string, port: readonly string[]): Promise<number | undefined> {
  if (!isInstalled("strace", "-V")) return undefined;
  const log = join(root, "opens");
  const traced = run("strace", [
    "-f",
    "-qq",
    "-e",
    "trace=open,openat,openat2",
    "-o",
    log,
    BIN,
    "up",
    folder,
    "--detach",
    "--json",
    ...port,
  ]);
  // strace follows the daemon too, and ends with it.
  await untilIdle(folder);
  await down(folder);
  JSON.parse(await traced) as Started;
  const isOfTree = (line: string): boolean => line.includes("/tree/") || /"(part-|dir-|file-)/.test(line);
  return readFileSync(log, "utf8")
    .split("\n")
    .filter((line) => isOfTree(line) && !line.includes("O_DIRECTORY")).length;
}
