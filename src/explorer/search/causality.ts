// Which events of a run happened before which: the order that every equivalent run keeps.
//
// An event comes after the one that brought its item about, after the one before it in its process, and after every
// earlier one whose footprint meets its own; and a timer comes after what could not wait for it. The relation is kept as one bit set a position, closed under transitivity.

import { meet, type Touched } from "../footprint.ts";
import type { Item } from "./system.ts";

export interface Happened {
  readonly item: Item;
  readonly touched: Touched;
}

export class Causality {
  readonly #before: Int32Array[] = [];

  /** Whether the event at `earlier` happened before the one at `later`, in every equivalent run. */
  isBefore(earlier: number, later: number): boolean {
    const bits = this.#before[later];
    return bits !== undefined && ((bits[earlier >> 5] ?? 0) & (1 << (earlier & 31))) !== 0;
  }

  /**
   * Enters the event at `position`, the last of `events` that counts. Returns the earlier events that it depends on
   * directly, with no third one between: each is a race unless it brought the item about.
   */
  enter(events: readonly Happened[], position: number): number[] {
    const event = events[position] as Happened;
    const bits = this.#emptied(position);
    const direct: number[] = [];
    for (let at = position - 1; at >= 0; at--) {
      if (((bits[at >> 5] ?? 0) & (1 << (at & 31))) !== 0) continue;
      const other = events[at] as Happened;
      if (at !== event.item.bornAt && !dependent(other, event) && !couldNotWait(other.item, event.item)) continue;
      direct.push(at);
      const theirs = this.#before[at] as Int32Array;
      for (let word = 0; word < theirs.length; word++) bits[word] = (bits[word] ?? 0) | (theirs[word] ?? 0);
      bits[at >> 5] = (bits[at >> 5] ?? 0) | (1 << (at & 31));
    }
    return direct;
  }

  #emptied(position: number): Int32Array {
    const known = this.#before[position];
    if (known !== undefined) return known.fill(0);
    const made = new Int32Array((position >> 5) + 1);
    this.#before[position] = made;
    return made;
  }
}

/** Whether exchanging the two could be seen by anyone. */
export function dependent(a: Happened, b: Happened): boolean {
  return (a.item.process === b.item.process && a.item.process >= 0) || meet(a.touched, b.touched);
}

/** Whether a timer comes after this, however the two would come otherwise. */
export function couldNotWait(item: Item, forTimer: Item): boolean {
  return forTimer.dueMs !== undefined && item.patienceMs !== undefined && item.patienceMs < forTimer.dueMs;
}
