// The inside of a lock, in the races: a directory that cannot be made twice.

import { mkdirSync, rmdirSync } from "node:fs";
import { type HeldLock, tryAcquireLock } from "../lock.ts";

/** Goes in and out again. Throws when somebody else is inside. */
export function goInside(): void {
  mkdirSync("/inside");
  rmdirSync("/inside");
}

/** Takes the lock if it is free, goes inside, and gives it back: as a command does that must not wait. */
export async function tryOnce(path = "/lock"): Promise<void> {
  const lock = tryAcquireLock(path);
  if ("sinceMs" in lock) return;
  goInside();
  await (lock as HeldLock).release();
}
