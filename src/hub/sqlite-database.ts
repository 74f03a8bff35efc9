// The hub's database file: schema, settings, transactions, and what SQLite's failures mean.
//
// `synchronous=FULL` in WAL mode: a commit that returned is on the disk. Every write transaction is BEGIN IMMEDIATE, so it
// never fails half-way because somebody else began to write.

import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { HoldfastError, NotFoundError } from "../errors.ts";

export type { DatabaseSync, StatementSync };

/** Format of the database; a greater one was written by a newer Holdfast. */
const FORMAT = 1;
/** How long a write waits for another process (the command line creating a token), ms. */
const BUSY_TIMEOUT_MS = 5_000;

const SCHEMA = `
  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
  CREATE TABLE writers (id INTEGER PRIMARY KEY, author TEXT NOT NULL, writer TEXT NOT NULL, UNIQUE (author, writer));
  CREATE TABLE entries (
    sequence INTEGER PRIMARY KEY, writer INTEGER NOT NULL, n INTEGER NOT NULL, kind TEXT NOT NULL, wallMs INTEGER NOT NULL,
    collection TEXT NOT NULL, name TEXT NOT NULL, id TEXT NOT NULL, content TEXT, block BLOB NOT NULL);
  CREATE UNIQUE INDEX entries_by_key ON entries (writer, n);
  CREATE TABLE docs (
    doc TEXT PRIMARY KEY, collection TEXT NOT NULL, name TEXT NOT NULL, entry TEXT NOT NULL, sequence INTEGER NOT NULL,
    deleted INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE names (
    collection TEXT NOT NULL, name TEXT NOT NULL, doc TEXT, entry TEXT NOT NULL, sequence INTEGER NOT NULL,
    deleted INTEGER NOT NULL, PRIMARY KEY (collection, name)) WITHOUT ROWID;
  -- bytes is null for a content that lies as a file in contents/
  CREATE TABLE contents (hash TEXT PRIMARY KEY, size INTEGER NOT NULL, bytes BLOB);
  CREATE TABLE tokens (
    id TEXT PRIMARY KEY, hash BLOB NOT NULL UNIQUE, role TEXT NOT NULL, createdAt TEXT NOT NULL, revokedAt TEXT) WITHOUT ROWID;
  CREATE TABLE authors (token TEXT NOT NULL, author TEXT NOT NULL, PRIMARY KEY (token, author)) WITHOUT ROWID;
`;

export interface Meta {
  readonly epoch: string;
  readonly workspaceId: string;
  readonly workspaceName: string;
}

/** Opens `path`, makes it when it is not there. Throws `CORRUPT`, `FORMAT_TOO_NEW`, `DISK_FULL`, `NO_PERMISSION`. */
export function openDatabase(path: string, workspace: { id: string; name: string }): { db: DatabaseSync; meta: Meta } {
  const db = connect(path);
  try {
    db.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL");
    return { db, meta: transaction(db, () => prepareSchema(db, path, workspace)) };
  } catch (error) {
    db.close();
    throw sqliteFailure(error, path);
  }
}

/** Opens the database of a hub that may be running in another process. Throws `NOT_FOUND` when there is none. */
export function openExisting(path: string): { db: DatabaseSync; meta: Meta } {
  if (!existsSync(path)) throw new NotFoundError(`there is no hub's database at ${path}`);
  const db = connect(path);
  try {
    db.exec("PRAGMA synchronous = FULL");
    const meta = readMeta(db);
    if (meta === undefined) throw new HoldfastError("CORRUPT", `${path} is no hub's database`);
    return { db, meta };
  } catch (error) {
    db.close();
    throw sqliteFailure(error, path);
  }
}

function connect(path: string): DatabaseSync {
  try {
    const db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS });
    return db;
  } catch (error) {
    throw sqliteFailure(error, path);
  }
}

function prepareSchema(db: DatabaseSync, path: string, workspace: { id: string; name: string }): Meta {
  const format = Number(db.prepare("PRAGMA user_version").get()?.user_version);
  if (format > FORMAT) {
    throw new HoldfastError("FORMAT_TOO_NEW", `${path} was written by a newer Holdfast (format ${format})`, {
      hint: "Update this installation and start the hub again.",
    });
  }
  if (format === 0) {
    db.exec(SCHEMA);
    const insert = db.prepare("INSERT INTO meta VALUES (?, ?)");
    insert.run("epoch", randomBytes(16).toString("hex"));
    insert.run("workspaceId", workspace.id);
    insert.run("workspaceName", workspace.name);
    db.exec(`PRAGMA user_version = ${FORMAT}`);
  }
  const meta = readMeta(db);
  if (meta === undefined) throw new HoldfastError("CORRUPT", `${path} has lost its description of the workspace`);
  return meta;
}

function readMeta(db: DatabaseSync): Meta | undefined {
  const values = new Map(
    db
      .prepare("SELECT key, value FROM meta")
      .all()
      .map((row) => [String(row.key), String(row.value)]),
  );
  const epoch = values.get("epoch");
  const workspaceId = values.get("workspaceId");
  if (epoch === undefined || workspaceId === undefined) return undefined;
  return { epoch, workspaceId, workspaceName: values.get("workspaceName") ?? workspaceId };
}

/** Runs `body` in one write transaction: committed when it returns, undone when it throws. */
export function transaction<T>(db: DatabaseSync, body: () => T): T {
  db.exec("BEGIN IMMEDIATE");
  try {
    const result = body();
    db.exec("COMMIT");
    return result;
  } catch (error) {
    // A full disk may have made SQLite undo it already.
    if (db.isTransaction) db.exec("ROLLBACK");
    throw error;
  }
}

const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;
const SQLITE_READONLY = 8;
const SQLITE_NOTADB = 26;
// What SQLite says when the disk is full while it grows its shared-memory file or its log.
const SQLITE_IOERR_SHMSIZE = SQLITE_IOERR | (19 << 8);
const SQLITE_IOERR_WRITE = SQLITE_IOERR | (3 << 8);

/** SQLite's own error as a coded one; other errors as they are. */
export function sqliteFailure(error: unknown, path: string): unknown {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number") return error;
  const { errcode } = error;
  const primary = errcode & 0xff;
  if (primary === SQLITE_FULL || errcode === SQLITE_IOERR_SHMSIZE || errcode === SQLITE_IOERR_WRITE) {
    return new HoldfastError("DISK_FULL", `the disk of ${path} is full`, {
      hint: "Free some space; nothing was lost, and the hub goes on by itself.",
      cause: error,
    });
  }
  if (primary === SQLITE_CORRUPT || primary === SQLITE_NOTADB) {
    return new HoldfastError("CORRUPT", `${path} is damaged: ${error.message}`, {
      hint: "Stop the hub and restore its data folder from a backup; the workspaces hold their own copies.",
      details: { path },
      cause: error,
    });
  }
  if (primary === SQLITE_CANTOPEN || primary === SQLITE_READONLY) {
    return new HoldfastError("NO_PERMISSION", `${path} cannot be opened for writing`, {
      hint: "Check that the folder exists and that this user may write it.",
      details: { path },
      cause: error,
    });
  }
  return error;
}
