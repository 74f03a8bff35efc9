// A lock that is held: checked, passed on and given back. And which locks the caller's own async context holds.

import { AsyncLocalStorage } from "node:async_hooks";
import { utimesSync } from "node:fs";
import { HoldfastError, systemCode } from "../errors.ts";
import { type FinishedRecord, remember } from "./finished-record.ts";
import { fileOf, look, markReleased, removeQuietly } from "./generations.ts";
import type { LockWish } from "./lock-wish.ts";
import { joinHolds, type PassedOn, passOn } from "./passed-hold.ts";

/** A lock that is held. `await using` gives it back at the end of the block. */
export class HeldLock implements AsyncDisposable {
  /** The lock directory, absolute. */
  readonly path: string;
  /** The fencing token: higher than that of every earlier holder. Under a hold that was passed on, that hold's. */
  readonly generation: number;
  readonly #wish: LockWish;
  /** The generation in the wish's directory. */
  readonly #own: number;
  readonly #finished: FinishedRecord;
  #heartbeat: NodeJS.Timeout | undefined;
  #beats = 0;
  #released = false;
  #passedOn: PassedOn | undefined;

  /** Not for callers: `acquireLock` makes these. */
  constructor(wish: LockWish, generation: number, finished: FinishedRecord) {
    this.path = wish.path;
    this.generation = wish.claim?.generation ?? generation;
    this.#wish = wish;
    this.#own = generation;
    this.#finished = finished;
    this.#heartbeat = setInterval(() => this.#beat(), wish.leaseMs / 3);
    this.#heartbeat.unref();
  }

  /** The directory in which it is held: the lock's own, or one within it under a hold that was passed on. */
  get dir(): string {
    return this.#wish.dir;
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
    this.#wish.claim?.assertHeld();
  }

  /**
   * A text with which others may work under this hold while it lasts, one at a time: the option `hold` of the calls that
   * take locks. It is a secret: give it to whom you let in, by an environment variable or a pipe, not in a command's
   * arguments. Throws `LOCK_LOST`.
   */
  passOn(): string {
    this.assertHeld();
    this.#passedOn ??= passOn(this.path, this.#wish.claim === undefined ? 0 : this.#wish.claim.depth + 1, this.#own);
    return joinHolds([...(this.#wish.hold === undefined ? [] : [this.#wish.hold]), this.#passedOn.text]);
  }

  /** Gives the lock back. Again, or after the lock was lost, it does nothing: a successor's hold is never touched. */
  async release(): Promise<void> {
    if (this.#released) return;
    this.#released = true;
    clearInterval(this.#heartbeat);
    const file = markReleased(this.dir, this.#own, this.#finished.token, this.#finished.file);
    // Not after a beat: the next hold's would have to go on from it, or its first might look like this hold's last.
    if (file !== undefined && this.#beats === 0) remember(this.dir, this.#own, { ...this.#finished, file });
    if (this.#passedOn !== undefined) removeQuietly(this.#passedOn.mark);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.release();
  }

  #isState(): boolean {
    const view = look(this.dir);
    return view.highest === this.#own && !view.released;
  }

  /** Moves the record's modification time, for those on other hosts. Never creates: a lost lock stays lost. */
  #beat(): void {
    this.#beats += 1;
    let error = this.#lost();
    try {
      utimesSync(fileOf(this.dir, this.#own), this.#beats, this.#beats);
      if (this.#isState()) {
        this.#wish.claim?.assertHeld();
        return;
      }
    } catch (failure) {
      if (failure instanceof HoldfastError) error = failure;
      else if (systemCode(failure) !== "ENOENT") return; // for example EIO on a network disk: the next beat may pass
    }
    clearInterval(this.#heartbeat);
    this.#wish.onLost?.(error);
  }

  #lost(): HoldfastError {
    return new HoldfastError("LOCK_LOST", `lock ${this.path} (generation ${this.generation}) is no longer held`, {
      hint: "Nothing was committed under it; acquire the lock again and start over from what is there now.",
      details: { path: this.path, generation: this.generation },
    });
  }
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
