// The catalog: an SQLite index of what lies in data/, so that listing and looking up do not read the disk tree.
//
// It is derived. What is on disk is right; the catalog is rebuilt when it is missing, damaged, from another format, or
// from before the last boot (its writes are not flushed one by one). A writer notes the artifacts it is about to change
// (`pending`) before it changes them and clears the note with the change, so that a crash between disk and catalog
// leaves a note, and the next writer, or any reader, reads those artifacts from disk again.

import { dirname, join } from "node:path";
import { lockPath } from "../coordination/index.ts";
import { type ContentHash, decodeEntry, type Entry, type EntryId, Recent } from "../entries/index.ts";
import { makeTables } from "./catalog-tables.ts";
import { IndexDatabase, type IndexOptions, setAsideDamaged } from "./index-database.ts";
import { savedAt, type VersionRecord } from "./version-record.ts";

/** How long another process may take to make the catalog's tables anew, ms. */
const ANEW_MS = 5_000;
const RECENT_ENTRIES = 4_096;
const [FIRST_SURROGATE, AFTER_SURROGATES, LAST_CODE_POINT] = [0xd800, 0xe000, 0x10ffff];

export interface ArtifactKey {
  readonly collection: string;
  readonly name: string;
}

/** An artifact that somebody is about to change, or died changing. */
export interface Noted extends ArtifactKey {
  readonly note: number;
}

/** One row of `list`: an artifact and its newest version. */
export interface ListedArtifact extends ArtifactKey {
  readonly version: number;
  readonly size: number;
  readonly hash: ContentHash;
  readonly type: string;
  readonly createdAt: string;
  readonly owner: string | null;
  readonly tags: Readonly<Record<string, string>>;
  /** Why the newest version cannot be read, with the path, where that is known; the fields above are then empty. */
  readonly damaged?: string;
}

/** An entry that was made or taken in here, with its place in this copy's order of arrival. */
export interface Arrival {
  readonly arrival: number;
  readonly entry: Entry;
}

interface VersionRow {
  readonly [column: string]: unknown;
  readonly arrival: number;
  readonly collection: string;
  readonly name: string;
  readonly version: number;
  readonly entry: EntryId;
  readonly content_name: string | null;
  readonly content_version: number | null;
  readonly block: Uint8Array;
}

