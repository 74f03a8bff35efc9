// The catalog: an SQLite index of what lies in data/, so that listing and looking up do not read the disk tree.
//
// It is derived. What is on disk is right; the catalog is rebuilt when it is missing, damaged, from another format, or
// from before the last boot (its writes are not flushed one by one). A writer notes the artifacts it is about to change
// (`pending`) before it changes them and clears the note with the change, so that a crash between disk and catalog
// leaves a note, and the next writer, or any reader, reads those artifacts from disk again. What stands in a journal needs no
// note (fold-journal.ts): the rows of a small save are made a moment later, many at once.

import { dirname, join } from "node:path";
import { lockPath } from "../coordination/index.ts";
import type { Entry, EntryId } from "../entries/index.ts";
import { type ArtifactKey, CatalogReader, type Folded, type PlaceInJournal } from "./catalog-reader.ts";
import { makeTables } from "./catalog-tables.ts";
import { IndexDatabase, type IndexOptions, setAsideDamaged } from "./index-database.ts";
import { savedAt, type VersionRecord } from "./version-record.ts";

/** How long another process may take to make the catalog's tables anew, ms. */
const ANEW_MS = 5_000;

export type { Arrival, ArtifactKey, Folded, ListedArtifact, Noted, PlaceInJournal } from "./catalog-reader.ts";

export class Catalog extends CatalogReader {
  private refusesChanges = false;

  /** Opens or makes the catalog. One that is damaged is set aside and made anew. Throws `DISK_FULL`, `READ_ONLY`,
   *  `NO_PERMISSION`, `DISK_ERROR`, each with the path. */
  static open(path: string, options: Pick<IndexOptions, "check" | "onSetAside"> = {}): Catalog {
    return new Catalog(IndexDatabase.open({ ...options, path, lock: lockOf(path), prepare: makeTables }));
  }

  /** Keeps the catalog at `path`, which was found damaged in use, beside; the next opening makes it anew. */
  static setAside(path: string): string | undefined {
    return setAsideDamaged({ path, lock: lockOf(path) });
  }

  /** From here on every change fails with `READ_ONLY`. */
  refuseChanges(): void {
    this.db.exec("PRAGMA query_only = ON");
    this.refusesChanges = true;
  }

  get isReadOnly(): boolean {
    return this.refusesChanges;
  }

  close(): void {
    this.db[Symbol.dispose]();
  }

  /** True when the file was set aside, and others write to another one. */
  isReplaced(): boolean {
    return !this.isReadOnly && this.db.isReplaced();
  }

  /**
   * Notes, before the disk changes, which artifacts are about to. The note is a number that only grows, and the latest is the
   * one that stands: what is recorded later under an earlier one is of a writer that was overtaken meanwhile.
   */
  begin(keys: Iterable<ArtifactKey>): number {
    return this.db.transaction(() => {
      const note = this.nextNote();
      for (const key of keys) this.setNote(key, note);
      return note;
    });
  }

  private nextNote(): number {
    const note = Number(this.meta("note") ?? 0) + 1;
    this.db.run("INSERT OR REPLACE INTO meta VALUES ('note', ?)", String(note));
    return note;
  }

  private setNote({ collection, name }: ArtifactKey, note: number): void {
    this.db.run("INSERT OR REPLACE INTO pending VALUES (?, ?, ?)", collection, name, note);
  }

  /**
   * Runs `change` and clears the note, if it is still the one that stands; without one, runs it. Else another has been here
   * since, and what the caller knows of the disk may be old: the disk is to be read again. guard: own-note
   */
  private under(key: ArtifactKey, note: number | undefined, change: () => void): void {
    if (note !== undefined) {
      const cleared = this.db.run(
        "DELETE FROM pending WHERE collection = ? AND name = ? AND note = ?",
        key.collection,
        key.name,
        note,
      );
      if (cleared === 0) {
        this.setNote(key, this.nextNote());
        return;
      }
    }
    change();
  }

  /** Records new versions and clears their notes, in one transaction. */
  commit(records: readonly VersionRecord[], note?: number): void {
    const byKey = Map.groupBy(records, ({ entry }) => `${entry.collection}\0${entry.name}`);
    this.db.transaction(() => {
      for (const ofOne of byKey.values()) {
        const { entry } = ofOne[0] as VersionRecord;
        this.under(entry, note, () => {
          for (const record of ofOne) this.insert(record);
        });
      }
    });
  }

  /**
   * Enters what stands in a collection's journal from `from` up to `to`: `records`, and artifacts that are to be read from disk.
   * Undefined, and nothing is entered, when somebody has done so since `from` was read: what the caller knows of the disk may
   * be old. guard: fold-in-turn
   */
  fold(
    collection: string,
    from: Folded | undefined,
    to: PlaceInJournal,
    records: readonly VersionRecord[],
    unsure: Iterable<string>,
  ): Folded | undefined {
    return this.db.transaction(() => {
      if (this.folded(collection)?.turn !== from?.turn) return undefined;
      for (const record of records) this.insert(record);
      for (const name of unsure) this.setNote({ collection, name }, this.nextNote());
      return this.setFolded(collection, { ...to, turn: (from?.turn ?? 0) + 1 });
    });
  }

