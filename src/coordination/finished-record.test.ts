// The record of a hold that is used for the next one, and when it is not. Under the explorer: races/again.race.ts.

import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { acquireLock, type LockOptions, readLock } from "./index.ts";
import { type LockRecord, parseRecord } from "./owner.ts";
import { LockProcess, TempDir, until } from "./testing/processes.ts";

/** Which file the record of `generation` is. */
const inode = (lock: string, generation: number): number => statSync(`${lock}/${generation}`).ino;

/** The wall clock of this process, standing still, so that what is remembered stays fresh. */
class StoppedClock implements Disposable {
  readonly #real = Date.now;
  nowMs = Date.now();
  constructor() {
    Date.now = () => this.nowMs;
  }
  [Symbol.dispose](): void {
    Date.now = this.#real;
  }
}

function recordOf(path: string, generation: number): LockRecord {
  const record = parseRecord(readFileSync(`${path}/${generation}`, "utf8"));
  assert.ok(record !== undefined);
  return record;
}

async function takeAndGiveBack(path: string, options: LockOptions = {}): Promise<number> {
  const lock = await acquireLock(path, { timeoutMs: 0, ...options });
  await lock.release();
  return lock.generation;
}

test("a lock that is taken again at once has the record that it had, and leaves as little behind", async () => {
  using dir = new TempDir();
  using _clock = new StoppedClock();
  const path = dir.at("lock");
  await takeAndGiveBack(path);
  const first = inode(path, 1);
  const lock = await acquireLock(path);
  assert.equal(lock.generation, 2);
  assert.equal(inode(path, 2), first);
  lock.assertHeld();
  assert.equal(readLock(path).state, "held");
  await lock.release();
  assert.equal(readLock(path).state, "free");
  assert.equal(readdirSync(path).length, 2, `${readdirSync(path)}`);
});

for (const afterMs of [0, 100, 101, -1]) {
  const isUsed = afterMs === 0 || afterMs === 100;
  test(`a record is ${isUsed ? "" : "not "}used again ${afterMs} ms later by the wall clock`, async () => {
    using dir = new TempDir();
    using clock = new StoppedClock();
    const path = dir.at("lock");
    await takeAndGiveBack(path);
    const before = inode(path, 1);
    clock.nowMs += afterMs;
    await using lock = await acquireLock(path);
    assert.equal(inode(path, lock.generation) === before, isUsed);
    assert.equal(recordOf(path, lock.generation).sinceMs, isUsed ? clock.nowMs - afterMs : clock.nowMs);
  });
}

test("a record is not used again for a hold that says something else", async () => {
  using dir = new TempDir();
  using _clock = new StoppedClock();
  const path = dir.at("lock");
  for (const options of [
    { holder: "a" },
    { holder: "b" },
    { scope: "x" },
    { scope: "y" },
    { scope: "y", leaseMs: 77 },
  ]) {
    await using lock = await acquireLock(path, options);
    const { holder, scope, leaseMs } = recordOf(path, lock.generation);
    assert.deepEqual({ holder, scope, leaseMs, ...options }, { holder, scope, leaseMs });
  }
});

test("a record whose hold has beaten is not used again: a first beat must look like no other", async () => {
  using dir = new TempDir();
  const path = dir.at("lock");
  using _clock = new StoppedClock();
  const lock = await acquireLock(path, { leaseMs: 30 });
  await until(() => statSync(`${path}/1`).mtimeMs < 1e6, "a beat");
  const before = inode(path, 1);
  await lock.release();
  await using next = await acquireLock(path, { leaseMs: 30 });
  assert.notEqual(inode(path, next.generation), before);
});

test("STORE-13 a lock directory made again by others: their record is never taken for the one that is remembered", async () => {
  using dir = new TempDir();
  using _clock = new StoppedClock();
  const path = dir.at("lock");
  await takeAndGiveBack(path);
  rmSync(path, { recursive: true });
  await using other = new LockProcess("pass", path);
  await other.exit();
  assert.equal(readLock(path).generation, 1);
  await using lock = await acquireLock(path);
  const state = readLock(path);
  assert.deepEqual([lock.generation, state.state === "held" && state.record?.pid], [2, process.pid]);
});

test("where a mark is remembered and others took the lock meanwhile, it is free, held or dead as they have left it", async () => {
  using dir = new TempDir();
  using _clock = new StoppedClock();
  const path = dir.at("lock");
  await takeAndGiveBack(path);
  await using passed = new LockProcess("pass", path);
  await passed.exit();
  assert.equal(await takeAndGiveBack(path), 3);
  await using holder = new LockProcess("hold", path);
  await holder.event("held");
  await assert.rejects(acquireLock(path, { timeoutMs: 0 }), /lock-process.ts, pid/);
  await holder.kill();
  assert.equal(await takeAndGiveBack(path), 5);
  assert.equal(readdirSync(path).length, 2, `${readdirSync(path)}`);
});

test("a mark that is a generation's only one stays, whatever becomes of the attempt to go on from it", async () => {
  using dir = new TempDir();
  using _clock = new StoppedClock();
  const path = dir.at("lock");
  await takeAndGiveBack(path);
  // Another creates 2, where there are no links, and finds the disk full: it takes 2 away again.
  writeFileSync(`${path}/2`, "");
  await assert.rejects(acquireLock(path, { timeoutMs: 0 }));
  renameSync(`${path}/2`, dir.at("gone"));
  assert.equal(readLock(path).state, "free");
  assert.equal(await takeAndGiveBack(path), 2);
});

test("who waits in line is not passed by who gave the lock back and remembers it", async () => {
  using dir = new TempDir();
  using _clock = new StoppedClock();
  const path = dir.at("lock");
  await takeAndGiveBack(path);
  mkdirSync(`${path}/waiting`);
  await using waiter = new LockProcess("visit", path);
  writeFileSync(`${path}/waiting/1.someone`, JSON.stringify({ ...recordOf(path, 1), pid: waiter.pid, startTime: "" }));
  await assert.rejects(acquireLock(path, { timeoutMs: 0 }));
});
