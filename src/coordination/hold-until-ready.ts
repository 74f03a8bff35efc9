// What arrives before start-up is done is kept, the newest per key, and replayed in order of arrival.

import { assert } from "../errors.ts";

export interface HoldOptions {
  /** Keys kept at the most (default 10,000); beyond it the key that arrived first is dropped and `onDrop` told. */
  readonly limit?: number;
  readonly onDrop?: (key: unknown) => void;
}

/** Holds values until `ready`, then passes them on as they come. The handler never runs before `ready`. */
export class HoldUntilReady<K, V> {
  readonly #handle: (value: V, key: K) => void;
  readonly #limit: number;
  readonly #onDrop: ((key: unknown) => void) | undefined;
  readonly #waiting = new Map<K, V>();
  #passesStraight = false;

  constructor(handle: (value: V, key: K) => void, options: HoldOptions = {}) {
    this.#handle = handle;
    this.#limit = options.limit ?? 10_000;
    this.#onDrop = options.onDrop;
    assert(this.#limit >= 1, "a hold has room for one key");
  }

  /** How many keys are held. */
  get size(): number {
    return this.#waiting.size;
  }

  /** Passes `value` on, or keeps it in place of an older one of its key; the newer takes its place at the end. */
  push(key: K, value: V): void {
    if (this.#passesStraight) {
      this.#handle(value, key);
      return;
    }
    this.#waiting.delete(key);
    this.#waiting.set(key, value);
    if (this.#waiting.size <= this.#limit) return;
    for (const [oldest] of this.#waiting) {
      this.#waiting.delete(oldest);
      this.#onDrop?.(oldest);
      break;
    }
  }

  /**
   * Replays what was held, oldest arrival first; from here on values pass straight through. What is pushed during the
   * replay is passed on after it. A handler that throws stops the replay: the rest stays held, for another `ready`.
   */
  ready(): void {
    this.#passesStraight = false;
    // Ends when the handler pushes no more: a map's iteration reaches what is added on the way.
    for (const [key, value] of this.#waiting) {
      this.#waiting.delete(key);
      this.#handle(value, key);
    }
    this.#passesStraight = true;
  }
}
