// Letting go of what others have to hold. An entry that we are no leader of, and did not make, is removed here when as many of its
// present leaders as there are to be copies have said, in answer to a question of ours, that they hold it; and only if they still
// are its leaders then, and we are none. So it never goes below that number by what we do.
//
// Leaders that are asked also tell of deletes: whoever holds something outside of its segments is not a leader of the delete, and would
// not hear of it otherwise.

import type { Author, EntryId } from "../entries/index.ts";
import { type HoldfastError, toHoldfastError } from "../errors.ts";
import type { Calls } from "./calls.ts";
import { coordinateAt, idAt, type Place } from "./entry-index.ts";
import type { HeldEntries } from "./held-entries.ts";
import type { Holdings } from "./holdings.ts";
import type { Intake } from "./intake.ts";
import type { Point } from "./ring.ts";

/** Entries asked about at once. */
const BATCH = 512;
/** Entries asked about in one round that stay, at the most: the next round goes on with the rest. */
const MAX_ABROAD = 8 * BATCH;

export interface PruneParts {
  readonly self: Author;
  readonly replicas: number;
  readonly holdings: Holdings;
  readonly held: HeldEntries;
  readonly calls: Calls;
  readonly intake: Intake;
  /** Who leads what has this coordinate, as far as their segments count. */
  readonly leadersOf: (coordinate: Point) => ReadonlySet<Author>;
  /** Told of a delete that could not be taken in. */
  readonly onError: (error: HoldfastError) => void;
  /** We are to hold it, or will be when our segments count. */
  readonly isWanted: (coordinate: Point) => boolean;
}

export interface Round {
  /** Entries that were let go, or heard to be deleted. */
  readonly removed: number;
  /** There are some that may go, and whose leaders have not confirmed that they hold them. */
  readonly isLeft: boolean;
  /** Entries that others lead, and that stay. */
  readonly abroad: number;
  /** All of those were asked about in this round or the ones before it, and every leader has answered. */
  readonly isAllAsked: boolean;
}

export class Prune {
  private readonly parts: PruneParts;
  /** Up to where they were asked about. */
  private askedUpTo: Place | undefined;
  constructor(parts: PruneParts) {
    this.parts = parts;
  }

  /** What may go, if its leaders hold it: there are enough of them. */
  candidates(): Place[] {
    const { held, isWanted, leadersOf, replicas } = this.parts;
    return [...held.places("others")].filter((place) => {
      const coordinate = coordinateAt(place);
      return !isWanted(coordinate) && leadersOf(coordinate).size >= replicas;
    });
  }

  /** What others are to hold and stays all the same, because it was made here or they are too few: it may have been deleted by
   *  others. */
  private abroad(): Place[] {
    const { held, isWanted, leadersOf, self, replicas } = this.parts;
    const stays =
      (isOwn: boolean) =>
      (place: Place): boolean => {
        const coordinate = coordinateAt(place);
        if (isWanted(coordinate)) return false;
        const leaders = leadersOf(coordinate);
        return (isOwn || leaders.size < replicas) && [...leaders].some((leader) => leader !== self);
      };
    return [...held.places("own")].filter(stays(true)).concat([...held.places("others")].filter(stays(false)));
  }

  /** Asks about all that may go, and about a part of what stays. */
  async run(signal: AbortSignal): Promise<Round> {
    let removed = 0;
    const abroad = this.abroad();
    const from = this.askedUpTo === undefined ? 0 : abroad.indexOf(this.askedUpTo) + 1;
    const staying = abroad.slice(from, from + MAX_ABROAD);
    const places = [...this.candidates(), ...staying];
    let isAnswered = true;
    for (let at = 0; at < places.length && !signal.aborted; at += BATCH) {
      const some = await this.pruneSome(places.slice(at, at + BATCH));
      removed += some.removed;
      isAnswered &&= some.isAnswered;
    }
    const isAllAsked = isAnswered && from + staying.length >= abroad.length;
    this.askedUpTo = isAllAsked || !isAnswered ? undefined : staying.at(-1);
    return { removed, isLeft: this.candidates().length > 0, abroad: abroad.length, isAllAsked };
  }

  private async pruneSome(places: readonly Place[]): Promise<{ removed: number; isAnswered: boolean }> {
    const { held, holdings, intake, replicas, leadersOf, isWanted } = this.parts;
    const { confirmed, deleted, isAnswered } = await this.askLeaders(places);
    // Between two batches of what comes: what is wanted again by then, or comes again after that, stays.
    const gone = await intake.alone(async () => {
      const going = places.filter((place) => {
        const coordinate = coordinateAt(place);
        const leaders = leadersOf(coordinate);
        const holders = [...(confirmed.get(place) ?? [])].filter((peer) => leaders.has(peer));
        // Guard "prune confirmation": asked, answered, and all still as it was when it was asked.
        return !held.isOwn(place) && holders.length >= replicas && !isWanted(coordinate);
      });
      if (going.length === 0) return 0;
      // Out of the index first: nobody is told any more that it is held here.
      for (const place of going) held.drop(place);
      try {
        await holdings.evict(going.map(idAt));
      } catch (error) {
        // Still here, then: it is held, and may be let go another time.
        for (const place of going) held.noteAgain(idAt(place));
        throw error;
      }
      return going.length;
    });
    return { removed: gone + deleted, isAnswered };
  }

  /** `isAnswered`: every leader has answered, and what it said is deleted has been taken in. */
  private async askLeaders(
    places: readonly Place[],
  ): Promise<{ confirmed: Map<Place, Set<Author>>; deleted: number; isAnswered: boolean }> {
    const { calls, self, leadersOf, onError } = this.parts;
    const byLeader = new Map<Author, Place[]>();
    for (const place of places) {
      for (const leader of leadersOf(coordinateAt(place))) {
        if (leader === self) continue;
        const theirs = byLeader.get(leader);
        if (theirs === undefined) byLeader.set(leader, [place]);
        else theirs.push(place);
      }
    }
    const confirmed = new Map<Place, Set<Author>>();
    let deleted = 0;
    let isAnswered = true;
    await Promise.all(
      [...byLeader].map(async ([leader, theirs]) => {
        const answer = await calls.ask(leader, { call: "hold", places: theirs }).catch(() => undefined);
        if (answer === undefined) {
          isAnswered = false;
          return;
        }
        const asked = new Set(theirs);
        for (const place of answer.places) {
          if (asked.has(place)) confirmed.set(place, (confirmed.get(place) ?? new Set()).add(leader));
        }
        try {
          deleted += await this.takeDeletes(leader, answer.gone as EntryId[]);
        } catch (error) {
          isAnswered = false;
          onError(toHoldfastError(error));
        }
      }),
    );
    return { confirmed, deleted, isAnswered };
  }

  private async takeDeletes(leader: Author, ids: readonly EntryId[]): Promise<number> {
    const { calls, held, intake } = this.parts;
    const missing = ids.filter((id) => !held.hasId(id)).slice(0, BATCH);
    if (missing.length === 0) return 0;
    const { entries } = await calls.ask(leader, { call: "entries", ids: missing });
    const { taken, failed } = await intake.take(leader, entries);
    if (failed[0] !== undefined) throw failed[0];
    return taken.length;
  }
}
