// The simulated disk beside the kernel's: the same calls, one by one, on both.
//
// HOLDFAST_SEED=N starts from that seed; without it each run takes a new one. A failure prints the shortest sequence
// that still shows it.

import assert from "node:assert/strict";
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  rmdirSync,
  rmSync,
  type Stats,
} from "node:fs";
import { tmpdir } from "node:os";
import { after, test } from "node:test";
import { isLong } from "../testing/long-tests.ts";
import { SystemFault } from "./calls.ts";
import { Disk } from "./disk.ts";
import type { DumpedInode } from "./dump.ts";
import { Dice, type RandomCall, randomCall, randomGround, randomPath } from "./testing/random-calls.ts";
import { dumpAndClear, performReally } from "./testing/real-kernel.ts";
import { testCaller } from "./testing/test-caller.ts";

/** Beside the disk's calls: a change of the working directory, and of the user; only root can become another. */
type Step = RandomCall | readonly ["chdir", path: string] | readonly ["become", user: number];

/** RACE-08 promises as many as `HOLDFAST_TESTS=long` goes through. */
const SEQUENCES = isLong ? 100_000 : 8_000;
const FIRST_SIMULATED_DESCRIPTOR = 17;
/** Times that a test sets are before, those that a clock gave are after. */
const SET_BY_HAND_BEFORE_MS = 1_000_000;

// Deep enough that no `..` of a sequence leaves it.
const top = mkdtempSync(`${existsSync("/dev/shm") ? "/dev/shm" : tmpdir()}/holdfast-disk-`);
const base = `${top}/1/2/3/4/5/6/7/8`;
process.umask(0);
chmodSync(top, 0o777);
mkdirSync(base, { recursive: true });
const uid = process.getuid?.() ?? 0;
const gid = process.getgid?.() ?? 0;
const formerDirectory = process.cwd();
if (uid === 0) process.setgroups?.([]);

// The descriptors free from here on are in a row, so that both sides give theirs in step.
const fillers: number[] = [];
do fillers.push(openSync("/dev/null", "r"));
while ((fillers.at(-1) ?? 0) < 64);
const firstRealDescriptor = (fillers.at(-1) ?? 0) + 1;
const descriptorOffset = firstRealDescriptor - FIRST_SIMULATED_DESCRIPTOR;

after(() => {
  process.chdir(formerDirectory);
  for (const fd of fillers) closeSync(fd);
  rmSync(top, { recursive: true });
});

const template = new Disk();
{
  const caller = testCaller(template, 9);
  caller.umask = 0;
  caller.uid = uid;
  caller.gid = gid;
  const names = base.split("/").slice(1);
  for (const at of names.keys()) {
    const path = `/${names.slice(0, at + 1).join("/")}`;
    if (path !== "/tmp" && path !== "/dev") template.perform(caller, "mkdir", [path, 0o777]);
  }
}

/** Runs the steps on both sides; the first difference, or undefined. */
function difference(steps: readonly Step[]): string | undefined {
  const disk = template.clone();
  const caller = testCaller(disk);
  caller.uid = uid;
  caller.gid = gid;
  caller.umask = 0;
  disk.changeDirectory(caller, base);
  process.chdir(base);
  const inodes = new Map<number, number>();
  let found: string | undefined;
  for (const [at, [op, ...args]] of steps.entries()) {
    if (op === "become") {
      become(Number(args[0]));
      caller.uid = Number(args[0]);
      caller.gid = caller.uid;
      continue;
    }
    // The kernel checks `access` for the user who started the process, not for the one it has become.
    if (op === "access" && caller.uid !== uid) continue;
    const simulated =
      op === "chdir"
        ? simulate(() => disk.changeDirectory(caller, String(args[0])))
        : simulate(() => disk.perform(caller, op, args as never));
    caller.footprint.take();
    const real =
      op === "chdir" ? reallyChangeDirectory(String(args[0])) : performReally(op, onRealDescriptors(op, args));
    const left = shown(op, simulated, 0, inodes, "simulated");
    const right = shown(op, real, descriptorOffset, inodes, "real");
    if (left !== right) {
      found = `step ${at + 1}, ${op}: simulated ${left}, real ${right}`;
      break;
    }
  }
  for (const fd of caller.files.numbers()) closeIfOpen(fd + descriptorOffset);
  for (let fd = 0; found !== undefined && fd < 20; fd++) closeIfOpen(firstRealDescriptor + fd);
  if (uid === 0) become(0);
  process.chdir(top);
  // Only through `..` can more have been changed than what is in the base.
  const changed = JSON.stringify(steps).includes("..") ? `${top}/1` : base;
  const real = dumpAndClear(changed);
  if (changed === base) rmdirSync(base);
  mkdirSync(base, { recursive: true });
  if (found !== undefined) return found;
  const simulated = disk.dump().filter(({ path }) => path === changed || path.startsWith(`${changed}/`));
  const left = treeText(simulated);
  const right = treeText(real);
  return left === right ? undefined : `the trees differ: simulated\n${left}\nreal\n${right}`;
}

