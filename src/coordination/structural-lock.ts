// The structural lock: writers to different collections run side by side, whole-store operations run alone.
// docs/store.md ("Writers and structural work") tells the same protocol and cites this file; neither is complete alone.
//
// Writer (`withCollections`):
//   W1. wait until no structural holder is seen
//   W2. take the collection locks, each once, in sorted order (so that opposite orders cannot deadlock)
//   W3. LOOK AGAIN at the structural lock: if a holder has come since W1, release all and go back to W1
//   W4. work, releasing in reverse order
//
// Structural (`alone`):
//   S1. drain: wait out every writer that holds a collection lock now, so that writers are not starved
//   S2. take the structural lock
//   S3. DRAIN AGAIN: wait out every writer that holds a collection lock now
//   S4. work, release
//
// Why both W3 and S3 are needed. A writer takes its lock (W2) and then looks (W3); the structural side takes its lock (S2)
// and then looks (S3). Each publishes before it looks, so of two that overlap at least one sees the other: if W3 came before
// S2, the writer's lock was there before S3 lists the locks, and S3 waits for it; if W3 came after S2, the writer sees the
// holder and goes back. Without S3, a writer that passed W3 between S1 and S2 is run over. Without W3, a writer that took
// its lock after S3's listing is not seen by anybody.
//
// A drain waits for the *generations* it listed, not for a quiet moment: whoever takes a lock after S2 meets W3.

import { createHash } from "node:crypto";
import { join, resolve } from "node:path";
import { HoldfastError } from "../errors.ts";
import { Doorbell } from "./doorbell.ts";
import { fileOf, tellsRelease } from "./generations.ts";
import { acquireLock, type HeldLock, heldHere, runHolding } from "./lock.ts";
import {
  checkLockOptions,
  DEFAULT_LEASE_MS,
  DEFAULT_TIMEOUT_MS,
  type LockOptions,
  lockTimedOut,
  scopeOf,
  throwIfAborted,
} from "./lock-options.ts";
import { forceRelease, lockDirectories, readLock } from "./lock-reports.ts";
import { Silence } from "./silence.ts";

/** Scopes with a meaning of their own; a collection of such a name is locked under `collection:NAME`. */
const RESERVED_SCOPES: ReadonlySet<string> = new Set([
  "structural",
  "sync",
  "daemon",
  "up",
  "hub",
  "catalog",
  "format",
]);
const LONGEST_FILE_NAME = 200;
const LOOKS_EVERY_MS = 50;

/** What a body may ask of the locks it runs under. */
export interface Fence {
  /** Throws `LOCK_LOST` unless every lock is still ours. Call it right before a change becomes visible. */
  assertHeld(): void;
  /** The fencing token of each lock, by scope. */
  readonly generations: ReadonlyMap<string, number>;
}

export type StructuralLockOptions = Omit<LockOptions, "scope">;

/** The scope under which writers of `collection` exclude each other. */
export function scopeOfCollection(collection: string): string {
  return RESERVED_SCOPES.has(collection) || collection.startsWith("collection:")
    ? `collection:${collection}`
    : collection;
}

/** The directory of the lock of `scope`: percent-encoded; over-long scopes stand under their hash. */
export function lockPath(locksDir: string, scope: string): string {
  const encoded = encodeURIComponent(scope).replace(/^\.+/, (dots) => "%2E".repeat(dots.length));
  if (encoded.length <= LONGEST_FILE_NAME) return join(locksDir, encoded);
  return join(locksDir, `~${createHash("sha256").update(scope).digest("hex")}`);
}

/** The structural lock of one store. Stateless: every process makes its own of the same `locksDir`. */
export class StructuralLock {
  readonly #locksDir: string;
  readonly #structural: string;

  constructor(locksDir: string) {
    this.#locksDir = resolve(locksDir);
    this.#structural = lockPath(this.#locksDir, "structural");
  }

