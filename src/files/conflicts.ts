// Conflict copies: what is kept when both sides changed one file and the two cannot be one.

import { posix } from "node:path";
import { type Author, type EntryId, MAX_NAME_BYTES } from "../entries/index.ts";
import { HoldfastError } from "../errors.ts";
import type { SyncDb } from "../hub-client/index.ts";

/** The tag on a conflict copy's entries: the path that it is a copy of, so that every machine lists it. */
export const CONFLICT_TAG = "conflict-of";

/** Whose version lies aside, where another machine than its author's moved it. */
export const CONFLICT_AUTHOR_TAG = "conflict-author";

export interface ListedConflict {
  readonly path: string;
  readonly copy: string;
  readonly author: string;
  readonly at: string;
}

/** `name (conflict DATE AUTHOR).ext`, with a number where that is taken. */
export function conflictName(path: string, author: Author, wallMs: number, isTaken: (path: string) => boolean): string {
  const { dir, name, ext } = posix.parse(path);
  const date = new Date(wallMs).toISOString().slice(0, 10);
  for (let n = 1; n <= 10_000; n += 1) {
    const mark = ` (conflict ${date} ${author.slice(0, 8)}${n === 1 ? "" : ` ${n}`})${ext}`;
    // Long names are cut so that the copy's fits: 255 bytes for a file name on common file systems.
    const room = Math.min(255, MAX_NAME_BYTES - Buffer.byteLength(dir) - 1) - Buffer.byteLength(mark);
    const copy = posix.join(dir, `${cut(name, room)}${mark}`);
    if (!isTaken(copy)) return copy;
  }
  throw new HoldfastError("INTERNAL", `no free name for a conflict copy of ${path}`);
}

function cut(name: string, bytes: number): string {
  let short = name;
  while (Buffer.byteLength(short) > bytes) short = [...short].slice(0, -1).join("");
  return short;
}

/** Of two that gave one document the same name at once, the first is listed, in whatever order they are heard of. */
export function recordConflict(db: SyncDb, conflict: ListedConflict): void {
  db.run(
    `INSERT INTO conflicts VALUES (?, ?, ?, ?) ON CONFLICT (copy) DO UPDATE
     SET path = excluded.path, author = excluded.author, at = excluded.at WHERE excluded.at < at`,
    conflict.copy,
    conflict.path,
    conflict.author,
    conflict.at,
  );
}

/** Conflict copies that still exist. */
export function listConflicts(db: SyncDb): ListedConflict[] {
  return db.all<ListedConflict>(
    `SELECT conflicts.path AS path, copy, author, at FROM conflicts
     WHERE EXISTS (SELECT 1 FROM docs WHERE docs.path = conflicts.copy AND docs.live = 1) ORDER BY copy`,
  );
}

/** Says that the conflict of which `path` is the file or the copy is settled; the files stay as they are. */
export function resolveConflict(db: SyncDb, path: string): { resolved: string[] } {
  const rows = listConflicts(db).filter((row) => row.path === path || row.copy === path);
  db.transaction(() => {
    for (const row of rows) db.run("DELETE FROM conflicts WHERE copy = ?", row.copy);
  });
  return { resolved: rows.map((row) => row.copy) };
}

/** A conflict copy that was seen among a document's entries. */
export function noteConflictTag(
  db: SyncDb,
  entry: {
    readonly name: string;
    readonly author: Author;
    readonly id: EntryId;
    readonly tags: Readonly<Record<string, string>>;
    readonly clock: { wallMs: number };
  },
): string | undefined {
  const path = entry.tags[CONFLICT_TAG];
  if (path === undefined) return undefined;
  const author = entry.tags[CONFLICT_AUTHOR_TAG] ?? entry.author;
  recordConflict(db, { path, copy: entry.name, author, at: new Date(entry.clock.wallMs).toISOString() });
  return path;
}
