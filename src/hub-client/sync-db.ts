// sync.db: what this copy has observed of the hub and of its folder. Every number and row in it says what was seen, none
// what is meant to be done, so a crash anywhere is only a reason to look again; a lost or damaged sync.db is made anew
// and filled from the store, the hub and the folder.

import { rmSync } from "node:fs";
import { DatabaseSync, type SQLInputValue, type StatementSync } from "node:sqlite";
import type { EntryId } from "../entries/index.ts";
import type { Layout } from "../store/index.ts";

const FORMAT = 1;
const BUSY_TIMEOUT_MS = 20_000;

const SCHEMA = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  -- Entries that the hub is known to hold.
  CREATE TABLE sequenced (entry TEXT PRIMARY KEY, sequence INTEGER NOT NULL) WITHOUT ROWID;
  CREATE INDEX sequenced_by_sequence ON sequenced (sequence);
  -- Entries made here that the hub is not known to hold, in order of arrival; a lane is sent in order.
  CREATE TABLE unsent (entry TEXT PRIMARY KEY, arrival INTEGER NOT NULL, lane TEXT NOT NULL, content TEXT, size INTEGER NOT NULL) WITHOUT ROWID;
  CREATE INDEX unsent_by_arrival ON unsent (arrival);
  CREATE INDEX unsent_by_lane ON unsent (lane, arrival);
  -- Lanes whose last try failed.
  CREATE TABLE lanes (lane TEXT PRIMARY KEY, state TEXT NOT NULL, attempts INTEGER NOT NULL, next_at_ms INTEGER NOT NULL, reason TEXT NOT NULL) WITHOUT ROWID;
  -- Documents that the hub has accepted and not yet finished with.
  CREATE TABLE awaiting (doc TEXT PRIMARY KEY, entry TEXT NOT NULL, state TEXT NOT NULL, reason TEXT) WITHOUT ROWID;
  -- Entries seen at the hub whose content it did not give out yet.
  CREATE TABLE deferred (entry TEXT PRIMARY KEY, sequence INTEGER NOT NULL, block BLOB NOT NULL) WITHOUT ROWID;
  -- Topics: whether each is subscribed to by name, and how much of its file we wrote.
  CREATE TABLE topics (topic TEXT PRIMARY KEY, subscribed INTEGER NOT NULL, laid_bytes INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE topic_notes (topic TEXT NOT NULL, sequence INTEGER NOT NULL, entry TEXT NOT NULL, PRIMARY KEY (topic, sequence)) WITHOUT ROWID;
  -- Documents of the folder: the newest version in our view (head), the newest of the hub's that it takes into account
  -- (synced), and the hub's newest (remote).
  CREATE TABLE docs (doc TEXT PRIMARY KEY, path TEXT NOT NULL, live INTEGER NOT NULL, head TEXT NOT NULL, synced TEXT, remote TEXT, remote_sequence INTEGER NOT NULL, laid TEXT) WITHOUT ROWID;
  CREATE INDEX docs_behind ON docs (doc) WHERE remote IS NOT NULL AND remote IS NOT synced;
  -- laid repeats files.entry, so that what is not laid out yet is found without looking at everything.
  CREATE INDEX docs_unlaid ON docs (doc) WHERE (live = 1 AND laid IS NOT head) OR (live = 0 AND laid IS NOT NULL);
  CREATE INDEX docs_by_path ON docs (path) WHERE live = 1;
  -- What lies in the folder, as last seen: which version of which document, and how the file looked.
  CREATE TABLE files (path TEXT PRIMARY KEY, doc TEXT NOT NULL, entry TEXT NOT NULL, hash TEXT NOT NULL, type TEXT NOT NULL, mode INTEGER NOT NULL,
    file_id TEXT NOT NULL, stamp TEXT NOT NULL) WITHOUT ROWID;
  CREATE UNIQUE INDEX files_by_doc ON files (doc);
  CREATE INDEX files_by_id ON files (file_id);
  CREATE TABLE conflicts (copy TEXT PRIMARY KEY, path TEXT NOT NULL, author TEXT NOT NULL, at TEXT NOT NULL) WITHOUT ROWID;
  -- Paths that are left alone, and why.
  CREATE TABLE refused (path TEXT PRIMARY KEY, reason TEXT NOT NULL) WITHOUT ROWID;
`;

export type Row = Record<string, SQLInputValue>;

export class SyncDb implements Disposable {
  private readonly db: DatabaseSync;
  private readonly statements = new Map<string, StatementSync>();

  private constructor(db: DatabaseSync) {
    this.db = db;
  }

  /** Opens or makes `sync.db`. A damaged one is made anew: `rebuilt` says so to whoever reports to people. */
  static open(layout: Layout, onRebuilt: (path: string) => void = () => {}): SyncDb {
    const path = layout.syncFile;
    try {
      return SyncDb.openOnce(path);
    } catch (error) {
      if (!isDamage(error)) throw error;
      for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
      onRebuilt(path);
      return SyncDb.openOnce(path);
    }
  }

  private static openOnce(path: string): SyncDb {
    const db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    try {
      // Not flushed at each commit: what is lost in a power loss is seen again.
      db.exec(
        "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -8000; PRAGMA wal_autocheckpoint = 4000;",
      );
      const sync = new SyncDb(db);
      sync.transaction(() => {
        const { user_version: version } = db.prepare("PRAGMA user_version").get() as { user_version: number };
        if (version === FORMAT) return;
        for (const { name } of db
          .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'")
          .all() as { name: string }[]) {
          db.exec(`DROP TABLE "${name}"`);
        }
        db.exec(SCHEMA);
        db.exec(`PRAGMA user_version = ${FORMAT}`);
      });
      return sync;
    } catch (error) {
      db.close();
      throw error;
    }
  }

  [Symbol.dispose](): void {
    this.statements.clear();
    this.db.close();
  }

  private prepare(sql: string): StatementSync {
    let statement = this.statements.get(sql);
    if (statement === undefined) {
      statement = this.db.prepare(sql);
      this.statements.set(sql, statement);
    }
    return statement;
  }

  get<T>(sql: string, ...values: SQLInputValue[]): T | undefined {
    return this.prepare(sql).get(...values) as T | undefined;
  }
  all<T>(sql: string, ...values: SQLInputValue[]): T[] {
    return this.prepare(sql).all(...values) as T[];
  }
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.prepare(sql).run(...values).changes);
  }

  private depth = 0;

  /** All of `body`'s changes or none. A transaction inside another is part of it. */
  transaction<T>(body: () => T): T {
    if (this.depth > 0) return body();
    this.db.exec("BEGIN IMMEDIATE");
    this.depth += 1;
    try {
      const result = body();
      this.db.exec("COMMIT");
      return result;
    } catch (error) {
      // A full disk may have made SQLite undo it already: its own error is the one to tell.
      if (this.db.isTransaction) this.db.exec("ROLLBACK");
      throw error;
    } finally {
      this.depth -= 1;
    }
  }

  meta(key: string): string | undefined {
    return this.get<{ value: string }>("SELECT value FROM meta WHERE key = ?", key)?.value;
  }
  setMeta(key: string, value: string | null): void {
    if (value === null) this.run("DELETE FROM meta WHERE key = ?", key);
    else this.run("INSERT OR REPLACE INTO meta VALUES (?, ?)", key, value);
  }

  /** Changes when another process has changed something here. */
  dataVersion(): number {
    return this.get<{ data_version: number }>("PRAGMA data_version")?.data_version ?? 0;
  }

  /** The last of the hub's sequences that this copy has taken in. */
  get cursor(): number {
    return Number(this.meta("cursor") ?? 0);
  }
  set cursor(sequence: number) {
    this.setMeta("cursor", String(sequence));
  }

  isSequenced(entry: EntryId): boolean {
    return this.get("SELECT 1 FROM sequenced WHERE entry = ?", entry) !== undefined;
  }

  /** The hub holds `entry`: it is not waiting to be sent any more. */
  markSequenced(entry: EntryId, sequence: number): void {
    this.run("INSERT OR IGNORE INTO sequenced VALUES (?, ?)", entry, sequence);
    this.run("DELETE FROM unsent WHERE entry = ?", entry);
  }

  recordError(code: string, message: string): void {
    this.setMeta("last_error", JSON.stringify({ code, message, at: new Date().toISOString() }));
  }
  clearError(): void {
    if (this.meta("last_error") !== undefined) this.setMeta("last_error", null);
  }
}

function isDamage(error: unknown): boolean {
  // SQLITE_ERROR (no such table), SQLITE_CORRUPT, SQLITE_NOTADB
  const code = error instanceof Error && "errcode" in error ? Number(error.errcode) & 0xff : undefined;
  return code === 1 || code === 11 || code === 26;
}
