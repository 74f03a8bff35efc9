// sync.db: what this copy has observed of the hub and of its folder. Every number and row in it says what was seen, none
// what is meant to be done, so a crash anywhere is only a reason to look again; a lost or damaged sync.db is made anew
// and filled from the store, the hub and the folder.

import { DatabaseSync, type SQLInputValue } from "node:sqlite";
import { lockPath } from "../coordination/index.ts";
import type { EntryId } from "../entries/index.ts";
import { damaged, IndexDatabase, type IndexOptions, type Layout, setAsideDamaged } from "../store/index.ts";
import { laidOutTopics } from "./notes.ts";

const FORMAT = 1;

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

export interface SyncDbOptions {
  /** `whole`: for whoever is going to keep the folder in step, so that damage is found before it is met. */
  readonly check?: "whole";
  /** Told that the file was damaged, and where it is kept. */
  readonly onSetAside?: (path: string, aside: string) => void;
}

export class SyncDb implements Disposable {
  readonly path: string;
  private readonly db: IndexDatabase;

  private constructor(db: IndexDatabase, path: string) {
    this.db = db;
    this.path = path;
  }

  /** Opens or makes `sync.db`. A damaged one is set aside and made anew, unless another process keeps the folder in step
   *  by it: `CORRUPT`. */
  static open(layout: Layout, { check, onSetAside }: SyncDbOptions = {}): SyncDb {
    const path = layout.syncFile;
    const db = IndexDatabase.open({
      path,
      check,
      lock: lockOf(layout),
      prepare: makeTables,
      onSetAside: (aside, fresh) => {
        salvage(layout, aside, fresh);
        onSetAside?.(path, aside);
      },
    });
    return new SyncDb(db, path);
  }

  /** Keeps a `sync.db` that was found damaged in use beside; the next opening makes it anew. */
  static setAside(layout: Layout): string | undefined {
    return setAsideDamaged({ path: layout.syncFile, lock: lockOf(layout) });
  }

  [Symbol.dispose](): void {
    this.db[Symbol.dispose]();
  }

  get<T>(sql: string, ...values: SQLInputValue[]): T | undefined {
    return this.db.get(sql, ...values);
  }
  all<T>(sql: string, ...values: SQLInputValue[]): T[] {
    return this.db.all(sql, ...values);
  }
  run(sql: string, ...values: SQLInputValue[]): number {
    return this.db.run(sql, ...values);
  }
  /** All of `body`'s changes or none. A transaction inside another is part of it. */
  transaction<T>(body: () => T): T {
    return this.db.transaction(body);
  }

  meta(key: string): string | undefined {
    return this.get<{ value: string }>("SELECT value FROM meta WHERE key = ?", key)?.value;
  }
  setMeta(key: string, value: string | null): void {
    if (value === null) this.run("DELETE FROM meta WHERE key = ?", key);
    else this.run("INSERT OR REPLACE INTO meta VALUES (?, ?)", key, value);
  }

  /** Changes when another process has changed something here. Throws `CORRUPT` when another file is in its place. */
  dataVersion(): number {
    if (this.db.isReplaced()) throw damaged(this.path, "it was replaced while it was in use");
    const version = this.db.dataVersion();
    // Read what the others write: where that is damaged, whoever asks hears it here, and is prepared for it.
    this.meta("notes_behind");
    return version;
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

/** Whoever syncs holds this lock, and goes by the file as it is. */
function lockOf(layout: Layout): IndexOptions["lock"] {
  return { path: lockPath(layout.locks, "sync"), scope: "sync", patienceMs: 0 };
}

function makeTables(db: IndexDatabase): void {
  if (db.format() === FORMAT) return;
  db.transaction(() => {
    if (db.format() !== FORMAT) db.makeTables(SCHEMA, FORMAT);
  });
}

/** What stands nowhere else, as far as it can still be read: which hub it was, what is subscribed to, which conflicts are
 *  open. All else is found again by looking at the store, the hub and the folder. */
function salvage(layout: Layout, aside: string, fresh: IndexDatabase): void {
  const wanted = [
    ["SELECT key, value FROM meta WHERE key = 'epoch'", "INSERT OR IGNORE INTO meta VALUES (?, ?)"],
    [
      "SELECT topic, subscribed, 0 AS laid_bytes FROM topics WHERE subscribed = 1",
      "INSERT OR IGNORE INTO topics VALUES (?, ?, ?)",
    ],
    ["SELECT copy, path, author, at FROM conflicts", "INSERT OR IGNORE INTO conflicts VALUES (?, ?, ?, ?)"],
  ] as const;
  for (const [read, write] of wanted) {
    try {
      using old = new DatabaseSync(aside, { readOnly: true });
      const rows = old.prepare(read).all() as Record<string, SQLInputValue>[];
      fresh.transaction(() => {
        for (const row of rows) fresh.run(write, ...Object.values(row));
      });
    } catch {
      // Not to be read any more.
    }
  }
  if (fresh.get("SELECT 1 FROM topics") !== undefined) return;
  for (const topic of laidOutTopics(layout)) fresh.run("INSERT OR IGNORE INTO topics VALUES (?, 1, 0)", topic);
}
