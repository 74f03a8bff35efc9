// Three find the same dead owner at the same moment, and whoever gets the lock keeps it until the others are done: exactly one
// gets it. (dead-owner.race.ts has those that give it back, too many steps for three to be searched whole.)

import assert from "node:assert/strict";
import { mkdirSync, readdirSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { race } from "holdfast/explorer";
import { HeldLock, tryAcquireLock } from "../lock.ts";

/** Longer than anybody is kept from going on, and shorter than the time to the first heartbeat. */
const UNTIL_ALL_ARE_DONE_MS = 2_000;

async function take(): Promise<void> {
  const lock = tryAcquireLock("/lock");
  if (!(lock instanceof HeldLock)) return;
  assert.equal(lock.generation, 2);
  mkdirSync("/inside"); // cannot be made twice
  await pause(UNTIL_ALL_ARE_DONE_MS);
}

export default race({
  setup: () => {
    tryAcquireLock("/lock"); // of a process that is dead
  },
  processes: { a: take, b: take, c: take },
  check: () => assert.ok(readdirSync("/").includes("inside"), "one of them got it"),
});
