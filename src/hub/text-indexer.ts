// Puts the text of new entries into `index.db`, slice by slice. Runs in a worker thread (text-index-worker.ts), or in
// slices on the hub's own thread; it has its own connections either way.

import { hash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync, type StatementSync } from "node:sqlite";
import { type Content, decodeEntry, type Entry } from "../entries/index.ts";
import { systemCode } from "../errors.ts";
import { connect } from "./text-index-file.ts";
import { decodeText, MAX_TEXT_BYTES } from "./text-lines.ts";

/** Bytes of text after which a slice ends. */
const SLICE_BYTES = 4 * 1_024 * 1_024;

/** Why an entry's text cannot be had; kept in `failed`. */
class Unreadable extends Error {}

export class TextIndexer {
  private readonly dir: string;
  private readonly hub: DatabaseSync;
  private readonly index: DatabaseSync;
  private readonly sql: Record<
    | "next"
    | "content"
    | "docHead"
    | "nameHead"
    | "indexedTo"
    | "setTo"
    | "setIndexing"
    | "find"
    | "put"
    | "move"
    | "drop"
    | "addWords"
    | "dropWords"
    | "fail",
    StatementSync
  >;

  /** `dir` is the hub's data folder; its index must have been opened by `openIndexFile`. */
  constructor(dir: string) {
    this.dir = dir;
    this.hub = new DatabaseSync(join(dir, "hub.db"), { timeout: 5_000 });
    this.hub.exec("PRAGMA query_only = 1");
    this.index = connect(join(dir, "index.db"));
    const { hub, index } = this;
    this.sql = {
      next: hub.prepare("SELECT sequence, block FROM entries WHERE sequence > ? ORDER BY sequence LIMIT ?"),
      content: hub.prepare("SELECT size, bytes FROM contents WHERE hash = ?"),
      docHead: hub.prepare("SELECT sequence FROM docs WHERE doc = ?"),
      nameHead: hub.prepare("SELECT sequence FROM names WHERE collection = ? AND name = ?"),
      indexedTo: index.prepare("SELECT value FROM meta WHERE key = 'indexedTo'"),
      setTo: index.prepare("INSERT OR REPLACE INTO meta VALUES ('indexedTo', ?1), ('indexingTo', ?1), ('lastId', ?2)"),
      setIndexing: index.prepare("UPDATE meta SET value = ? WHERE key = 'indexingTo'"),
      find: index.prepare("SELECT rowid, content FROM documents WHERE subject = ?"),
      put: index.prepare(
        "INSERT INTO documents (subject, collection, name, doc, entry, sequence, content) VALUES (?, ?, ?, ?, ?, ?, ?)",
      ),
      move: index.prepare("UPDATE documents SET name = ?, entry = ?, sequence = ? WHERE rowid = ?"),
      drop: index.prepare("DELETE FROM documents WHERE rowid = ?"),
      addWords: index.prepare("INSERT INTO words (rowid, text) VALUES (?, ?)"),
      dropWords: index.prepare("DELETE FROM words WHERE rowid = ?"),
      fail: index.prepare("INSERT OR REPLACE INTO failed VALUES (?, ?)"),
    };
  }

  /** Indexes up to `limit` further entries. Returns how many there were; 0: the index is up to date. */
  indexNext(limit: number): number {
    const from = Number(this.sql.indexedTo.get()?.value);
    const rows = this.sql.next.all(from, limit) as unknown as { sequence: number; block: Uint8Array }[];
    const last = rows.at(-1);
    if (last === undefined) return 0;
    this.sql.setIndexing.run(last.sequence);
    let count = 0;
    let bytes = 0;
    this.index.exec("BEGIN IMMEDIATE");
    try {
      let lastId = "";
      let to = from;
      for (const { sequence, block } of rows) {
        const entry = decodeEntry(block);
        bytes += this.indexEntry(entry, sequence);
        lastId = entry.id;
        to = sequence;
        count += 1;
        if (bytes > SLICE_BYTES) break;
      }
      this.sql.setTo.run(to, lastId);
      this.index.exec("COMMIT");
    } catch (error) {
      if (this.index.isTransaction) this.index.exec("ROLLBACK");
      throw error;
    }
    return count;
  }

  close(): void {
    this.hub.close();
    this.index.close();
  }

  /** Returns the bytes of text it took in. */
  private indexEntry(entry: Entry, sequence: number): number {
    const doc = entry.doc === null ? entry.id : entry.doc;
    if (this.isSuperseded(entry, doc, sequence)) return 0;
    if (entry.kind === "rename" && doc === undefined && entry.from !== undefined) {
      this.remove(this.sql.find.get(subjectOf(entry.collection, entry.from)));
    }
    const subject = doc ?? subjectOf(entry.collection, entry.name);
    const known = this.sql.find.get(subject);
    if (known !== undefined && entry.content !== null && known.content === entry.content.hash) {
      this.sql.move.run(entry.name, entry.id, sequence, Number(known.rowid));
      return 0;
    }
    this.remove(known);
    if (entry.content === null) return 0;
    let text: string | undefined;
    try {
      text = this.textOf(entry.content);
    } catch (error) {
      if (!(error instanceof Unreadable)) throw error;
      this.sql.fail.run(sequence, error.message);
      return 0;
    }
    if (text === undefined) return 0;
    const { collection, name, id, content } = entry;
    const row = this.sql.put.run(subject, collection, name, doc ?? null, id, sequence, content.hash);
    this.sql.addWords.run(row.lastInsertRowid, text);
    return text.length;
  }

  private remove(row: Record<string, unknown> | undefined): void {
    if (row === undefined) return;
    this.sql.dropWords.run(Number(row.rowid));
    this.sql.drop.run(Number(row.rowid));
  }

  /** A newer head is on its way to the index; search will not show this one. */
  private isSuperseded(entry: Entry, doc: string | undefined, sequence: number): boolean {
    const head = doc === undefined ? this.sql.nameHead.get(entry.collection, entry.name) : this.sql.docHead.get(doc);
    return Number(head?.sequence ?? 0) > sequence;
  }

  /** The text of a content; undefined when it has none to index. Throws `Unreadable`. */
  private textOf(content: Content): string | undefined {
    if (content.type.startsWith("inode/")) return undefined;
    const row = this.sql.content.get(content.hash);
    if (row === undefined) throw new Unreadable("the content is not here");
    const path = join(this.dir, "contents", content.hash.slice(0, 2), content.hash);
    let bytes: Uint8Array;
    try {
      if (Number(row.size) > MAX_TEXT_BYTES) {
        if (statSync(path).size !== row.size) throw new Unreadable("the content is damaged");
        return undefined;
      }
      bytes = row.bytes instanceof Uint8Array ? row.bytes : readFileSync(path);
    } catch (error) {
      if (error instanceof Unreadable) throw error;
      throw new Unreadable(`the content cannot be read (${systemCode(error) ?? String(error)})`);
    }
    if (hash("sha256", bytes) !== content.hash) throw new Unreadable("the content is damaged");
    return decodeText(bytes, content.type);
  }
}

/** What a text without document is known by in the index. No entry id holds NUL. */
export function subjectOf(collection: string, name: string): string {
  return `${collection}\0${name}`;
}
