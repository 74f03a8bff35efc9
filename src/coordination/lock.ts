// The lock: exclusive among tasks, processes and hosts that share a directory.
//
// States of a lock directory (generations.ts has its names):
//   free      no generation, or the highest one is marked released
//   held      the highest generation is not released and its owner lives
//   dead      the highest generation is not released and its owner does not live; as good as free
//
// Steps of acquire:
//   1. look: list the directory, take the highest generation g; go on only if it is free or dead, and nobody waits ahead
//   2. prepare: write a complete record under a name nobody looks at
//   (1 and 2 need not be done anew by who gave the lock back itself just now: finished-record.ts)
//   3. publish: hard-link it as g+1, which creates or fails. EEXIST: somebody was first; start again
//   4. look again: a generation above g+1 means that step 1 read a stale listing (g+1 had been used, given back and swept
//      in between); withdraw and start again
//   5. sweep what speaks of lower generations. The highest is never removed, so the count never goes back
// Release is one rename (generations.ts says why). A crash between any two steps leaves either a name that means nothing,
// or a published generation with a dead owner, which step 1 of the next comer steps over.
//
// The listing is trusted to show every name that exists during the whole call. That holds where one `getdents` covers the
// directory, as on every local Linux file system: it has a handful of names.

import { Doorbell } from "./doorbell.ts";
import { type FinishedRecord, finish, recall } from "./finished-record.ts";
import {
  fileOf,
  hasWaiting,
  look,
  publish,
  readRecord,
  removeQuietly,
  sweepBelow,
  tellsRelease,
  type View,
} from "./generations.ts";
import { HeldLock, heldHere, runHolding } from "./held-lock.ts";
import { type LockOptions, lockTimedOut, throwIfAborted } from "./lock-options.ts";
import { type LockWish, makeWish } from "./lock-wish.ts";
import { judge, type LockRecord } from "./owner.ts";
import { WaitingLine } from "./waiting-line.ts";
import { WaitNotices } from "./waiting-notices.ts";

export { HeldLock } from "./held-lock.ts";

/** How often the first in line looks for a dead owner, and the others for their turn, when no event wakes them. */
const FIRST_LOOKS_EVERY_MS = 50;
const OTHERS_LOOK_EVERY_MS = 200;

/**
 * Runs `body` while holding the lock at `path` (a directory, made when missing) and returns what it returns. The lock is
 * given back when the body returns or throws. Throws `LOCK_TIMEOUT`, `LOCK_REENTERED` when the caller's own async
 * context holds it and has not passed it on, `INTERRUPTED` when `signal` ends the wait, `BAD_OPTION` for impossible numbers;
 * with `hold`, `LOCK_NOT_PASSED` and `LOCK_LOST`.
 */
export async function withLock<T>(
  path: string,
  options: LockOptions,
  body: (lock: HeldLock) => Promise<T> | T,
): Promise<T> {
  const lock = await acquireLock(path, options);
  try {
    return await runHolding([lock], () => body(lock));
  } finally {
    await lock.release();
  }
}

/** Waits for the lock and returns it held. Throws what `withLock` throws. */
export async function acquireLock(path: string, options: LockOptions = {}): Promise<HeldLock> {
  return await acquireAs(path, options, new WaitNotices(options.onWait));
}

/** `acquireLock` as part of a longer wait, whose notices these are. */
export async function acquireAs(path: string, options: LockOptions, notices: WaitNotices): Promise<HeldLock> {
  const wish = makeWish(path, options, heldHere());
  throwIfAborted(wish.signal, wish.path);
  // Nobody waits: no ticket, no watch, no timer. With somebody in line, only the line decides.
  const again = hasWaiting(wish.dir) ? undefined : takeAgain(wish);
  if (again !== undefined) return again;
  const view = look(wish.dir);
  if (!view.hasWaiting && isTakeable(view, wish)) {
    const lock = take(view, wish);
    if (lock !== undefined) return lock;
  }
  return await waitForTurn(wish, notices);
}

/**
 * Takes the lock if it is free or its owner is dead, at once and past whoever waits; otherwise returns the record of its
 * live holder. Never waits, so a silent owner on another host counts as alive.
 */
