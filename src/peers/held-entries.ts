// What is here, as the peers compare it: the index of places, and what deletes have taken away for good. A version that a delete
// names is gone even where another peer still has it, and does not come back from there.

import type { EntryId } from "../entries/index.ts";
import { EntryIndex, type Place, placeOf } from "./entry-index.ts";
import type { Held, Holdings } from "./holdings.ts";
import { coordinateOf, type Point } from "./ring.ts";

export class HeldEntries {
  readonly index = new EntryIndex();
  private readonly gone = new Set<EntryId>();
  private readonly holdings: Holdings;
  /** Of what others made, for whoever looks for what to let go. */
  private readonly others = new Set<Place>();

  private constructor(holdings: Holdings) {
    this.holdings = holdings;
  }

  /** Reads what the store has: some hundred thousand a second. */
  static async of(holdings: Holdings): Promise<HeldEntries> {
    const held = new HeldEntries(holdings);
    for await (const slice of holdings.all()) for (const one of slice) held.note(one);
    return held;
  }

  get revision(): number {
    return this.index.revision;
  }

  get count(): number {
    return this.index.count;
  }

  /** Here, or deleted: there is nothing to fetch. */
  isKnown(id: EntryId, coordinate: Point): boolean {
    return this.gone.has(id) || this.index.has(placeOf(coordinate, id));
  }

  has(id: EntryId, coordinate: Point): boolean {
    return this.index.has(placeOf(coordinate, id));
  }

  /** In the store, wherever on the ring it belongs. */
  hasId(id: EntryId): boolean {
    return this.holdings.has(id);
  }

  isGone(id: EntryId): boolean {
    return this.gone.has(id);
  }

  /** Takes note of an entry that is in the store. False when it was known. */
  note({ id, entry }: Held): boolean {
    const coordinate = coordinateOf(entry);
    if (isPlainDelete(entry)) {
      for (const parent of entry.parents) {
        this.gone.add(parent);
        this.drop(placeOf(coordinate, parent));
      }
    }
    if (this.gone.has(id)) return false;
    const place = placeOf(coordinate, id);
    if (!this.index.add(place)) return false;
    if (entry.author !== this.holdings.self) this.others.add(place);
    return true;
  }

  /** It was let go here; others hold it. */
  drop(place: Place): void {
    this.index.remove(place);
    this.others.delete(place);
  }

  /** Places of entries that others made, in no order. */
  placesOfOthers(): Iterable<Place> {
    return this.others;
  }
}

/** A delete of versions, which go; a document's delete is a version of the document. */
export function isPlainDelete({ kind, doc }: Held["entry"]): boolean {
  return kind === "delete" && doc === undefined;
}
