// The catalog's tables, and when they are made anew.

import { hostname } from "node:os";
import { bootId } from "./boot.ts";
import type { IndexDatabase } from "./index-database.ts";

const FORMAT = 4;

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
  CREATE INDEX versions_by_content ON versions (collection, content_name) WHERE content_name IS NOT NULL;
  CREATE INDEX versions_by_from ON versions (collection, from_name) WHERE from_name IS NOT NULL;
  CREATE TABLE newest (
    collection TEXT NOT NULL, name TEXT NOT NULL, version INTEGER NOT NULL, kind TEXT NOT NULL,
    hash TEXT, size INTEGER, type TEXT, created_at TEXT NOT NULL, owner TEXT, tags TEXT NOT NULL,
    PRIMARY KEY (collection, name)
  ) WITHOUT ROWID;
  CREATE TABLE pending (
    collection TEXT NOT NULL, name TEXT NOT NULL, note INTEGER NOT NULL,   -- the number of whoever noted it last
    PRIMARY KEY (collection, name)
  ) WITHOUT ROWID;
  CREATE TABLE folded (
    collection TEXT PRIMARY KEY, journal TEXT NOT NULL, bytes INTEGER NOT NULL,   -- up to where in which journal
    turn INTEGER NOT NULL
  ) WITHOUT ROWID;
`;

/** Tables of another format, or from before the last boot, are made anew. */
export function makeTables(db: IndexDatabase): void {
  const boot = bootId() ?? hostname();
  const isSound = (): boolean =>
    db.format() === FORMAT && db.get<{ value: string }>("SELECT value FROM meta WHERE key = 'boot'")?.value === boot;
  if (isSound()) return;
  db.transaction(() => {
    if (isSound()) return; // another process made them while we waited
    db.makeTables(SCHEMA, FORMAT);
    db.run("INSERT INTO meta VALUES ('boot', ?)", boot);
    db.run("INSERT INTO meta VALUES ('incarnation', ?)", crypto.randomUUID());
  });
}
