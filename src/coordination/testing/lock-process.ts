// A process that takes locks, for tests: `node lock-process.ts COMMAND PATH [JSON]`. It prints one JSON line per event and
// obeys one word per line on stdin. Not part of the package's exports.
//
// Options (JSON): `machineId` makes the process believe it runs on another host; `wallClockOffsetMs` sets its wall clock off;
// `crashAt: n` kills it with SIGKILL right before its n-th file system call under PATH; `staleFirstLook` lets other processes
// take and give back the lock between its first listing of PATH and what it does next.

import { spawnSync } from "node:child_process";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { createInterface } from "node:readline";
import type { Fence } from "../index.ts";

interface Options {
  readonly leaseMs?: number;
  readonly timeoutMs?: number;
  readonly machineId?: string;
  readonly wallClockOffsetMs?: number;
  readonly crashAt?: number;
  readonly staleFirstLook?: boolean;
  readonly holdMs?: number;
  readonly rounds?: number;
  /** So many at once in this process. */
  readonly tasks?: number;
  readonly startAtMs?: number;
  readonly log?: string;
  readonly hold?: string;
}

const [command = "", path = "", json = "{}"] = process.argv.slice(2);
const options = JSON.parse(json) as Options;

if (options.machineId !== undefined) {
  const real = fs.readFileSync;
  Object.assign(fs, {
    readFileSync: (file: string, ...rest: [never]) =>
      file === "/etc/machine-id" ? options.machineId : real(file, ...rest),
  });
}
if (options.wallClockOffsetMs !== undefined) {
  const [real, offset] = [Date.now, options.wallClockOffsetMs];
  Date.now = () => real() + offset;
}
if (options.crashAt !== undefined) {
  let left = options.crashAt;
  const calls = [
    "readdirSync",
    "writeFileSync",
    "linkSync",
    "unlinkSync",
    "renameSync",
    "mkdirSync",
    "rmdirSync",
  ] as const;
  for (const name of [...calls, "utimesSync", "statSync", "readFileSync"] as const) {
    const real = fs[name] as (...args: unknown[]) => unknown;
    Object.assign(fs, {
      [name]: (...args: unknown[]) => {
        if (String(args[0]).startsWith(path)) {
          left -= 1;
          if (left === 0) process.kill(process.pid, "SIGKILL");
        }
        return real(...args);
      },
    });
  }
}
if (options.staleFirstLook === true) {
  const real = fs.readdirSync as (...args: unknown[]) => unknown;
  let isFirst = true;
  const stale = (...args: unknown[]): unknown => {
    let names: unknown = [];
    try {
      names = real(...args);
    } catch {
      // not there yet: an empty listing
    }
    if (!isFirst || args[0] !== path) return names;
    isFirst = false;
    // The third of them ends while it holds the lock.
    for (const holdMs of [0, 0, -1])
      spawnSync(process.execPath, [process.argv[1] ?? "", "pass", path, `{"holdMs":${holdMs}}`]);
    return names;
  };
  Object.assign(fs, { readdirSync: stale });
}
syncBuiltinESMExports();

// Loaded only now: the module binds the calls replaced above.
const { acquireLock, tryAcquireLock, withLock, HeldLock, StructuralLock } = await import("../index.ts");

process.on("uncaughtException", (error: Error & { code?: string }) => {
  say("failed", { code: error.code, message: error.message });
  process.exit(1);
});

function say(event: string, more: object = {}): void {
  fs.writeSync(1, `${JSON.stringify({ event, ...more })}\n`);
}

const lockOptions = {
  ...(options.leaseMs === undefined ? {} : { leaseMs: options.leaseMs }),
  ...(options.timeoutMs === undefined ? {} : { timeoutMs: options.timeoutMs }),
  ...(options.hold === undefined ? {} : { hold: options.hold }),
};

if (command === "hold") {
  const lock = await acquireLock(path, { ...lockOptions, onLost: (error) => say("lost", { code: error.code }) });
  say("held", { generation: lock.generation });
  for await (const word of createInterface({ input: process.stdin })) {
    if (word === "check") {
      try {
        lock.assertHeld();
        say("ok");
      } catch (error) {
        say("refused", { code: (error as { code: string }).code });
      }
    } else {
      await lock.release();
      say("released");
      break;
    }
  }
} else if (command === "write" || command === "alone") {
  // Writes to the collection `c` of the store at PATH, or does structural work on it, obeying "check" and any other word.
  const store = new StructuralLock(path);
  const body = async (fence: Fence): Promise<void> => {
    say("in", { hold: fence.passOn(), generations: [...fence.generations] });
    for await (const word of createInterface({ input: process.stdin })) {
      if (word !== "check") break;
      try {
        fence.assertHeld();
        say("ok");
      } catch (error) {
        say("refused", { code: (error as { code: string }).code });
      }
    }
  };
  await (command === "write" ? store.withCollections(["c"], lockOptions, body) : store.alone(lockOptions, body));
  say("out");
} else if (command === "pass") {
  const lock = await acquireLock(path, lockOptions);
  if (options.holdMs !== -1) await lock.release();
  process.exit();
} else if (command === "visit") {
  // Enters once, stays for holdMs, and writes its name into the log while inside.
  await withLock(path, lockOptions, async () => {
    const enteredMs = Date.now();
    await new Promise((resolve) => setTimeout(resolve, options.holdMs ?? 0));
    if (options.log !== undefined) fs.appendFileSync(options.log, `${process.pid}\n`);
    say("visited", { enteredMs, leftMs: Date.now() });
  });
} else if (command === "alternate") {
  // Enters `rounds` times, stays for holdMs each time, and tells how long all of that took.
  const startedMs = performance.now();
  for (let round = 0; round < (options.rounds ?? 0); round += 1) {
    await withLock(path, lockOptions, () => new Promise((resolve) => setTimeout(resolve, options.holdMs ?? 0)));
  }
  say("alternated", { ms: performance.now() - startedMs });
} else if (command === "count") {
  // Adds one to the number in the log file, `rounds` times; without exclusion, additions are lost.
  const file = options.log ?? "";
  const count = async (): Promise<void> => {
    for (let round = 0; round < (options.rounds ?? 0); round += 1) {
      await withLock(path, lockOptions, async () => {
        const before = Number(fs.readFileSync(file, "utf8"));
        await new Promise((resolve) => setImmediate(resolve));
        fs.writeFileSync(file, String(before + 1));
      });
    }
  };
  await Promise.all(Array.from({ length: options.tasks ?? 1 }, count));
} else if (command === "try") {
  // Tries the lock PATH/<round> once in each round, all processes at the same instant, and keeps what it gets.
  for (let round = 0; round < (options.rounds ?? 0); round += 1) {
    const atMs = (options.startAtMs ?? 0) + round * 5;
    while (Date.now() < atMs) {} // busy: the closer together, the better the race
    const got = tryAcquireLock(`${path}/${round}`, lockOptions);
    if (got instanceof HeldLock) say("won", { round, generation: got.generation });
  }
  say("done");
  for await (const _ of createInterface({ input: process.stdin })) break;
}