export function tryAcquireLock(path: string, options: LockOptions = {}): HeldLock | LockRecord {
  const wish = makeWish(path, options, heldHere());
  const again = takeAgain(wish);
  if (again !== undefined) return again;
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const view = look(wish.dir);
    if (isTakeable(view, wish)) {
      const lock = take(view, wish);
      if (lock !== undefined) return lock;
      continue;
    }
    const record = readRecord(fileOf(wish.dir, view.highest));
    if (record === "unreadable") return { ...wish.record, holder: "unknown", pid: 0, host: "unknown" };
    if (record !== "gone") return record;
  }
  throw lockTimedOut(wish.dir, wish.record.scope, 0, 0); // a hundred others were faster: it is in use
}

async function waitForTurn(wish: LockWish, notices: WaitNotices): Promise<HeldLock> {
  const startedMs = performance.now();
  const line = new WaitingLine(wish.dir, wish.record);
  let bell: Doorbell | undefined;
  let awaited = 0;
  try {
    for (;;) {
      throwIfAborted(wish.signal, wish.path);
      wish.claim?.assertHeld(); // no use in waiting on
      const view = look(wish.dir);
      const first = line.isFirst(view.highest); // makes the directory: from here on it can be watched
      if (first && isTakeable(view, wish)) {
        const lock = take(view, wish);
        if (lock !== undefined) return lock;
      }
      const leftMs = wish.timeoutMs - (performance.now() - startedMs);
      if (leftMs <= 0) throw lockTimedOut(wish.dir, wish.record.scope, wish.timeoutMs, wish.timeoutMs - leftMs);
      notices.tell(wish.dir);
      // Each of those ahead takes a generation: it is the release of the last of these that concerns us. Were all woken by each
      // release, they would take the processor from the one whose turn it is. One less, for who holds the lock now may not
      // have left the line yet. Who leaves without a turn is found out by looking.
      awaited = view.highest + Math.max(0, line.ahead - 1);
      if (bell === undefined) {
        bell = new Doorbell(wish.dir, (name) => tellsRelease(name, awaited));
        bell.ring(); // look once more: the release may have come before the watch
      }
      await bell.wait(Math.min(leftMs, first ? FIRST_LOOKS_EVERY_MS : OTHERS_LOOK_EVERY_MS), wish.signal);
    }
  } finally {
    bell?.close();
    line.leave();
  }
}

/** Step 1: may the generation above the highest be taken? */
function isTakeable(view: View, wish: LockWish): boolean {
  if (view.highest === 0 || view.released) return true;
  const file = fileOf(wish.dir, view.highest);
  const owner = readRecord(file);
  if (owner === "gone") return false; // the lock has moved on since the listing
  const verdict = owner === "unreadable" ? "elsewhere" : judge(owner);
  if (verdict !== "elsewhere") return verdict === "dead";
  return wish.silence.observe(file) >= (owner === "unreadable" ? wish.leaseMs : owner.leaseMs);
}

/** Steps 2 to 5. Undefined when somebody else was faster. */
function take(view: View, wish: LockWish): HeldLock | undefined {
  const generation = view.highest + 1;
  const finished = finish(wish.dir, generation, { ...wish.record, sinceMs: Date.now() });
  const lock = enter(generation, finished, wish);
  if (lock === undefined) removeQuietly(finished.file);
  return lock;
}

/** Steps 3 to 5, with what this process remembers of its last hold in place of 1 and 2. The mark of that hold is never removed
 *  here: should whoever was first find its disk full (`createWithoutLink`), the lock is still free. */
function takeAgain(wish: LockWish): HeldLock | undefined {
  const last = recall(wish.dir, wish.record);
  return last === undefined ? undefined : enter(last.generation + 1, last.finished, wish);
}

/** Steps 3 to 5. */
function enter(generation: number, finished: FinishedRecord, wish: LockWish): HeldLock | undefined {
  if (!publish(wish.dir, generation, finished.file)) return undefined;
  const again = look(wish.dir);
  // guard: stale-listing
  if (again.highest > generation) {
    removeQuietly(fileOf(wish.dir, generation));
    return undefined;
  }
  sweepBelow(wish.dir, again, generation, finished.file); // guard: highest-stays
  const lock = new HeldLock(wish, generation, finished);
  try {
    wish.claim?.assertHeld(); // it may have ended while we took what is within it
  } catch (error) {
    lock.release();
    throw error;
  }
  return lock;
}
