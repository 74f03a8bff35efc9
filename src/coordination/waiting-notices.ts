// Tells a caller that waits long who it waits for.

import { type LockListing, listingOf, readLock } from "./lock-reports.ts";

const FIRST_AFTER_MS = 1_000;
const EVERY_MS = 1_000;

/** Who is waited for, as `onWait` is told. */
export interface WaitReport extends Pick<LockListing, "scope" | "holder" | "pid" | "host"> {
  /** How long it has held the lock, in milliseconds by wall clocks. */
  readonly ageMs: number;
  /** How long the caller has waited, in milliseconds. */
  readonly forMs: number;
}

/** The notices of one wait, which may be for several locks one after the other: the first after a second, then one a second. */
export class WaitNotices {
  readonly #onWait: ((waiting: WaitReport) => void) | undefined;
  readonly #startedMs: number;
  #nextMs: number;

  constructor(onWait: ((waiting: WaitReport) => void) | undefined) {
    this.#onWait = onWait;
    this.#startedMs = onWait === undefined ? 0 : performance.now();
    this.#nextMs = this.#startedMs + FIRST_AFTER_MS;
  }

  /** Call at every look at the lock in `dir`. */
  tell(dir: string): void {
    if (this.#onWait === undefined) return;
    const nowMs = performance.now();
    if (nowMs < this.#nextMs) return;
    const state = readLock(dir);
    if (state.state === "free") return; // it changes hands: the next look finds who has it
    this.#nextMs = nowMs + EVERY_MS;
    const { scope, holder, pid, host, age_ms } = listingOf(dir, state.generation, state.record, state.state);
    this.#onWait({ scope, holder, pid, host, ageMs: age_ms, forMs: Math.round(nowMs - this.#startedMs) });
  }
}
