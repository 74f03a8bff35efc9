// The inside of a lock, in the races: a directory that cannot be made twice.

import { mkdirSync, rmdirSync } from "node:fs";
import { HeldLock, tryAcquireLock } from "../lock.ts";

/** Goes in and out again. Throws when somebody else is inside. */
export function goInside(): void {
  mkdirSync("/inside");
  rmdirSync("/inside");
}

/** Takes the lock if it is free, goes inside, and gives it back: as a command does that must not wait. */
export async function tryOnce(path = "/lock"): Promise<void> {
  const lock = tryAcquireLock(path);
  if (!(lock instanceof HeldLock)) return;
  goInside();
  await lock.release();
}

/** The same where holders may be killed: what a dead one left inside is for its successor to clear away. */
export async function tryOnceAfterTheDead(): Promise<void> {
  const lock = tryAcquireLock("/lock");
  if (!(lock instanceof HeldLock)) return;
  clearAfterTheDead(lock);
  goInside();
  await lock.release();
}

/** Whoever is inside and lives finds its way out gone. */
export function clearAfterTheDead(lock: HeldLock): void {
  if (lock.generation === 1) return;
  try {
    rmdirSync("/inside");
  } catch {
    // It had left, or had not got so far.
  }
}