export class Catalog {
  private readonly db: IndexDatabase;
  /** Entries never change, so those read or written lately need no second reading. */
  private readonly recent = new Recent<Entry>(RECENT_ENTRIES);
  private isReadOnly = false;
  /** Changes when the catalog is rebuilt: arrival numbers of different incarnations cannot be compared. */
  readonly incarnation: string;
  private constructor(db: IndexDatabase) {
    this.db = db;
    this.incarnation = this.meta("incarnation") ?? "";
  }

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
    this.isReadOnly = true;
  }

  close(): void {
    this.db[Symbol.dispose]();
  }

  /** True when the file was set aside, and others write to another one. */
  isReplaced(): boolean {
    return !this.isReadOnly && this.db.isReplaced();
  }

  private meta(key: string): string | undefined {
    return this.db.get<{ value: string }>("SELECT value FROM meta WHERE key = ?", key)?.value;
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

  /** False after it was made anew, until it has been filled from disk. */
  isComplete(): boolean {
    return this.meta("complete") === "yes";
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

  /** Artifacts whose newest version on disk may be one that could not be read, and is in no row. */
  damaged(collection?: string): ArtifactKey[] {
    return (JSON.parse(this.meta("damaged") ?? "[]") as [string, string][])
      .map(([collection, name]) => ({ collection, name }))
      .filter((key) => collection === undefined || key.collection === collection);
  }

  newestVersion({ collection, name }: ArtifactKey): number | undefined {
    return this.db.get<{ version: number }>(
      "SELECT version FROM newest WHERE collection = ? AND name = ?",
      collection,
      name,
    )?.version;
  }

  /** Artifacts whose rows may differ from disk: a writer is at work on them, or died at it. */
  pending(collection?: string): Noted[] {
    return collection === undefined
      ? this.db.all<Noted>("SELECT collection, name, note FROM pending")
      : this.db.all<Noted>("SELECT collection, name, note FROM pending WHERE collection = ?", collection);
  }

  /** Changes when another process has written something, or has made the catalog anew. */
  dataVersion(): number {
    return this.isReplaced() ? -1 : this.db.dataVersion();
  }

  has(entry: EntryId): boolean {
    return this.db.get("SELECT 1 FROM versions WHERE entry = ?", entry) !== undefined;
  }

  /** The entry of a row, decoded at most once while it is remembered. */
  private entryOf(row: { readonly entry: EntryId; readonly block: Uint8Array }): Entry {
    const known = this.recent.get(row.entry);
    if (known !== undefined) return known;
    const entry = decodeEntry(row.block);
    this.recent.set(entry.id, entry);
    return entry;
  }

  private recordOf(row: VersionRow): VersionRecord {
    const { content_name: contentName, content_version: contentVersion } = row;
    return {
      version: row.version,
      entry: this.entryOf(row),
      ...(contentName === null || contentVersion === null
        ? {}
        : { contentAt: { name: contentName, version: contentVersion } }),
    };
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

  /** Artifacts whose newest version is not a delete, by collection and name. */
  list(collection: string | undefined, prefix: string): ListedArtifact[] {
    const collections = collection === undefined ? this.collections() : [collection];
    const end = afterAllWith(prefix);
    const rows = collections.flatMap((one) =>
      this.db.all<Omit<ListedArtifact, "tags"> & { tags: string }>(
        `SELECT collection, name, version, size, hash, type, created_at AS createdAt, owner, tags FROM newest
         WHERE collection = ? AND name >= ? ${end === undefined ? "" : "AND name < ?"} AND kind <> 'delete' ORDER BY name`,
        ...(end === undefined ? [one, prefix] : [one, prefix, end]),
      ),
    );
    return rows.map((row) => ({ ...row, tags: JSON.parse(row.tags) as Record<string, string> }));
  }

  /** That have artifacts. Each is one step in the index, however many those are. */
  collections(): string[] {
    const found: string[] = [];
    for (let last = ""; ; last = found.at(-1) as string) {
      const next = this.db.get<{ name: string | null }>(
        "SELECT min(collection) AS name FROM newest WHERE collection > ?",
        last,
      )?.name;
      if (next === null || next === undefined) return found;
      found.push(next);
    }
  }

  /** Every artifact of a collection that has versions here. */
  names(collection: string): string[] {
    const rows = this.db.all<{ name: string }>(
      "SELECT DISTINCT name FROM versions WHERE collection = ? AND version IS NOT NULL",
      collection,
    );
    return rows.map((row) => row.name);
  }

  /** An artifact's versions as they stand here, unread: for comparing. */
  rowsOf({ collection, name }: ArtifactKey): { version: number; entry: string; block: Uint8Array }[] {
    return this.db.all(
      "SELECT version, entry, block FROM versions WHERE collection = ? AND name = ? AND version IS NOT NULL",
      collection,
      name,
    );
  }

  /** What `list` says of an artifact, unread: for comparing. */
  newestRow({ collection, name }: ArtifactKey): Readonly<Record<string, string | number | null>> | undefined {
    return this.db.get(
      "SELECT *, created_at AS createdAt FROM newest WHERE collection = ? AND name = ?",
      collection,
      name,
    );
  }

  /** The version that first held `hash`, if any is still there: where a carried content can be read. */
  contentOf(collection: string, contentHash: ContentHash): VersionRecord | undefined {
    const row = this.db.get<VersionRow>(
      "SELECT * FROM versions WHERE hash = ? AND collection = ? AND version IS NOT NULL ORDER BY arrival LIMIT 1",
      contentHash,
      collection,
    );
    return row === undefined ? undefined : this.recordOf(row);
  }

  /** Contents that more than one version holds, in whatever collections. */
  repeatedContents(): ContentHash[] {
    const rows = this.db.all<{ hash: ContentHash }>(
      "SELECT hash FROM versions WHERE hash IS NOT NULL AND version IS NOT NULL GROUP BY hash HAVING count(*) > 1",
    );
    return rows.map(({ hash }) => hash);
  }

  /** The versions that have this content beside them. */
  holdersOf(contentHash: ContentHash): VersionRecord[] {
    const rows = this.db.all<VersionRow>(
      "SELECT * FROM versions WHERE hash = ? AND version IS NOT NULL ORDER BY arrival",
      contentHash,
    );
    return rows.map((row) => this.recordOf(row));
  }

  /** Versions whose content lies with the artifact `key`, not beside them. */
  referringTo(key: ArtifactKey): VersionRecord[] {
    const rows = this.db.all<VersionRow>(
      "SELECT * FROM versions WHERE collection = ? AND content_name = ? AND version IS NOT NULL",
      key.collection,
      key.name,
    );
    return rows.map((row) => this.recordOf(row));
  }

  /** An entry that arrived here, also one that only deleted. */
  entryById(entry: EntryId): Entry | undefined {
    const known = this.recent.get(entry);
    if (known !== undefined) return known;
    const row = this.db.get<{ block: Uint8Array }>("SELECT block FROM versions WHERE entry = ?", entry);
    return row === undefined ? undefined : this.entryOf({ entry, block: row.block });
  }

  byEntry(entry: EntryId): VersionRecord | undefined {
    const row = this.db.get<VersionRow>("SELECT * FROM versions WHERE entry = ? AND version IS NOT NULL", entry);
    return row === undefined ? undefined : this.recordOf(row);
  }

  /** Entries whose id starts with `prefix`, two at the most: enough to tell an ambiguous prefix. */
  byEntryPrefix(prefix: string): VersionRecord[] {
    const rows = this.db.all<VersionRow>(
      "SELECT * FROM versions WHERE entry >= ? AND entry < ? AND version IS NOT NULL ORDER BY entry LIMIT 2",
      prefix,
      `${prefix}\u{10ffff}`,
    );
    return rows.map((row) => this.recordOf(row));
  }

  /** All versions that were ever at `name`, and all others of the documents that ever were, in order of arrival. */
  history(collection: string, name: string): VersionRecord[] {
    const rows = this.db.all<VersionRow>(
      `SELECT * FROM versions WHERE version IS NOT NULL AND arrival IN (
         SELECT arrival FROM versions WHERE collection = ?1 AND name = ?2
         UNION
         SELECT arrival FROM versions WHERE doc IN (
           SELECT doc FROM versions WHERE collection = ?1 AND doc IS NOT NULL AND (name = ?2 OR from_name = ?2)))
       ORDER BY arrival`,
      collection,
      name,
    );
    return rows.map((row) => this.recordOf(row));
  }

  /** The same, unread. */
  arrivalRows(after: number, limit: number): { arrival: number; version: number | null; entry: EntryId }[] {
    return this.db.all(
      "SELECT arrival, version, entry FROM versions WHERE arrival > ? ORDER BY arrival LIMIT ?",
      after,
      limit,
    );
  }

  /** What arrived after `after`, in order, `limit` at the most. */
  arrivals(after: number, limit: number): Arrival[] {
    const rows = this.db.all<{ arrival: number; entry: EntryId; block: Uint8Array }>(
      "SELECT arrival, entry, block FROM versions WHERE arrival > ? ORDER BY arrival LIMIT ?",
      after,
      limit,
    );
    return rows.map((row) => ({ arrival: row.arrival, entry: this.entryOf(row) }));
  }
}

/** The owner an entry names (tag `owner`), or null. */
export function ownerOf(entry: Entry): string | null {
  return entry.tags.owner ?? null;
}

function lockOf(path: string): IndexOptions["lock"] {
  return { path: lockPath(join(dirname(path), "locks"), "catalog"), scope: "catalog", patienceMs: ANEW_MS };
}

/** The first text after all that begin so, in the order of SQLite (of code points); undefined when there is none. */
function afterAllWith(prefix: string): string | undefined {
  const points = [...prefix].map((char) => char.codePointAt(0) as number);
  for (let last = points.pop(); last !== undefined; last = points.pop()) {
    if (last === LAST_CODE_POINT) continue;
    const next = last + 1 === FIRST_SURROGATE ? AFTER_SURROGATES : last + 1;
    return String.fromCodePoint(...points, next);
  }
  return undefined;
}
