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
//
// A structural holder that passes its hold on (passed-hold.ts) lets others write, and do structural work of their own. Among
// themselves they keep the same protocol one level down: the same collection locks, and in place of the structural lock the
// one within it. Should the holder's hold end while they are at it, W3 finds that, too, and the drains of all others wait
// for their collection locks as for anybody's; what they have not written yet is refused (`LOCK_LOST`).
// A writer that passes its hold on lets others write to its collections, one at a time for each. They look at no structural
// lock: the holder of one waits for the writer.

import { resolve } from "node:path";
import { Doorbell } from "./doorbell.ts";
import { fileOf, tellsRelease } from "./generations.ts";
import { type HeldLock, runHolding } from "./held-lock.ts";
import { acquireAs } from "./lock.ts";
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
import { joinHolds, notCovered } from "./passed-hold.ts";
import { lockPath, STRUCTURAL, scopeIsCollection, scopeOfCollection } from "./scopes.ts";
import { Silence } from "./silence.ts";
import { reentered, type Standing, standingOf } from "./standing.ts";
import { WaitNotices } from "./waiting-notices.ts";

const LOOKS_EVERY_MS = 50;

/** What a body may ask of the locks it runs under. */
export interface Fence {
  /** Throws `LOCK_LOST` unless every lock is still ours. Call it right before a change becomes visible. */
  assertHeld(): void;
  /** The fencing token of each lock, by scope. */
  readonly generations: ReadonlyMap<string, number>;
  /**
   * A text with which others may write under this hold while it lasts, processes of their own too: the option `hold`, or
   * for commands and stores the environment variable `HOLDFAST_HOLD`. It is a secret. Throws `LOCK_LOST`.
   */
  passOn(): string;
}

export type StructuralLockOptions = Omit<LockOptions, "scope">;

/** The structural lock of one store. Stateless: every process makes its own of the same `locksDir`. */
export class StructuralLock {
  readonly #locksDir: string;
  readonly #structural: string;

  constructor(locksDir: string) {
    this.#locksDir = resolve(locksDir);
    this.#structural = lockPath(this.#locksDir, STRUCTURAL);
  }

  /**
   * Runs `body` as a writer of the collections `names` (in any order, repeats allowed). `timeoutMs` covers the whole wait.
   * Runs inside the caller's own `alone` too, and with `hold` under what another holder has passed on. Throws
   * `LOCK_TIMEOUT`, `INTERRUPTED`, `BAD_OPTION`, `LOCK_NOT_PASSED` and `LOCK_LOST` for a hold that is none or over, and
   * `LOCK_REENTERED` inside another `withCollections` of this store that was not passed on: name all collections in one
   * call, or two callers can wait for each other.
   */
  async withCollections<T>(
    names: Iterable<string>,
    options: StructuralLockOptions,
    body: (fence: Fence) => Promise<T> | T,
  ): Promise<T> {
    const scopes = [...new Set([...names].map(scopeOfCollection))].sort();
    const wait = new Wait(options);
    for (;;) {
      const standing = standingOf("withCollections", this.#locksDir, this.#structural, options.hold);
      this.#refuseUncovered(scopes, standing);
      const { above } = standing;
      if (above !== undefined) await this.#waitForStructuralHolder(above, wait); // W1
      const locks: HeldLock[] = [];
      try {
        for (const scope of scopes) locks.push(await this.#acquire(scope, standing, wait)); // W2
        standing.assertHeld(); // guard: hold-looked-at-again
        // W3. guard: second-look
        if (above === undefined || readLock(above).state !== "held") {
          return await runHolding(locks, () => body(fenceOf(scopes, locks, standing))); // W4
        }
      } finally {
        for (const lock of locks.reverse()) await lock.release();
      }
    }
  }

  /**
   * Runs `body` while no writer and no other structural work runs in this store. `timeoutMs` covers the whole wait. Throws
   * what `withCollections` throws; `LOCK_REENTERED` inside either kind of work that was not passed on.
   */
  async alone<T>(options: StructuralLockOptions, body: (fence: Fence) => Promise<T> | T): Promise<T> {
    const standing = standingOf("alone", this.#locksDir, this.#structural, options.hold);
    if (standing.isAlone) throw reentered("alone", this.#locksDir);
    if (standing.collections.size > 0) throw notCovered("whole-store work", [...standing.collections]);
    const wait = new Wait(options);
    await this.#drain(wait); // S1
    const lock = await this.#acquire(STRUCTURAL, standing, wait); // S2
    try {
      await this.#drain(wait); // S3. guard: second-drain
      return await runHolding([lock], () => body(fenceOf([STRUCTURAL], [lock], standing))); // S4
    } finally {
      await lock.release();
    }
  }

  #acquire(scope: string, standing: Standing, wait: Wait): Promise<HeldLock> {
    const path = lockPath(this.#locksDir, scope);
    return acquireAs(path, wait.optionsFor(scope, standing.isUnder(path) ? standing.hold : undefined), wait.notices);
  }

  #refuseUncovered(scopes: readonly string[], { collections }: Standing): void {
    if (collections.size === 0) return;
    const other = scopes.find((scope) => !collections.has(lockPath(this.#locksDir, scope)));
    if (other !== undefined) throw notCovered(other, [...collections]);
  }

  async #waitForStructuralHolder(path: string, wait: Wait): Promise<void> {
    const state = readLock(path);
    if (state.state !== "free") await this.#waitOut(path, state.generation, wait);
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
    const bell = new Doorbell(path, (name) => tellsRelease(name, generation));
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
        wait.notices.tell(path);
        await bell.wait(Math.min(LOOKS_EVERY_MS, wait.leftMs()), wait.signal);
      }
    } finally {
      bell.close();
    }
  }
}

function fenceOf(scopes: readonly string[], locks: readonly HeldLock[], standing: Standing): Fence {
  const generations = new Map(locks.map((lock, index) => [scopes[index] ?? lock.path, lock.generation]));
  return {
    generations,
    assertHeld: () => {
      standing.assertHeld();
      for (const lock of locks) lock.assertHeld();
    },
    passOn: () =>
      joinHolds([...(standing.hold === undefined ? [] : [standing.hold]), ...locks.map((lock) => lock.passOn())]),
  };
}

/** One time limit over several waits. */
class Wait {
  readonly signal: AbortSignal | undefined;
  readonly leaseMs: number;
  readonly notices: WaitNotices;
  readonly #options: StructuralLockOptions;
  readonly #timeoutMs: number;
  readonly #startedMs = performance.now();

  constructor(options: StructuralLockOptions) {
    this.#options = options;
    this.signal = options.signal;
    this.leaseMs = options.leaseMs ?? DEFAULT_LEASE_MS;
    this.#timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    checkLockOptions(options);
    this.notices = new WaitNotices(options.onWait);
  }

  leftMs(): number {
    return Math.max(0, this.#timeoutMs - (performance.now() - this.#startedMs));
  }

  optionsFor(scope: string, hold: string | undefined): LockOptions {
    return { ...this.#options, scope, hold, timeoutMs: this.leftMs() };
  }

  throwIfOver(path: string): void {
    throwIfAborted(this.signal, path);
    if (this.leftMs() <= 0)
      throw lockTimedOut(path, scopeOf(path), this.#timeoutMs, performance.now() - this.#startedMs);
  }
}
