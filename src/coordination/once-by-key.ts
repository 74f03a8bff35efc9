// An event per key, once until reset: "this peer has joined" is told once however many paths find it out.

/** Which keys have had their event. */
export class OnceByKey<K> {
  readonly #done = new Set<K>();

  /** True for the first call with `key` since the beginning or its last `reset`; false after that. */
  first(key: K): boolean {
    if (this.#done.has(key)) return false;
    this.#done.add(key);
    return true;
  }

  has(key: K): boolean {
    return this.#done.has(key);
  }

  /** Lets `key` have its event again. True when it had had one: the opposite event ("left") is due, once. */
  reset(key: K): boolean {
    return this.#done.delete(key);
  }

  keys(): IterableIterator<K> {
    return this.#done.keys();
  }
}
