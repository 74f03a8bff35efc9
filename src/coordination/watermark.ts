// A number that only rises. "Dirty" is `latest > pushed`, both watermarks: a late "pushed up to 4" cannot clear what 5 made
// dirty, which is what a flag or a time would do.

import { assert } from "../errors.ts";

/** The highest number reached so far. */
export class Watermark {
  #value: number;

  constructor(value = 0) {
    assert(Number.isSafeInteger(value), "a watermark is an integer");
    this.#value = value;
  }

  get value(): number {
    return this.#value;
  }

  /** Rises to `n` and returns true; a number not above the mark changes nothing and returns false. */
  advanceTo(n: number): boolean {
    assert(Number.isSafeInteger(n), "a watermark is an integer");
    if (n <= this.#value) return false;
    this.#value = n;
    return true;
  }
}
