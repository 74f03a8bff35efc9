// The folder's documents and files in sync.db: what is known, by row. Three facts per document (see docs/files.md):
//   head     the newest version in our view: ours, the hub's, or a merge of both
//   synced   the newest of the hub's versions that the head takes into account
//   remote   the hub's newest
// and per file, which version lies there and how it looked when that was so.

import type { EntryId } from "../entries/index.ts";
import type { SyncDb } from "../hub-client/index.ts";

export interface DocRow {
  readonly doc: EntryId;
  /** The head's path. */
  readonly path: string;
  /** 0 when the head is a delete. */
  readonly live: 0 | 1;
  readonly head: EntryId;
  readonly synced: EntryId | null;
  readonly remote: EntryId | null;
  /** The hub's number for `remote`; 0 when there is none. Only ever grows: what is told late changes nothing. */
  readonly remote_sequence: number;
}

export interface FileRow {
  readonly path: string;
  readonly doc: EntryId;
  /** The version that lies there. */
  readonly entry: EntryId;
  readonly hash: string;
  readonly type: string;
  /** 0o755 or 0o644. */
  readonly mode: number;
  readonly file_id: string;
  readonly stamp: string;
}

export class Documents {
  readonly db: SyncDb;
  constructor(db: SyncDb) {
    this.db = db;
  }

  doc(doc: EntryId): DocRow | undefined {
    return this.db.get<DocRow>("SELECT * FROM docs WHERE doc = ?", doc);
  }
  putDoc(row: DocRow): void {
    this.db.run(
      `INSERT INTO docs VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, (SELECT entry FROM files WHERE doc = ?1))
       ON CONFLICT (doc) DO UPDATE SET path = ?2, live = ?3, head = ?4, synced = ?5, remote = ?6, remote_sequence = ?7`,
      row.doc,
      row.path,
      row.live,
      row.head,
      row.synced,
      row.remote,
      row.remote_sequence,
    );
  }
  forgetDoc(doc: EntryId): void {
    this.db.run("DELETE FROM docs WHERE doc = ?", doc);
  }
  /** Live documents whose head is at `path`; more than one only until that is resolved. */
  docsAt(path: string): DocRow[] {
    return this.db.all<DocRow>("SELECT * FROM docs WHERE path = ? AND live = 1", path);
  }
  /** True when a live document lies below `path`. */
  hasLiveBelow(path: string): boolean {
    return (
      this.db.get("SELECT 1 FROM docs WHERE live = 1 AND path > ? AND path < ? LIMIT 1", `${path}/`, `${path}0`) !==
      undefined
    );
  }
  /** Those of `rows`, as they are now, that are live at a path where, or below which, another live document is. */
  crowded(rows: readonly DocRow[]): DocRow[] {
    return this.db.all<DocRow>(
      `SELECT docs.* FROM json_each(?) JOIN docs ON doc = value WHERE live = 1 AND (
         EXISTS (SELECT 1 FROM docs AS other WHERE other.live = 1 AND other.path = docs.path AND other.doc <> docs.doc)
         OR EXISTS (SELECT 1 FROM docs AS below
                    WHERE below.live = 1 AND below.path > docs.path || '/' AND below.path < docs.path || '0'))`,
      JSON.stringify(rows.map(({ doc }) => doc)),
    );
  }
  /** True when a live document below `path` has a version that the hub lacks. */
  hasUnsentBelow(path: string): boolean {
    return (
      this.db.get(
        "SELECT 1 FROM docs WHERE live = 1 AND path > ? AND path < ? AND head IS NOT synced LIMIT 1",
        `${path}/`,
        `${path}0`,
      ) !== undefined
    );
  }
  /** Of the live documents below `path`, the one of which the hub has numbered a version last. */
  lastBelow(path: string): DocRow | undefined {
    return this.db.get<DocRow>(
      "SELECT * FROM docs WHERE live = 1 AND path > ? AND path < ? ORDER BY remote_sequence DESC LIMIT 1",
      `${path}/`,
      `${path}0`,
    );
  }
  /** Documents whose folder does not show their head yet. */
  unlaid(limit: number, after: string): DocRow[] {
    return this.db.all<DocRow>(
      `SELECT * FROM docs WHERE ((live = 1 AND laid IS NOT head) OR (live = 0 AND laid IS NOT NULL)) AND doc > ?
       ORDER BY doc LIMIT ?`,
      after,
      limit,
    );
  }
  /** Documents whose head does not take the hub's newest version into account. */
  behind(limit: number): DocRow[] {
    return this.db.all<DocRow>("SELECT * FROM docs WHERE remote IS NOT NULL AND remote IS NOT synced LIMIT ?", limit);
  }

