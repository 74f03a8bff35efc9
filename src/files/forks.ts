// Versions of one document that were made at once on machines that meet as peers: somebody has to join them, and one is enough. Two
// that do it at once make two joins, which have to be joined again. So it is up to the machine that made the one of them with
// the lower id; the others wait for a while, each for another one, and then do it themselves.

import type { Author, Entry, EntryId } from "../entries/index.ts";

/** How long another machine is given to join what it made, ms; and up to so much more, drawn anew each time. */
const PATIENCE_MS = 1_500;
const SPREAD_MS = 1_500;
/** Forks remembered at the most; beyond, they are waited for anew. */
const MAX_REMEMBERED = 1_000;

export class Forks {
  /** When each version that is left to others is joined here after all, ms of the monotonic clock. */
  private readonly left = new Map<EntryId, number>();

  /** How long the join of `one` and `other` is still left to others, ms; 0: it is to be made here, now. */
  patienceMs(one: Entry, other: Entry, me: Author): number {
    const first = one.id < other.id ? one : other;
    if (first.author === me) return 0;
    const now = performance.now();
    const due = this.left.get(one.id);
    if (due !== undefined) return Math.max(0, due - now);
    if (this.left.size >= MAX_REMEMBERED) this.left.clear();
    const patienceMs = PATIENCE_MS + Math.random() * SPREAD_MS;
    this.left.set(one.id, now + patienceMs);
    return patienceMs;
  }

  /** It has been joined, here or elsewhere. */
  forget(one: EntryId): void {
    this.left.delete(one);
  }

  /** After how many ms something that was left to others is to be looked at again. */
  nextLookMs(): number | undefined {
    const first = Math.min(...this.left.values());
    return Number.isFinite(first) ? Math.max(10, first - performance.now()) : undefined;
  }
}