function treeText(dump: readonly DumpedInode[]): string {
  const first = dump[0]?.same ?? 0;
  const line = ({ path, type, mode, nlink, uid, gid, same, content, target }: DumpedInode): string =>
    [path, type, mode, nlink, uid, gid, same - first, content, target].join(" ");
  return dump.map(line).join("\n");
}

function simulate(perform: () => unknown): unknown {
  try {
    return perform();
  } catch (error) {
    if (error instanceof SystemFault) return error;
    throw error;
  }
}

function reallyChangeDirectory(path: string): unknown {
  try {
    return process.chdir(path);
  } catch (error) {
    return error;
  }
}

/** Files are then made and checked under this user and group. */
function become(user: number): void {
  process.seteuid?.(0);
  process.setegid?.(user);
  process.seteuid?.(user);
}

function closeIfOpen(fd: number): void {
  try {
    closeSync(fd);
  } catch {}
}

const ON_DESCRIPTORS = new Set([
  "close",
  "read",
  "write",
  "ftruncate",
  "fsync",
  "fdatasync",
  "fstat",
  "fchmod",
  "fchown",
  "futimes",
]);

function onRealDescriptors(op: string, args: readonly unknown[]): readonly unknown[] {
  return ON_DESCRIPTORS.has(op) ? [Number(args[0]) + descriptorOffset, ...args.slice(1)] : args;
}

/** A result or an error in a form in which both sides can be compared. */
function shown(op: string, result: unknown, offset: number, inodes: Map<number, number>, side: string): string {
  if (result instanceof SystemFault) return result.code;
  if (result instanceof Error) return (result as NodeJS.ErrnoException).code ?? String(result);
  if (result === undefined) return "done";
  if (op === "open") return `descriptor ${Number(result) - offset}`;
  if (result instanceof Uint8Array) return `bytes ${Buffer.from(result).toString("latin1")}`;
  if (op === "readdir")
    return (result as (string | { name: string })[])
      .map((entry) => (typeof entry === "string" ? entry : entry.name))
      .join();
  if (op.endsWith("stat")) return shownStat(result as Stats, inodes, side);
  return String(result);
}

function shownStat(stats: Stats, inodes: Map<number, number>, side: string): string {
  const { mode, nlink, uid, gid, mtimeMs } = stats;
  const isDirectory = (mode & 0o170000) === 0o040000;
  const size = isDirectory ? "any" : stats.size;
  // The simulated side comes first and tells which inode it is; the real side must then agree for good.
  const mtime = mtimeMs < SET_BY_HAND_BEFORE_MS ? mtimeMs : "now";
  if (side === "simulated") inodes.set(-1, stats.ino);
  else if (inodes.has(stats.ino) && inodes.get(stats.ino) !== inodes.get(-1)) return "another inode";
  else inodes.set(stats.ino, inodes.get(-1) ?? 0);
  return JSON.stringify({ mode, nlink, uid, gid, size, mtime });
}

function randomSteps(seed: number): Step[] {
  const dice = new Dice(seed);
  // Descriptors are guessed among the lowest, so that most are open and some are not.
  const path = () => randomPath(dice, base);
  const fd = () => FIRST_SIMULATED_DESCRIPTOR + dice.oneOf([0, 0, 0, 1, 1, 2]);
  const steps: Step[] = randomGround(dice, base);
  // Seldom, because becoming another is slow.
  const mixesUsers = uid === 0 && dice.roll(50) === 0;
  const count = 2 + dice.roll(8);
  for (let at = 0; at < count; at++) {
    if (mixesUsers && dice.roll(2) === 0) steps.push(["become", dice.oneOf([0, 1000, 1000, 1001])]);
    steps.push(dice.roll(30) === 0 ? ["chdir", randomPath(dice, base)] : randomCall(dice, path, fd));
  }
  return steps;
}

/** Without the steps that the difference does not need. */
function shrunk(steps: readonly Step[]): readonly Step[] {
  let least = steps;
  for (let at = steps.length - 1; at >= 0; at--) {
    const fewer = least.filter((_, index) => index !== at);
    if (difference(fewer) !== undefined) least = fewer;
  }
  return least;
}

test(`RACE-08 ${SEQUENCES} random call sequences have the same results, errors and trees on the disk and on Linux`, (context) => {
  Error.stackTraceLimit = 0;
  const firstSeed = Number(process.env.HOLDFAST_SEED ?? Date.now() % 1_000_000_000);
  const startedMs = performance.now();
  let calls = 0;
  for (let seed = firstSeed; seed < firstSeed + SEQUENCES; seed++) {
    const steps = randomSteps(seed);
    calls += steps.length;
    if (difference(steps) === undefined) continue;
    const least = shrunk(steps);
    const told = least.map((step) => `  ${JSON.stringify(step).replaceAll(base, "…")}`).join("\n");
    assert.fail(`HOLDFAST_SEED=${seed}\n${told}\n${difference(least)?.replaceAll(base, "…")}`);
  }
  context.diagnostic(`${calls} calls in ${Math.round(performance.now() - startedMs)} ms, from seed ${firstSeed}`);
});
