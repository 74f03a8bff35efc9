// One lane per key: tasks of one key run one after the other, in order of call; tasks of different keys do not wait for
// each other. For "handle the announcements of one peer in order", where two handled at once would both find it new.

/** Lanes of tasks, by key. */
export class SerialByKey<K> {
  readonly #lastByKey = new Map<K, Promise<void>>();

  /** How many lanes have work; an idle lane leaves nothing in memory. */
  get size(): number {
    return this.#lastByKey.size;
  }

  /**
   * Runs `task` when all earlier tasks of `key` have settled, and settles as it does. A task that fails fails its own
   * caller only; the lane goes on. A task that awaits a task of its own key waits for itself: give such work another key.
   */
  run<T>(key: K, task: () => Promise<T> | T): Promise<T> {
    const before = this.#lastByKey.get(key);
    // The first task starts at the next microtask too, so that `run` never calls into the task before it returns.
    const result = (before ?? Promise.resolve()).then(task);
    const settled = result.then(ignore, ignore).then(() => {
      if (this.#lastByKey.get(key) === settled) this.#lastByKey.delete(key);
    });
    this.#lastByKey.set(key, settled);
    return result;
  }

  /** Resolves when the tasks of `key` that were started so far have settled. */
  async idle(key: K): Promise<void> {
    await this.#lastByKey.get(key);
  }
}

function ignore(): void {}
