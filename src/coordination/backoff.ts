// How long to wait before the next attempt: a list of delays, the last one repeating, each shortened at random so that
// many who failed together do not come back together.

import { assert } from "../errors.ts";

export interface BackoffOptions {
  /** The delays in order, in milliseconds; the last one repeats. */
  readonly delaysMs?: readonly number[];
  /** How much of a delay is left to chance, 0 to 1 (default 0.5: between half of it and all of it). */
  readonly jitter?: number;
  /** A number from 0 up to 1; for tests. */
  readonly random?: () => number;
}

const DEFAULT_DELAYS_MS: readonly number[] = [100, 200, 500, 1000, 2000, 5000, 10_000];

/** A schedule of delays between attempts. */
export class Backoff {
  readonly #delaysMs: readonly number[];
  readonly #jitter: number;
  readonly #random: () => number;
  #attempts = 0;

  constructor(options: BackoffOptions = {}) {
    this.#delaysMs = options.delaysMs ?? DEFAULT_DELAYS_MS;
    this.#jitter = options.jitter ?? 0.5;
    this.#random = options.random ?? Math.random;
    assert(this.#delaysMs.length > 0 && this.#delaysMs.every((ms) => ms >= 0), "delays are given and not negative");
    assert(this.#jitter >= 0 && this.#jitter <= 1, "jitter is between 0 and 1");
  }

  /** How many delays were given since the beginning or the last `reset`. */
  get attempts(): number {
    return this.#attempts;
  }

  /** The next delay, in milliseconds. */
  next(): number {
    const full = this.#delaysMs[Math.min(this.#attempts, this.#delaysMs.length - 1)];
    assert(full !== undefined, "a delay is given");
    this.#attempts += 1;
    return full * (1 - this.#jitter * this.#random());
  }

  /** After a success: the next delay is the first one again. */
  reset(): void {
    this.#attempts = 0;
  }
}
