// Wakes a waiter when its lock is given back: a watch on the lock directory, with a time limit as the fallback.

import { type FSWatcher, watch } from "node:fs";

/** Rings when a name that `tells` accepts appears in `dir`. A ring between two waits is kept for the next one. */
export class Doorbell {
  #watcher: FSWatcher | undefined;
  #rung = false;
  #wake: (() => void) | undefined;

  constructor(dir: string, tells: (name: string | null) => boolean) {
    try {
      this.#watcher = watch(dir, { persistent: false }, (_event, name) => {
        if (tells(name)) this.ring();
      });
      this.#watcher.on("error", () => this.#stopWatching());
    } catch {
      // No watches left, or a file system without them: the time limit of each wait is what remains.
    }
  }

  ring(): void {
    this.#rung = true;
    this.#wake?.();
  }

  /** Resolves at the next ring, after `limitMs`, or when `signal` aborts. */
  async wait(limitMs: number, signal: AbortSignal | undefined): Promise<void> {
    if (!this.#rung && signal?.aborted !== true) {
      await new Promise<void>((resolve) => {
        const done = (): void => {
          clearTimeout(timer);
          signal?.removeEventListener("abort", done);
          this.#wake = undefined;
          resolve();
        };
        const timer = setTimeout(done, limitMs); // keeps the program alive: somebody awaits this
        signal?.addEventListener("abort", done, { once: true });
        this.#wake = done;
      });
    }
    this.#rung = false;
  }

  close(): void {
    this.#stopWatching();
  }

  #stopWatching(): void {
    this.#watcher?.close();
    this.#watcher = undefined;
  }
}
