// The catalog: an SQLite index of what lies in data/, so that listing and looking up do not read the disk tree.
//
// It is derived. What is on disk is right; the catalog is rebuilt when it is missing, damaged, from another format, or
// from before the last boot (its writes are not flushed one by one). A writer notes the artifacts it is about to change
// (`pending`) before it changes them and clears the note with the change, so that a crash between disk and catalog
// leaves a note, and the next writer, or any reader, reads those artifacts from disk again.

import { readFileSync, rmSync } from "node:fs";
import { hostname } from "node:os";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { type ContentHash, decodeEntry, type Entry, type EntryId } from "../entries/index.ts";
import { withPath } from "../errors.ts";
import { createdAt, type VersionRecord } from "./version-record.ts";

const FORMAT = 1;
const BUSY_TIMEOUT_MS = 20_000;
const MAX_RECENT = 4_096;

export interface ArtifactKey {
  readonly collection: string;
  readonly name: string;
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

const SCHEMA = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE versions (
    arrival INTEGER PRIMARY KEY AUTOINCREMENT,
    collection TEXT NOT NULL, name TEXT NOT NULL, version INTEGER,   -- null: an entry that deleted versions
    entry TEXT NOT NULL UNIQUE, kind TEXT NOT NULL, doc TEXT, from_name TEXT,
    content_name TEXT, content_version INTEGER,
    hash TEXT, block BLOB NOT NULL
  );
  CREATE UNIQUE INDEX versions_by_name ON versions (collection, name, version) WHERE version IS NOT NULL;
  CREATE INDEX versions_by_doc ON versions (doc) WHERE doc IS NOT NULL;
  CREATE INDEX versions_by_hash ON versions (hash) WHERE hash IS NOT NULL;
  CREATE INDEX versions_by_from ON versions (collection, from_name) WHERE from_name IS NOT NULL;
  CREATE TABLE newest (
    collection TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, kind TEXT NOT NULL,
    hash TEXT, size INTEGER, type TEXT, created_at TEXT NOT NULL, owner TEXT, tags TEXT NOT NULL,
    PRIMARY KEY (collection, name)
  ) WITHOUT ROWID;
  CREATE TABLE pending (collection TEXT NOT NULL, name TEXT NOT NULL, PRIMARY KEY (collection, name)) WITHOUT ROWID;
`;

export class Catalog {
  private readonly db: DatabaseSync;
  private readonly path: string;
  private readonly statements = new Map<string, StatementSync>();
  private recent = new Map<EntryId, Entry>();
  private lessRecent = new Map<EntryId, Entry>();
  /** Changes when the catalog is rebuilt: arrival numbers of different incarnations cannot be compared. */
  readonly incarnation: string;
  private constructor(db: DatabaseSync, path: string) {
    this.db = db;
    this.path = path;
    this.incarnation = this.meta("incarnation") ?? "";
  }

  /** Opens or makes the catalog at `path`. A file that is not a sound catalog is replaced. Throws `DISK_FULL`,
   *  `READ_ONLY`, `NO_PERMISSION`, `DISK_ERROR`, each with the path. */
  static open(path: string): Catalog {
    try {
      try {
        return Catalog.openOnce(path);
      } catch (error) {
        if (!isDamage(error)) throw error;
        for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
        return Catalog.openOnce(path);
      }
    } catch (error) {
      throw withPath(error, path);
    }
  }

  private static openOnce(path: string): Catalog {
    const db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    try {
      db.exec(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -8000; PRAGMA wal_autocheckpoint = 4000;",
      );
      const { user_version: version } = db.prepare("PRAGMA user_version").get() as { user_version: number };
      if (version !== FORMAT) Catalog.create(db);
      const boot = bootId();
      const known = db.prepare("SELECT value FROM meta WHERE key = 'boot'").get() as { value: string } | undefined;
      if (known?.value !== boot) {
        Catalog.create(db);
      }
      return new Catalog(db, path);
    } catch (error) {
      db.close();
      throw error;
    }
  }

  private static create(db: DatabaseSync): void {
    db.exec("BEGIN IMMEDIATE");
    try {
      // Another process may have made it while we waited for the lock.
      const { user_version: version } = db.prepare("PRAGMA user_version").get() as { user_version: number };
      const boot = bootId();
      const sound =
        version === FORMAT &&
        (db.prepare("SELECT value FROM meta WHERE key = 'boot'").get() as { value: string } | undefined)?.value ===
          boot;
      if (!sound) {
        const tables = db
          .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
          .all() as { name: string }[];
        for (const { name } of tables) db.exec(`DROP TABLE "${name}"`);
        db.exec(SCHEMA);
        const put = db.prepare("INSERT INTO meta VALUES (?, ?)");
        put.run("boot", boot);
        put.run("incarnation", crypto.randomUUID());
        db.exec(`PRAGMA user_version = ${FORMAT}`);
      }
      db.exec("COMMIT");
    } catch (error) {
      if (db.isTransaction) db.exec("ROLLBACK");
      throw error;
    }
  }

  /** From here on every change fails with `READ_ONLY`. */
  refuseChanges(): void {
    this.db.exec("PRAGMA query_only = ON");
  }

  close(): void {
    this.statements.clear();
    this.db.close();
  }

  private meta(key: string): string | undefined {
    return (this.get("SELECT value FROM meta WHERE key = ?", key) as { value: string } | undefined)?.value;
  }

  private prepare(sql: string): StatementSync {
    let statement = this.statements.get(sql);
    if (statement === undefined) {
      statement = this.db.prepare(sql);
      this.statements.set(sql, statement);
    }
    return statement;
  }
  private get(sql: string, ...values: (string | number | null)[]): unknown {
    return this.prepare(sql).get(...values);
  }

  private transaction<T>(body: () => T): T {
    try {
      this.db.exec("BEGIN IMMEDIATE");
      const result = body();
      this.db.exec("COMMIT");
      return result;
    } catch (error) {
      // A full disk may have made SQLite undo it already.
      if (this.db.isTransaction) this.db.exec("ROLLBACK");
      throw withPath(error, this.path);
    }
  }

  /** Notes, before the disk changes, which artifacts are about to. */
  begin(keys: Iterable<ArtifactKey>): void {
    this.transaction(() => {
      const note = this.prepare("INSERT OR IGNORE INTO pending VALUES (?, ?)");
      for (const { collection, name } of keys) note.run(collection, name);
    });
  }

  /** Records new versions and clears their notes, in one transaction. */
  commit(records: readonly VersionRecord[]): void {
    this.transaction(() => {
      for (const record of records) {
        this.insert(record);
        this.prepare("DELETE FROM pending WHERE collection = ? AND name = ?").run(
          record.entry.collection,
          record.entry.name,
        );
      }
    });
  }

  /** Records that versions of one artifact went, and the entry that says so. */
  commitDelete(
    key: ArtifactKey,
    versions: readonly number[],
    entry: Entry | undefined,
    newest: VersionRecord | undefined,
  ): void {
    this.forget();
    this.transaction(() => {
      for (const version of versions) {
        this.prepare("DELETE FROM versions WHERE collection = ? AND name = ? AND version = ?").run(
          key.collection,
          key.name,
          version,
        );
      }
      if (entry !== undefined) this.insertRow(entry, null, undefined);
      this.setNewest(key, newest);
      this.prepare("DELETE FROM pending WHERE collection = ? AND name = ?").run(key.collection, key.name);
    });
  }

  /** Replaces all that is known of one artifact by what its directory holds. */
  replace(key: ArtifactKey, records: readonly VersionRecord[], deletes: readonly Entry[]): void {
    this.forget();
    this.transaction(() => {
      const kept = new Set(records.map((record) => record.entry.id));
      const rows = this.prepare(
        "SELECT entry, version FROM versions WHERE collection = ? AND name = ? AND version IS NOT NULL",
      ).all(key.collection, key.name) as { entry: EntryId; version: number }[];
      for (const row of rows) {
        if (!kept.has(row.entry)) this.prepare("DELETE FROM versions WHERE entry = ?").run(row.entry);
      }
      for (const record of records) this.insert(record);
      for (const entry of deletes) this.insertRow(entry, null, undefined);
      this.setNewest(key, records.at(-1));
      this.prepare("DELETE FROM pending WHERE collection = ? AND name = ?").run(key.collection, key.name);
    });
  }

  /** False after it was made anew, until it has been filled from disk. */
  isComplete(): boolean {
    return this.meta("complete") === "yes";
  }

  /** Says that the catalog now holds all that is on disk. */
  markComplete(): void {
    this.transaction(() => this.prepare("INSERT OR REPLACE INTO meta VALUES ('complete', 'yes')").run());
  }

  /** Artifacts whose rows may differ from disk: a writer is at work on them, or died at it. */
  pending(collection?: string): ArtifactKey[] {
    const rows =
      collection === undefined
        ? this.prepare("SELECT collection, name FROM pending").all()
        : this.prepare("SELECT collection, name FROM pending WHERE collection = ?").all(collection);
    return rows as unknown as ArtifactKey[];
  }

  /** Changes when another process has written something. */
  dataVersion(): number {
    return (this.get("PRAGMA data_version") as { data_version: number }).data_version;
  }

  has(entry: EntryId): boolean {
    return this.get("SELECT 1 FROM versions WHERE entry = ?", entry) !== undefined;
  }

  /** Entries never change, so those read or written lately need no second reading. Bounded: two generations, the older
   *  is dropped when the younger is full. */
  private remember(entry: Entry): void {
    if (this.recent.size >= MAX_RECENT) {
      this.lessRecent = this.recent;
      this.recent = new Map();
    }
    this.recent.set(entry.id, entry);
  }
  private forget(): void {
    this.recent.clear();
    this.lessRecent.clear();
  }

  /** The entry of a row, decoded at most once while it is remembered. */
  private entryOf(row: { readonly entry: EntryId; readonly block: Uint8Array }): Entry {
    const known = this.recent.get(row.entry) ?? this.lessRecent.get(row.entry);
    if (known !== undefined) return known;
    const entry = decodeEntry(row.block);
    this.remember(entry);
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
    const known = this.get(
      "SELECT version FROM newest WHERE collection = ? AND name = ?",
      entry.collection,
      entry.name,
    ) as { version: number } | undefined;
    if (known === undefined || record.version >= known.version) this.setNewest(entry, record);
  }

  private insertRow(entry: Entry, version: number | null, record: VersionRecord | undefined): void {
    this.remember(entry);
    const doc = entry.doc === undefined ? null : (entry.doc ?? entry.id);
    this.prepare(
      `INSERT OR IGNORE INTO versions (collection, name, version, entry, kind, doc, from_name, content_name, content_version, hash, block)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
    ).run(
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
      this.prepare("DELETE FROM newest WHERE collection = ? AND name = ?").run(key.collection, key.name);
      return;
    }
    const { entry, version } = record;
    this.prepare("INSERT OR REPLACE INTO newest VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)").run(
      key.collection,
      key.name,
      version,
      entry.kind,
      entry.content?.hash ?? null,
      entry.content?.size ?? null,
      entry.content?.type ?? null,
      createdAt(entry),
      ownerOf(entry),
      JSON.stringify(entry.tags),
    );
  }

  /** Artifacts whose newest version is not a delete, by collection and name. */
  list(collection: string | undefined, prefix: string): ListedArtifact[] {
    const rows = this.prepare(
      `SELECT collection, name, version, size, hash, type, created_at AS createdAt, owner, tags FROM newest
       WHERE (? IS NULL OR collection = ?) AND substr(name, 1, length(?)) = ? AND kind <> 'delete'
       ORDER BY collection, name`,
    ).all(collection ?? null, collection ?? null, prefix, prefix) as unknown as (Omit<ListedArtifact, "tags"> & {
      tags: string;
    })[];
    return rows.map((row) => ({ ...row, tags: JSON.parse(row.tags) as Record<string, string> }));
  }

  collections(): string[] {
    return (this.prepare("SELECT DISTINCT collection FROM newest").all() as { collection: string }[]).map(
      (row) => row.collection,
    );
  }

  /** The version that first held `hash`, if any is still there: where a carried content can be read. */
  contentOf(collection: string, contentHash: ContentHash): VersionRecord | undefined {
    const row = this.get(
      "SELECT * FROM versions WHERE hash = ? AND collection = ? AND version IS NOT NULL ORDER BY arrival LIMIT 1",
      contentHash,
      collection,
    ) as VersionRow | undefined;
    return row === undefined ? undefined : this.recordOf(row);
  }

  /** An entry that arrived here, also one that only deleted. */
  entryById(entry: EntryId): Entry | undefined {
    const known = this.recent.get(entry) ?? this.lessRecent.get(entry);
    if (known !== undefined) return known;
    const row = this.get("SELECT block FROM versions WHERE entry = ?", entry) as { block: Uint8Array } | undefined;
    return row === undefined ? undefined : this.entryOf({ entry, block: row.block });
  }

  byEntry(entry: EntryId): VersionRecord | undefined {
    const row = this.get("SELECT * FROM versions WHERE entry = ? AND version IS NOT NULL", entry) as
      | VersionRow
      | undefined;
    return row === undefined ? undefined : this.recordOf(row);
  }

  /** Entries whose id starts with `prefix`, two at the most: enough to tell an ambiguous prefix. */
  byEntryPrefix(prefix: string): VersionRecord[] {
    const rows = this.prepare(
      "SELECT * FROM versions WHERE entry >= ? AND entry < ? AND version IS NOT NULL ORDER BY entry LIMIT 2",
    ).all(prefix, `${prefix}\u{10ffff}`) as unknown as VersionRow[];
    return rows.map((row) => this.recordOf(row));
  }

  /** All versions that were ever at `name`, and all others of the documents that ever were, in order of arrival. */
  history(collection: string, name: string): VersionRecord[] {
    const rows = this.prepare(
      `SELECT * FROM versions WHERE version IS NOT NULL AND arrival IN (
         SELECT arrival FROM versions WHERE collection = ?1 AND name = ?2
         UNION
         SELECT arrival FROM versions WHERE doc IN (
           SELECT doc FROM versions WHERE collection = ?1 AND doc IS NOT NULL AND (name = ?2 OR from_name = ?2)))
       ORDER BY arrival`,
    ).all(collection, name) as unknown as VersionRow[];
    return rows.map((row) => this.recordOf(row));
  }

  /** What arrived after `after`, in order, `limit` at the most. */
  arrivals(after: number, limit: number): Arrival[] {
    const rows = this.prepare(
      "SELECT arrival, entry, block FROM versions WHERE arrival > ? ORDER BY arrival LIMIT ?",
    ).all(after, limit) as unknown as { arrival: number; entry: EntryId; block: Uint8Array }[];
    return rows.map((row) => ({ arrival: row.arrival, entry: this.entryOf(row) }));
  }
}

/** The owner an entry names (tag `owner`), or null. */
export function ownerOf(entry: Entry): string | null {
  return entry.tags.owner ?? null;
}

function isDamage(error: unknown): boolean {
  // SQLITE_CORRUPT = 11, SQLITE_NOTADB = 26; SQLITE_ERROR = 1 is what a schema that lacks a table gives.
  const code = error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : undefined;
  return code === 11 || code === 26 || code === 1;
}

function bootId(): string {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return hostname();
  }
}
