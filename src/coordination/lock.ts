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
//   3. publish: hard-link it as g+1, which creates or fails. EEXIST: somebody was first; start again
//   4. look again: a generation above g+1 means that step 1 read a stale listing (g+1 had been used, given back and swept
//      in between); withdraw and start again
//   5. sweep what speaks of lower generations. The highest is never removed, so the count never goes back
// Release is one rename (generations.ts says why). A crash between any two steps leaves either a name that means nothing,
// or a published generation with a dead owner, which step 1 of the next comer steps over.
//
// The listing is trusted to show every name that exists during the whole call. That holds where one `getdents` covers the
// directory, as on every local Linux file system: it has a handful of names.

import { AsyncLocalStorage } from "node:async_hooks";
import { utimesSync } from "node:fs";
import { basename, resolve } from "node:path";
import { HoldfastError, systemCode } from "../errors.ts";
import { Doorbell } from "./doorbell.ts";
import {
  fileOf,
  look,
  markReleased,
  prepare,
  publish,
  readRecord,
  removeQuietly,
  sweepBelow,
  tellsRelease,
  type View,
} from "./generations.ts";
import {
  checkLockOptions,
  DEFAULT_LEASE_MS,
  DEFAULT_TIMEOUT_MS,
  type LockOptions,
  lockTimedOut,
  scopeOf,
  throwIfAborted,
} from "./lock-options.ts";
import { judge, type LockRecord, thisProcess } from "./owner.ts";
import { Silence } from "./silence.ts";
import { WaitingLine } from "./waiting-line.ts";

/** How often the first in line looks for a dead owner, and the others for their turn, when no event wakes them. */
const FIRST_LOOKS_EVERY_MS = 50;
const OTHERS_LOOK_EVERY_MS = 200;

/** A lock that is held. `await using` gives it back at the end of the block. */
export class HeldLock implements AsyncDisposable {
  /** The lock directory, absolute. */
  readonly path: string;
  /** The fencing token: higher than that of every earlier holder. */
  readonly generation: number;
  readonly #ready: string;
  #heartbeat: NodeJS.Timeout | undefined;
  #beats = 0;
  #released = false;

  /** Not for callers: `acquireLock` makes these. */
  constructor(path: string, generation: number, ready: string, wish: Wish) {
    this.path = path;
    this.generation = generation;
    this.#ready = ready;
    this.#heartbeat = setInterval(() => this.#beat(wish.onLost), wish.leaseMs / 3);
    this.#heartbeat.unref();
  }

  /** False once `release` was called. Says nothing about a lock lost to others: that is what `assertHeld` looks for. */
  get isReleased(): boolean {
    return this.#released;
  }

