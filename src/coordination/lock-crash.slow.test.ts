// The lock with its process killed right before each of its file system calls in turn.

import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { acquireLock, readLock } from "./index.ts";
import { parseRecord, thisProcess } from "./owner.ts";
import { LockProcess, TempDir } from "./testing/processes.ts";

const MOST_CALLS = 40;

/** Every published generation and every ticket is a whole record. */
function assertRecordsWhole(lock: string): void {
  for (const dir of [lock, `${lock}/waiting`]) {
    let names: string[] = [];
    try {
      names = readdirSync(dir);
    } catch {
      // nobody waits
    }
    for (const name of names.filter((name) => /^\d+(\.\w+\.released)?$/.test(name) || dir !== lock)) {
      assert.notEqual(parseRecord(readFileSync(`${dir}/${name}`, "utf8")), undefined, `${name} is a whole record`);
    }
  }
}

/** Kills `command` before its 1st, 2nd, ... call until it survives; after each death the next comer must get in unaided. */
async function crashEverywhere(
  command: string,
  prepare: (lock: string) => Promise<{ before: number; release: () => Promise<void> }>,
  options: { readonly holdMs: number; readonly rounds?: number } = { holdMs: 120 },
): Promise<number> {
  for (let crashAt = 1; crashAt <= MOST_CALLS; crashAt += 1) {
    using dir = new TempDir();
    const lock = dir.at("lock");
    const { before, release } = await prepare(lock);
    await using victim = new LockProcess(command, lock, { crashAt, leaseMs: 120, timeoutMs: 200, ...options });
    await victim.exit();
    assertRecordsWhole(lock);
    await release();
    const ended = victim.child.signalCode;
    const next = await acquireLock(lock, { timeoutMs: 300 });
    assert.ok(next.generation > before, `generation rises (call ${crashAt})`);
    await next.release();
    await (await acquireLock(lock, { timeoutMs: 0 })).release();
    assert.equal(readLock(lock).state, "free");
    assert.equal(readdirSync(lock).length, 2, `debris: ${readdirSync(lock)}`);
    if (ended === null) return crashAt - 1;
  }
  throw new Error(`more than ${MOST_CALLS} calls`);
}

test("STORE-14 killed before any call of acquire, heartbeat and release", async () => {
  const calls = await crashEverywhere("visit", async () => ({ before: 0, release: async () => {} }));
  assert.ok(calls >= 9, `only ${calls} calls were interrupted`);
});

test("STORE-14 killed before any call of a take-over from a dead owner", async () => {
  const calls = await crashEverywhere("visit", async (lock) => {
    const dead = { ...thisProcess(), startTime: "1", scope: "x", holder: "x", leaseMs: 10_000, sinceMs: 0 };
    mkdirSync(lock);
    writeFileSync(`${lock}/1`, JSON.stringify(dead));
    return { before: 1, release: async () => {} };
  });
  assert.ok(calls >= 8, `only ${calls} calls were interrupted`);
});

test("STORE-14 killed before any call of holds that link the record of the one before", async () => {
  const prepare = async () => ({ before: 0, release: async () => {} });
  const once = await crashEverywhere("alternate", prepare, { holdMs: 0, rounds: 1 });
  const thrice = await crashEverywhere("alternate", prepare, { holdMs: 0, rounds: 3 });
  assert.equal(thrice - once, 2 * ["link", "readdir", "unlink", "rename"].length);
});

test("STORE-14 killed before any call of waiting in line", async () => {
  const calls = await crashEverywhere("hold", async (lock) => {
    const held = await acquireLock(lock);
    return { before: held.generation, release: () => held.release() };
  });
  assert.ok(calls >= 8, `only ${calls} calls were interrupted`);
});

test("STORE-14 killed by kill -9 at random moments while others count: no addition lost but the victim's own", async () => {
  using dir = new TempDir();
  writeFileSync(dir.at("number"), "0");
  const counter = new LockProcess("count", dir.at("lock"), { rounds: 150, log: dir.at("number") });
  const victims: Promise<void>[] = [];
  for (let killed = 0; killed < 6; killed += 1) {
    const victim = new LockProcess("visit", dir.at("lock"), { holdMs: 10_000 });
    await new Promise((resolve) => setTimeout(resolve, 60 + killed * 13));
    victims.push(victim.kill());
  }
  await Promise.all([...victims, counter.exit()]);
  assert.equal(readFileSync(dir.at("number"), "utf8"), "150");
});
