// What is here, as the peers compare it: the index of places, and what deletes have taken away for good. A version that a delete
// names is gone even where another peer still has it, and does not come back from there. Gone is a *place*: a delete that names a
// version of another artifact means nothing of that one.

import type { EntryId } from "../entries/index.ts";
import { EntryIndex, type Place, placeOf } from "./entry-index.ts";
import type { Held, Holdings } from "./holdings.ts";
import { coordinateOf, type Point } from "./ring.ts";

export class HeldEntries {
  readonly index = new EntryIndex();
  /** By place, the delete that took it away. */
  private readonly gone = new Map<Place, EntryId>();
  private readonly holdings: Holdings;
  /** Of what others made, for whoever looks for what to let go; each with its bytes. */
  private readonly others = new Map<Place, number>();
  private readonly own = new Map<Place, number>();
  private heldBytes = 0;

  private constructor(holdings: Holdings) {
    this.holdings = holdings;
  }

  /** Reads what the store has. */
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

  /** Of all that is here, entries and contents. */
  get bytes(): number {
    return this.heldBytes;
  }

  /** Here, or deleted: there is nothing to fetch. */
  isKnown(id: EntryId, coordinate: Point): boolean {
    const place = placeOf(coordinate, id);
    return this.gone.has(place) || this.index.has(place);
  }

  /** Held here: not only still in the store, on its way out. */
  hasId(id: EntryId): boolean {
    const entry = this.holdings.entry(id);
    return entry !== undefined && this.index.has(placeOf(coordinateOf(entry), id));
  }

  isGone(entry: Held["entry"]): boolean {
    return this.gone.has(placeOf(coordinateOf(entry), entry.id));
  }

  /** The delete that took `place` away. */
  deleteOf(place: Place): EntryId | undefined {
    return this.gone.get(place);
  }

  /** Takes note of an entry that is in the store. False when it was known. */
  note({ id, entry }: Held): boolean {
    const coordinate = coordinateOf(entry);
    if (isPlainDelete(entry)) {
      for (const parent of entry.parents) {
        const place = placeOf(coordinate, parent);
        this.gone.set(place, id);
        this.drop(place);
      }
    }
    const place = placeOf(coordinate, id);
    if (this.gone.has(place) || !this.index.add(place)) return false;
    const bytes = entry.block.length + (entry.content?.size ?? 0);
    this.heldBytes += bytes;
    if (entry.author === this.holdings.self) this.own.set(place, bytes);
    else this.others.set(place, bytes);
    return true;
  }

  /** It was let go here; others hold it. */
  drop(place: Place): void {
    this.index.remove(place);
    this.heldBytes -= this.others.get(place) ?? this.own.get(place) ?? 0;
    this.others.delete(place);
    this.own.delete(place);
  }

  isOwn(place: Place): boolean {
    return this.own.has(place);
  }

  /** It was not let go after all. */
  noteAgain(id: EntryId): void {
    const entry = this.holdings.entry(id);
    if (entry !== undefined) this.note({ id, entry });
  }

  /** Places of entries that others made, or that were made here, in no order. */
  places(whose: "others" | "own"): Iterable<Place> {
    return (whose === "others" ? this.others : this.own).keys();
  }
}

/** A delete of versions, which go; a document's delete is a version of the document. */
export function isPlainDelete({ kind, doc }: Held["entry"]): boolean {
  return kind === "delete" && doc === undefined;
}