  /**
   * Throws `LOCK_LOST` unless this hold is still the lock's state, by looking at the directory now. Call it right before
   * what the lock guards becomes visible; pass `generation` on where the write itself can refuse an older token.
   */
  assertHeld(): void {
    if (this.#released || !this.#isState()) throw this.#lost();
  }

  /** Gives the lock back. Again, or after the lock was lost, it does nothing: a successor's hold is never touched. */
  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    clearInterval(this.#heartbeat);
    markReleased(this.path, this.generation, this.#ready);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  #isState(): boolean {
    const view = look(this.path);
    return view.highest === this.generation && !view.released;
  }

  /** Moves the record's modification time, for those on other hosts. Never creates: a lost lock stays lost. */
  #beat(onLost: LockOptions["onLost"]): void {
    this.#beats += 1;
    try {
      utimesSync(fileOf(this.path, this.generation), this.#beats, this.#beats);
      if (this.#isState()) return;
    } catch (error) {
      if (systemCode(error) !== "ENOENT") return; // for example EIO on a network disk: the next beat may pass
    }
    clearInterval(this.#heartbeat);
    onLost?.(this.#lost());
  }

  #lost(): HoldfastError {
    return new HoldfastError("LOCK_LOST", `lock ${this.path} (generation ${this.generation}) is no longer held`, {
      hint: "Nothing was committed under it; acquire the lock again and start over from what is there now.",
      details: { path: this.path, generation: this.generation },
    });
  }
}

/**
 * Runs `body` while holding the lock at `path` (a directory, made when missing) and returns what it returns. The lock is
 * given back when the body returns or throws. Throws `LOCK_TIMEOUT`, `LOCK_REENTERED` when the caller's own async
 * context holds it, `INTERRUPTED` when `signal` ends the wait, `BAD_OPTION` for impossible numbers.
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
  const wish = makeWish(path, options);
  throwIfAborted(wish.signal, wish.path);
  const view = look(wish.path);
  // Nobody waits: no ticket, no watch, no timer. With somebody in line, only the line decides.
  if (!view.hasWaiting && isTakeable(view, wish)) {
    const lock = take(view, wish);
    if (lock !== undefined) return lock;
  }
  return await waitForTurn(wish);
}

/**
 * Takes the lock if it is free or its owner is dead, at once and past whoever waits; otherwise returns the record of its
 * live holder. Never waits, so a silent owner on another host counts as alive.
 */
export function tryAcquireLock(path: string, options: LockOptions = {}): HeldLock | LockRecord {
  const wish = makeWish(path, options);
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const view = look(wish.path);
    if (isTakeable(view, wish)) {
      const lock = take(view, wish);
      if (lock !== undefined) return lock;
      continue;
    }
    const record = readRecord(fileOf(wish.path, view.highest));
    if (record === "unreadable") return { ...wish.record, holder: "unknown", pid: 0, host: "unknown" };
    if (record !== "gone") return record;
  }
  throw lockTimedOut(wish.path, wish.record.scope, 0, 0); // a hundred others were faster: it is in use
}

const held = new AsyncLocalStorage<readonly HeldLock[]>();

/** Runs `body` in a context that counts as holding `locks`, so that taking them again in there is refused, not a deadlock. */
export function runHolding<T>(locks: readonly HeldLock[], body: () => T): T {
  return held.run([...(held.getStore() ?? []), ...locks], body);
}

/** The locks that the caller's async context holds now. */
export function heldHere(): readonly HeldLock[] {
  return (held.getStore() ?? []).filter((lock) => !lock.isReleased);
}

/** What one caller wants, checked. */
interface Wish {
  readonly path: string;
  readonly timeoutMs: number;
  readonly leaseMs: number;
  readonly signal: AbortSignal | undefined;
  readonly onLost: LockOptions["onLost"];
  readonly record: LockRecord;
  readonly silence: Silence;
}

async function waitForTurn(wish: Wish): Promise<HeldLock> {
  const startedMs = performance.now();
  const line = new WaitingLine(wish.path, wish.record);
  let bell: Doorbell | undefined;
  try {
    for (;;) {
      throwIfAborted(wish.signal, wish.path);
      const view = look(wish.path);
      const first = line.isFirst(view.highest); // makes the directory: from here on it can be watched
      if (first && isTakeable(view, wish)) {
        const lock = take(view, wish);
        if (lock !== undefined) return lock;
      }
      const leftMs = wish.timeoutMs - (performance.now() - startedMs);
      if (leftMs <= 0) throw lockTimedOut(wish.path, wish.record.scope, wish.timeoutMs, wish.timeoutMs - leftMs);
      if (bell === undefined) {
        bell = new Doorbell(wish.path, tellsRelease);
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
function isTakeable(view: View, wish: Wish): boolean {
  if (view.highest === 0 || view.released) return true;
  const file = fileOf(wish.path, view.highest);
  const owner = readRecord(file);
  if (owner === "gone") return false; // the lock has moved on since the listing
  const verdict = owner === "unreadable" ? "elsewhere" : judge(owner);
  if (verdict !== "elsewhere") return verdict === "dead";
  return wish.silence.observe(file) >= (owner === "unreadable" ? wish.leaseMs : owner.leaseMs);
}

/** Steps 2 to 5. Undefined when somebody else was faster. */
function take(view: View, wish: Wish): HeldLock | undefined {
  const generation = view.highest + 1;
  const ready = prepare(wish.path, generation, { ...wish.record, sinceMs: Date.now() });
  if (!publish(wish.path, generation, ready)) {
    removeQuietly(ready);
    return undefined;
  }
  const again = look(wish.path);
  // guard: stale-listing
  if (again.highest > generation) {
    removeQuietly(fileOf(wish.path, generation));
    removeQuietly(ready);
    return undefined;
  }
  sweepBelow(wish.path, again, generation); // guard: highest-stays
  return new HeldLock(wish.path, generation, ready, wish);
}

function makeWish(path: string, options: LockOptions): Wish {
  const { timeoutMs = DEFAULT_TIMEOUT_MS, leaseMs = DEFAULT_LEASE_MS } = options;
  checkLockOptions(options);
  const absolute = resolve(path);
  if (heldHere().some((lock) => lock.path === absolute)) {
    throw new HoldfastError("LOCK_REENTERED", `lock ${absolute} is already held by the caller itself`, {
      hint: "Do the inner work under the lock that is held; waiting for oneself would never end.",
      details: { path: absolute },
    });
  }
  const record: LockRecord = {
    ...thisProcess(),
    scope: options.scope ?? scopeOf(absolute),
    holder: options.holder ?? basename(process.argv[1] ?? process.title),
    leaseMs,
    sinceMs: Date.now(),
  };
  return {
    path: absolute,
    timeoutMs,
    leaseMs,
    signal: options.signal,
    onLost: options.onLost,
    record,
    silence: new Silence(),
  };
}
