// `index.db`: the words of every live head, for search. Derived data: made anew from the hub's entries whenever it is
// missing, damaged, of another format, or does not belong to this hub's history.
//
// `indexedTo` is the watermark: every entry up to it is in the index or listed in `failed`. `indexingTo` is how far the
// slice under way reaches. Neither is trusted beyond that: search shows only what is still a head in the hub's database.

import { rmSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";

const FORMAT = 1;
const BUSY_TIMEOUT_MS = 5_000;

const SCHEMA = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value) WITHOUT ROWID;
  CREATE TABLE documents (
    rowid INTEGER PRIMARY KEY, subject TEXT NOT NULL UNIQUE, collection TEXT NOT NULL, name TEXT NOT NULL, doc TEXT,
    entry TEXT NOT NULL, sequence INTEGER NOT NULL, content TEXT);
  CREATE TABLE failed (sequence INTEGER PRIMARY KEY, reason TEXT NOT NULL);
  CREATE VIRTUAL TABLE words USING fts5(text, content='', contentless_delete=1);
`;

export interface HubHistory {
  readonly epoch: string;
  readonly head: number;
  /** The id of the entry at a sequence. */
  readonly idAt: (sequence: number) => string | undefined;
}

/** Opens the index at `path`; makes it anew when it is not usable. */
export function openIndexFile(path: string, history: HubHistory): DatabaseSync {
  try {
    const db = connect(path);
    if (belongsTo(db, history)) return db;
    db.close();
  } catch {
    // Whatever is wrong with it: it is derived, and made anew.
  }
  removeIndexFile(path);
  const db = connect(path);
  db.exec(`BEGIN IMMEDIATE; ${SCHEMA}; PRAGMA user_version = ${FORMAT}`);
  db.prepare("INSERT INTO meta VALUES ('epoch', ?), ('indexedTo', 0), ('indexingTo', 0), ('lastId', '')").run(
    history.epoch,
  );
  db.exec("COMMIT");
  return db;
}

/** A further connection to an index that `openIndexFile` has opened. */
export function connect(path: string): DatabaseSync {
  const db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
  try {
    // NORMAL: a power loss may take the newest slices, which are then indexed again, but never leaves a damaged file.
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL");
  } catch (error) {
    db.close();
    throw error;
  }
  return db;
}

export function removeIndexFile(path: string): void {
  for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
}

function belongsTo(db: DatabaseSync, history: HubHistory): boolean {
  if (db.prepare("PRAGMA user_version").get()?.user_version !== FORMAT) return false;
  const meta = new Map(
    db
      .prepare("SELECT key, value FROM meta")
      .all()
      .map((row) => [String(row.key), row.value]),
  );
  const indexedTo = Number(meta.get("indexedTo"));
  if (meta.get("epoch") !== history.epoch || indexedTo > history.head) return false;
  return indexedTo === 0 || history.idAt(indexedTo) === meta.get("lastId");
}