  /**
   * Runs `body` as a writer of the collections `names` (in any order, repeats allowed). `timeoutMs` covers the whole wait.
   * Runs inside the caller's own `alone` too. Throws `LOCK_TIMEOUT`, `INTERRUPTED`, `BAD_OPTION`, and `LOCK_REENTERED`
   * inside another `withCollections` of this store: name all collections in one call, or two callers can wait for each other.
   */
  async withCollections<T>(
    names: Iterable<string>,
    options: StructuralLockOptions,
    body: (fence: Fence) => Promise<T> | T,
  ): Promise<T> {
    const runsAlone = this.#refuseNesting("withCollections");
    const scopes = [...new Set([...names].map(scopeOfCollection))].sort();
    const wait = new Wait(options);
    for (;;) {
      if (!runsAlone) await this.#waitForStructuralHolder(wait); // W1
      const locks: HeldLock[] = [];
      try {
        for (const scope of scopes) {
          locks.push(await acquireLock(lockPath(this.#locksDir, scope), wait.optionsFor(scope))); // W2
        }
        // W3. guard: second-look
        if (runsAlone || readLock(this.#structural).state !== "held") {
          return await runHolding(locks, () => body(fenceOf(scopes, locks))); // W4
        }
      } finally {
        for (const lock of locks.reverse()) await lock.release();
      }
    }
  }

  /**
   * Runs `body` while no writer and no other structural work runs in this store. `timeoutMs` covers the whole wait. Throws
   * what `withCollections` throws; `LOCK_REENTERED` inside either kind of work.
   */
  async alone<T>(options: StructuralLockOptions, body: (fence: Fence) => Promise<T> | T): Promise<T> {
    if (this.#refuseNesting("alone")) throw reentered("alone", this.#locksDir);
    const wait = new Wait(options);
    await this.#drain(wait); // S1
    const lock = await acquireLock(this.#structural, wait.optionsFor("structural")); // S2
    try {
      await this.#drain(wait); // S3. guard: second-drain
      return await runHolding([lock], () => body(fenceOf(["structural"], [lock]))); // S4
    } finally {
      await lock.release();
    }
  }

  /** True when the caller runs inside its own `alone`; throws when it runs inside a `withCollections`. */
  #refuseNesting(call: string): boolean {
    const ours = heldHere().filter((lock) => lock.path.startsWith(`${this.#locksDir}/`));
    if (ours.some((lock) => scopeIsCollection(lock.path))) throw reentered(call, this.#locksDir);
    return ours.some((lock) => lock.path === this.#structural);
  }

  async #waitForStructuralHolder(wait: Wait): Promise<void> {
    const state = readLock(this.#structural);
    if (state.state !== "free") await this.#waitOut(this.#structural, state.generation, wait);
  }

  async #drain(wait: Wait): Promise<void> {
    for (const path of lockDirectories(this.#locksDir)) {
      if (path === this.#structural || !scopeIsCollection(path)) continue;
      const state = readLock(path);
      if (state.state !== "free") await this.#waitOut(path, state.generation, wait);
    }
  }

  /**
   * Waits until `generation` of the lock at `path` is over. A dead holder's generation is marked released, so that one
   * which only seemed dead (silent on another host) finds `LOCK_LOST` instead of going on.
   */
  async #waitOut(path: string, generation: number, wait: Wait): Promise<void> {
    const silence = new Silence();
    const bell = new Doorbell(path, tellsRelease);
    try {
      for (;;) {
        const now = readLock(path);
        if (now.state === "free" || now.generation !== generation) return;
        const leaseMs = now.record?.leaseMs ?? wait.leaseMs;
        const isDead =
          now.state === "dead" || (now.isElsewhere && silence.observe(fileOf(path, generation)) >= leaseMs);
        if (isDead) {
          forceRelease(path, generation);
          return;
        }
        wait.throwIfOver(path);
        await bell.wait(Math.min(LOOKS_EVERY_MS, wait.leftMs()), wait.signal);
      }
    } finally {
      bell.close();
    }
  }
}

/** Locks of the store that guard no collection share its directory; a drain must not wait for a running sync. */
function scopeIsCollection(path: string): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1);
  return !RESERVED_SCOPES.has(name);
}

function fenceOf(scopes: readonly string[], locks: readonly HeldLock[]): Fence {
  const generations = new Map(locks.map((lock, index) => [scopes[index] ?? lock.path, lock.generation]));
  return {
    generations,
    assertHeld: () => {
      for (const lock of locks) lock.assertHeld();
    },
  };
}

function reentered(call: string, locksDir: string): HoldfastError {
  return new HoldfastError("LOCK_REENTERED", `${call} was called inside work that holds locks of ${locksDir}`, {
    hint: "Name all collections in one call; whole-store work starts outside of any other work on the store.",
    details: { path: locksDir },
  });
}

/** One time limit over several waits. */
class Wait {
  readonly signal: AbortSignal | undefined;
  readonly leaseMs: number;
  readonly #options: StructuralLockOptions;
  readonly #timeoutMs: number;
  readonly #startedMs = performance.now();

  constructor(options: StructuralLockOptions) {
    this.#options = options;
    this.signal = options.signal;
    this.leaseMs = options.leaseMs ?? DEFAULT_LEASE_MS;
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    checkLockOptions(options);
  }

  leftMs(): number {
    return Math.max(0, this.#timeoutMs - (performance.now() - this.#startedMs));
  }

  optionsFor(scope: string): LockOptions {
    return { ...this.#options, scope, timeoutMs: this.leftMs() };
  }

  throwIfOver(path: string): void {
    throwIfAborted(this.signal, path);
    if (this.leftMs() <= 0)
      throw lockTimedOut(path, scopeOf(path), this.#timeoutMs, performance.now() - this.#startedMs);
  }
}
