// The lock with many real processes at once, where that takes longer.

import assert from "node:assert/strict";
import { test } from "node:test";
import { acquireLock, listLocks } from "./index.ts";
import { contend } from "./testing/contend.ts";
import { LockProcess, TempDir, until } from "./testing/processes.ts";

test("STORE-07 a waiter that has shown no life for a second is passed over, and served once it wakes", async () => {
  using dir = new TempDir();
  const gate = await acquireLock(dir.at("lock"));
  await using stopped = new LockProcess("visit", dir.at("lock"));
  await until(() => listLocks(dir.path).length === 2, "the first waiter");
  await using behind = new LockProcess("visit", dir.at("lock"));
  await until(() => listLocks(dir.path).length === 3, "the second waiter");
  stopped.child.kill("SIGSTOP");
  const openedMs = Date.now();
  await gate.release();
  const ms = Number((await behind.event("visited")).enteredMs) - openedMs;
  assert.ok(ms < 2000, `took ${ms} ms`);
  stopped.child.kill("SIGCONT");
  await stopped.event("visited");
});

test("after the death of a holder the next enters within 250 ms (median of 7)", async () => {
  using dir = new TempDir();
  const times: number[] = [];
  for (let round = 0; round < 7; round += 1) {
    await using holder = new LockProcess("hold", dir.at("lock"));
    await holder.event("held");
    const waiting = acquireLock(dir.at("lock"));
    await until(() => listLocks(dir.path).some((lock) => lock.state === "waiting"), "a waiter");
    const diedMs = performance.now();
    holder.child.kill("SIGKILL");
    await using _lock = await waiting;
    times.push(performance.now() - diedMs);
  }
  times.sort((a, b) => a - b);
  assert.ok((times[3] ?? Number.POSITIVE_INFINITY) <= 250, `times: ${times}`);
  assert.ok((times[6] ?? Number.POSITIVE_INFINITY) <= 2000, `times: ${times}`);
});

test("STORE-12 8 processes find the same dead owner at the same instant: exactly one gets the lock", () => contend(8));