  file(path: string): FileRow | undefined {
    return this.db.get<FileRow>("SELECT * FROM files WHERE path = ?", path);
  }
  fileOf(doc: EntryId): FileRow | undefined {
    return this.db.get<FileRow>("SELECT * FROM files WHERE doc = ?", doc);
  }
  filesById(fileId: string): FileRow[] {
    return this.db.all<FileRow>("SELECT * FROM files WHERE file_id = ?", fileId);
  }
  /** Paths of files at or below `path` ("": of all), those after `after`, in order, `limit` at the most. */
  pathsBelow(path: string, limit: number, after?: string): string[] {
    const rows =
      path === ""
        ? this.db.all<{ path: string }>(
            "SELECT path FROM files WHERE path > ? ORDER BY path LIMIT ?",
            after ?? "",
            limit,
          )
        : this.db.all<{ path: string }>(
            `SELECT path FROM files WHERE path > ?1 AND path < ?2 AND (?3 IS NULL OR path > ?3)
             UNION ALL SELECT path FROM files WHERE path = ?4 AND ?3 IS NULL
             ORDER BY path LIMIT ?5`,
            `${path}/`,
            `${path}0`,
            after ?? null,
            path,
            limit,
          );
    return rows.map((row) => row.path);
  }
  putFile(row: FileRow): void {
    // A document lies at one path: a row of it elsewhere is what we knew before.
    this.db.run("DELETE FROM files WHERE doc = ? AND path <> ?", row.doc, row.path);
    // Whoever was known at this path is not there any more.
    this.db.run(
      "UPDATE docs SET laid = NULL WHERE doc = (SELECT doc FROM files WHERE path = ? AND doc <> ?)",
      row.path,
      row.doc,
    );
    this.db.run(
      "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
      row.path,
      row.doc,
      row.entry,
      row.hash,
      row.type,
      row.mode,
      row.file_id,
      row.stamp,
    );
    this.db.run("UPDATE docs SET laid = ? WHERE doc = ?", row.entry, row.doc);
  }
  forgetFile(path: string): void {
    const row = this.file(path);
    if (row === undefined) return;
    this.db.run("DELETE FROM files WHERE path = ?", path);
    this.db.run("UPDATE docs SET laid = NULL WHERE doc = ?", row.doc);
  }

  refuse(path: string, reason: string): void {
    this.db.run("INSERT OR REPLACE INTO refused VALUES (?, ?)", path, reason);
  }
  /** Accepts what was refused for a reason that begins with `reason`, where no head waits to be laid out any more. */
  acceptLaidOut(reason: string): void {
    this.db.run(
      `DELETE FROM refused WHERE substr(reason, 1, length(?1)) = ?1 AND NOT EXISTS
         (SELECT 1 FROM docs WHERE docs.path = refused.path AND live = 1 AND laid IS NOT head)`,
      reason,
    );
  }
  accept(path: string): void {
    this.db.run("DELETE FROM refused WHERE path = ?", path);
  }
  /** Why `path` is left alone, if it is. */
  refusal(path: string): string | undefined {
    return this.db.get<{ reason: string }>("SELECT reason FROM refused WHERE path = ?", path)?.reason;
  }
  refused(): { path: string; reason: string }[] {
    return this.db.all("SELECT path, reason FROM refused ORDER BY path");
  }
}
