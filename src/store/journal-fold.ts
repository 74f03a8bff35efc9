// What this process has saved by way of a journal and not yet folded into the catalog: kept until there are many, or nothing more
// comes, or somebody asks. Where somebody else is writing in the catalog, no save waits for that: it is tried again later. What is
// kept is bounded by the journal: before that is emptied, all of it is folded in.

import type { EntryId } from "../entries/index.ts";
import type { Catalog, Folded, PlaceInJournal } from "./catalog.ts";
import { foldJournal, foldWhole } from "./fold-journal.ts";
import type { Layout } from "./layout.ts";
import { fillCatalog, isFilled } from "./settle.ts";
import type { VersionRecord } from "./version-record.ts";

/** Versions after which it is done at once. Whoever lists meanwhile reads as many from disk. */
const MANY = 64;
const AGAIN_MS = 50;
/** Then the next save is waited for. */
const MOST_TRIES = 100;

/** What was saved and has no rows yet, by entry: of all collections. */
export type Fresh = Map<EntryId, VersionRecord>;

interface Ahead {
  readonly catalog: Catalog;
  readonly from: Folded;
  end: PlaceInJournal;
  readonly records: VersionRecord[];
}

export class JournalFold {
  private readonly layout: Layout;
  private readonly collection: string;
  private readonly catalog: () => Catalog;
  private readonly fresh: Fresh;
  private ahead: Ahead | undefined;
  /** Where that would begin with what is being saved. */
  private next: Ahead | undefined;
  /** Versions of ours that stand there among those of others, or may. */
  private behind = 0;
  private soon: NodeJS.Immediate | undefined;
  private again: NodeJS.Timeout | undefined;
  private tries = 0;

  /** `catalog` is asked each time: it may be another one by then. */
  constructor(layout: Layout, collection: string, catalog: () => Catalog, fresh: Fresh = new Map()) {
    this.layout = layout;
    this.collection = collection;
    this.catalog = catalog;
    this.fresh = fresh;
  }

  /**
   * Under the lock, before anything is published: something is about to be appended at `before`. Whoever takes the lock away and
   * removes what is published then folds later than this, so what is kept here is passed over. guard: fold-before-publish
   */
  appending(before: PlaceInJournal): void {
    if (this.ahead !== undefined) return;
    const catalog = this.catalog();
    const from = catalog.folded(this.collection);
    // At the beginning of a journal nothing stands that could have been folded.
    const isFolded = from !== undefined && (before.bytes === 0 || isSame(from, before));
    this.next = isFolded && this.behind === 0 ? { catalog, from, end: before, records: [] } : undefined;
  }

  /** `records` are published, and stand in the journal from `before` to `after`. */
  added(before: PlaceInJournal, after: PlaceInJournal, records: readonly VersionRecord[]): void {
    this.ahead ??= this.next;
    this.next = undefined;
    const { ahead } = this;
    if (ahead === undefined || !isSame(ahead.end, before)) {
      this.forgetLonger(before);
      this.addedAmongOthers(records.length);
      return;
    }
    ahead.end = after;
    ahead.records.push(...records);
    for (const record of records) this.fresh.set(record.entry.id, record);
    this.foldSoon();
  }

  /** The same, where others have saved between. */
  addedAmongOthers(versions: number): void {
    this.behind += versions;
    this.foldSoon();
  }

  /** A journal in whose place an older copy was put: what comes next is not what was folded there. */
  private forgetLonger(before: PlaceInJournal): void {
    const catalog = this.catalog();
    const from = catalog.folded(this.collection);
    if (from === undefined || from.journal !== before.journal || from.bytes <= before.bytes) return;
    catalog.fold(this.collection, from, { journal: before.journal, bytes: 0 }, [], []);
  }

  private foldSoon(): void {
    this.tries = 0;
    if ((this.ahead?.records.length ?? 0) + this.behind >= MANY) this.foldIfFree();
    else this.soon ??= setImmediate(() => this.foldIfFree());
  }

  /** What this process has saved has its rows then, or somebody else is about to make them. Needs no lock. True when that was all
   *  there was to do, and it is done. */
  fold(): boolean {
    this.stopWaiting();
    const { ahead, behind } = this;
    if (ahead === undefined && behind === 0) return false;
    const catalog = this.catalog();
    const isFolded =
      ahead === undefined ||
      (ahead.catalog === catalog &&
        catalog.fold(this.collection, ahead.from, ahead.end, ahead.records, []) !== undefined);
    if (!isFolded || behind > 0) foldJournal(this.layout, catalog, this.collection);
    for (const { entry } of ahead?.records ?? []) this.fresh.delete(entry.id);
    this.ahead = undefined;
    this.behind = 0;
    return isFolded && behind === 0;
  }

  /** Unless somebody else is writing in the catalog, or it cannot be written: what is in the journal waits there. */
  foldIfFree(): void {
    this.stopWaiting();
    if (this.ahead === undefined && this.behind === 0) return;
    try {
      this.catalog().withoutWaiting(() => this.fold());
    } catch {
      this.tries += 1;
      if (this.tries < MOST_TRIES) this.again = setTimeout(() => this.foldIfFree(), AGAIN_MS).unref();
    }
  }

  /** For the last time. */
  close(): void {
    this.foldIfFree();
    this.stopWaiting();
  }

  /** Under the lock, under which it was complete before this process saved something: that has its rows then. */
  completeOwn(): void {
    if (!this.fold()) this.complete();
  }

  /** Under the lock: all that stands in the journal has its rows then, whoever saved it. */
  complete(): void {
    this.fold();
    const { layout, collection } = this;
    const catalog = this.catalog();
    if (isFilled(catalog, collection)) foldWhole(layout, catalog, collection);
    else fillCatalog({ layout, catalog }, collection); // guard: fill-before-checkpoint
  }

  private stopWaiting(): void {
    clearImmediate(this.soon);
    clearTimeout(this.again);
    this.soon = undefined;
    this.again = undefined;
  }
}

function isSame(a: PlaceInJournal, b: PlaceInJournal): boolean {
  return a.journal === b.journal && a.bytes === b.bytes;
}
