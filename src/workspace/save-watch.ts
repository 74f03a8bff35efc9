// What is saved in a workspace's store, by whichever process, as it comes. What comes before somebody wants it is kept.

import { setTimeout as pause } from "node:timers/promises";
import type { Entry } from "../entries/index.ts";
import { type HoldfastError, toHoldfastError } from "../errors.ts";
import type { Store } from "../store/index.ts";
import { watchChanges } from "../store/watch-changes.ts";

/** After the watch has failed, ms. */
const AGAIN_MS = 1_000;

export class SaveWatch {
  /** Resolves when everything that is saved from then on will be told. */
  readonly ready: Promise<void>;
  private readonly ended = new AbortController();
  private readonly done: Promise<void>;
  private kept: Entry[] | undefined = [];
  private onSaved: ((entries: readonly Entry[]) => void) | undefined;

  constructor(store: Store, onError: (error: HoldfastError) => void) {
    const ready = Promise.withResolvers<void>();
    this.ready = ready.promise;
    this.done = this.run(store, onError, ready.resolve);
  }

  /** Tells what was kept, and from now on what comes. */
  tell(onSaved: (entries: readonly Entry[]) => void): void {
    this.onSaved = onSaved;
    const kept = this.kept ?? [];
    this.kept = undefined;
    if (kept.length > 0) onSaved(kept);
  }

  async close(): Promise<void> {
    this.ended.abort();
    await this.done;
  }

  private async run(store: Store, onError: (error: HoldfastError) => void, onReady: () => void): Promise<void> {
    const { signal } = this.ended;
    while (!signal.aborted) {
      try {
        for await (const change of watchChanges(store, { signal, onReady })) {
          const entry = store.catalog.entryById(change.entry);
          if (entry === undefined) continue;
          if (this.kept === undefined) this.onSaved?.([entry]);
          else this.kept.push(entry);
        }
      } catch (error) {
        if (signal.aborted) break;
        onError(toHoldfastError(error));
        await pause(AGAIN_MS, undefined, { signal }).catch(() => {});
      }
    }
    onReady();
  }
}
