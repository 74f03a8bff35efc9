// How long a file has shown no life, by the clock of the one who looks.
//
// An owner on another host proves that it lives by moving the modification time of its record. Its clock and ours may
// differ by years, so the time itself is never read as a time: only *that* it moved counts, and for how long it has not
// is measured by this process's monotonic clock.

import { statSync } from "node:fs";

/** Two looks this far apart or more count as this much silence: whoever did not look cannot say it was silent. */
const MOST_PER_LOOK_MS = 250;

interface Observation {
  readonly mark: number;
  readonly lookedAtMs: number;
  readonly silentMs: number;
}

/** Remembers what it saw of each file between looks. One per waiter; forget it when the wait is over. */
export class Silence {
  readonly #seen = new Map<string, Observation>();

  /** Looks at `file` and returns for how many milliseconds of looking it has not moved (0 at the first look). */
  observe(file: string): number {
    const nowMs = performance.now();
    const mark = statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? -1;
    const last = this.#seen.get(file);
    const silentMs =
      last === undefined || last.mark !== mark
        ? 0
        : last.silentMs + Math.min(nowMs - last.lookedAtMs, MOST_PER_LOOK_MS);
    this.#seen.set(file, { mark, lookedAtMs: nowMs, silentMs });
    return silentMs;
  }

  forget(file: string): void {
    this.#seen.delete(file);
  }
}