  /** All that there is has its rows, also what stands in the collection's journal up to `to`. */
  markFilled(collection: string, to: PlaceInJournal): void {
    this.db.transaction(() => this.setFolded(collection, { ...to, turn: (this.folded(collection)?.turn ?? 0) + 1 }));
  }

  private setFolded(collection: string, folded: Folded): Folded {
    const { journal, bytes, turn } = folded;
    this.db.run("INSERT OR REPLACE INTO folded VALUES (?, ?, ?, ?)", collection, journal, bytes, turn);
    return folded;
  }

  /** Runs `work`, of which a transaction fails at once where somebody else is in one. */
  withoutWaiting<T>(work: () => T): T {
    return this.db.withoutWaiting(work);
  }

  /** Records that versions of one artifact went, and the entries that say so. */
  commitDelete(
    key: ArtifactKey,
    versions: readonly number[],
    entries: readonly Entry[],
    newest: VersionRecord | undefined,
    note: number,
  ): void {
    this.recent.clear();
    this.db.transaction(() =>
      this.under(key, note, () => {
        for (const version of versions) {
          this.db.run(
            "DELETE FROM versions WHERE collection = ? AND name = ? AND version = ?",
            key.collection,
            key.name,
            version,
          );
        }
        for (const entry of entries) this.insertRow(entry, null, undefined);
        this.setNewest(key, newest);
      }),
    );
  }

  /** Replaces all that is known of one artifact by what its directory held when `note` was the one that stands. */
  replace(key: ArtifactKey, records: readonly VersionRecord[], deletes: readonly Entry[], note?: number): void {
    this.recent.clear();
    this.db.transaction(() => this.under(key, note, () => this.setAll(key, records, deletes)));
  }

  private setAll(key: ArtifactKey, records: readonly VersionRecord[], deletes: readonly Entry[]): void {
    const kept = new Set(records.map((record) => record.entry.id));
    const rows = this.db.all<{ entry: EntryId; version: number }>(
      "SELECT entry, version FROM versions WHERE collection = ? AND name = ? AND version IS NOT NULL",
      key.collection,
      key.name,
    );
    for (const row of rows) {
      if (!kept.has(row.entry)) this.db.run("DELETE FROM versions WHERE entry = ?", row.entry);
    }
    for (const record of records) this.insert(record);
    for (const entry of deletes) this.insertRow(entry, null, undefined);
    this.setNewest(key, records.at(-1));
  }

  /** Says that the catalog now holds all that is on disk. */
  markComplete(): void {
    this.db.transaction(() => this.db.run("INSERT OR REPLACE INTO meta VALUES ('complete', 'yes')"));
  }

  /** Says of which artifacts the newest version could not be read when the catalog was filled. */
  noteDamaged(keys: readonly ArtifactKey[]): void {
    const pairs = keys.map(({ collection, name }) => [collection, name]);
    this.db.transaction(() => this.db.run("INSERT OR REPLACE INTO meta VALUES ('damaged', ?)", JSON.stringify(pairs)));
  }

  /** Changes when another process has written something, or has made the catalog anew. */
  dataVersion(): number {
    return this.isReplaced() ? -1 : this.db.dataVersion();
  }

  private insert(record: VersionRecord): void {
    this.insertRow(record.entry, record.version, record);
    const { entry } = record;
    const known = this.db.get<{ version: number }>(
      "SELECT version FROM newest WHERE collection = ? AND name = ?",
      entry.collection,
      entry.name,
    );
    if (known === undefined || record.version >= known.version) this.setNewest(entry, record);
  }

  private insertRow(entry: Entry, version: number | null, record: VersionRecord | undefined): void {
    this.recent.set(entry.id, entry);
    const doc = entry.doc === undefined ? null : (entry.doc ?? entry.id);
    this.db.run(
      `INSERT OR IGNORE INTO versions (collection, name, version, entry, kind, doc, from_name, content_name, content_version, hash, block)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
       ON CONFLICT (entry) DO UPDATE SET
         content_name = excluded.content_name, content_version = excluded.content_version, hash = excluded.hash
       WHERE excluded.version = version AND excluded.content_name IS NOT content_name`,
      entry.collection,
      entry.name,
      version,
      entry.id,
      entry.kind,
      doc,
      entry.from ?? null,
      record?.contentAt?.name ?? null,
      record?.contentAt?.version ?? null,
      record?.contentAt === undefined ? (entry.content?.hash ?? null) : null,
      entry.block,
    );
  }

  private setNewest(key: ArtifactKey, record: VersionRecord | undefined): void {
    if (record === undefined) {
      this.db.run("DELETE FROM newest WHERE collection = ? AND name = ?", key.collection, key.name);
      return;
    }
    const { entry, version } = record;
    this.db.run(
      "INSERT OR REPLACE INTO newest VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      key.collection,
      key.name,
      version,
      entry.kind,
      entry.content?.hash ?? null,
      entry.content?.size ?? null,
      entry.content?.type ?? null,
      savedAt(record),
      ownerOf(entry),
      JSON.stringify(entry.tags),
    );
  }
}

/** The owner an entry names (tag `owner`), or null. */
export function ownerOf(entry: Entry): string | null {
  return entry.tags.owner ?? null;
}

function lockOf(path: string): IndexOptions["lock"] {
  return { path: lockPath(join(dirname(path), "locks"), "catalog"), scope: "catalog", patienceMs: ANEW_MS };
}
