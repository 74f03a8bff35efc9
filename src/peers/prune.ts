// Letting go of what others have to hold. An entry that we are no leader of, and did not make, is removed here when as many of its
// present leaders as there are to be copies have said, in answer to a question of ours, that they hold it; and only if they still
// are its leaders then, and we are none. So it never goes below that number by what we do.

import type { Author, EntryId } from "../entries/index.ts";
import type { Calls } from "./calls.ts";
import { idAt, type Place } from "./entry-index.ts";
import type { HeldEntries } from "./held-entries.ts";
import type { Holdings } from "./holdings.ts";
import type { Point } from "./ring.ts";

/** Entries asked about at once. */
const BATCH = 512;
const COORDINATE_DIGITS = 16;

export interface PruneParts {
  readonly self: Author;
  readonly replicas: number;
  readonly holdings: Holdings;
  readonly held: HeldEntries;
  readonly calls: Calls;
  /** Who leads what has this coordinate, as far as their segments count. */
  readonly leadersOf: (coordinate: Point) => ReadonlySet<Author>;
  /** We are to hold it, or will be when our segments count. */
  readonly isWanted: (coordinate: Point) => boolean;
}

export class Prune {
  private readonly parts: PruneParts;
  constructor(parts: PruneParts) {
    this.parts = parts;
  }

  /** What may go, if its leaders hold it. */
  candidates(): Place[] {
    return [...this.parts.held.placesOfOthers()].filter((place) => !this.parts.isWanted(coordinateAt(place)));
  }

  /** Returns how many entries were let go. */
  async run(signal: AbortSignal): Promise<number> {
    let removed = 0;
    const places = this.candidates();
    for (let at = 0; at < places.length && !signal.aborted; at += BATCH) {
      removed += await this.pruneSome(places.slice(at, at + BATCH));
    }
    return removed;
  }

  private async pruneSome(places: readonly Place[]): Promise<number> {
    const { calls, held, holdings, self, replicas, leadersOf, isWanted } = this.parts;
    const byLeader = new Map<Author, EntryId[]>();
    for (const place of places) {
      for (const leader of leadersOf(coordinateAt(place))) {
        if (leader !== self) byLeader.set(leader, [...(byLeader.get(leader) ?? []), idAt(place)]);
      }
    }
    const confirmed = new Map<EntryId, Set<Author>>();
    await Promise.all(
      [...byLeader].map(async ([leader, ids]) => {
        const answer = await calls.ask(leader, { call: "hold", ids }).catch(() => undefined);
        const asked = new Set(ids);
        for (const id of (answer?.ids ?? []) as EntryId[]) {
          if (asked.has(id)) confirmed.set(id, (confirmed.get(id) ?? new Set()).add(leader));
        }
      }),
    );
    const going = places.filter((place) => {
      const coordinate = coordinateAt(place);
      const leaders = leadersOf(coordinate);
      const holders = [...(confirmed.get(idAt(place)) ?? [])].filter((peer) => leaders.has(peer));
      // Guard "prune confirmation": asked, answered, and all still as it was when it was asked.
      return holders.length >= replicas && !isWanted(coordinate);
    });
    if (going.length === 0) return 0;
    // Out of the index first: nobody is told any more that it is held here.
    for (const place of going) held.drop(place);
    await holdings.evict(going.map(idAt));
    return going.length;
  }
}

function coordinateAt(place: Place): Point {
  return BigInt(`0x${place.slice(0, COORDINATE_DIGITS)}`);
}
