// Entries and heads in SQLite. The protocol of an append is `appendBatch`, top to bottom; the decision about heads is
// `judgeBatch` in heads.ts.

import type { ContentHash, Entry, EntryId } from "../entries/index.ts";
import { assert, HoldfastError } from "../errors.ts";
import { type Candidate, type HeadChanges, type HeadsBefore, judgeBatch, type NameKey, subjectsOf } from "./heads.ts";
import type { AppendResult, Head } from "./protocol.ts";
import type { SqliteContents } from "./sqlite-contents.ts";
import { type DatabaseSync, type StatementSync, sqliteFailure, transaction } from "./sqlite-database.ts";
import type { AppendOutcome, Batch, EntryStorage, Scan, ScanQuery, StoredEntry } from "./storage.ts";

/** Rows that one scan looks at, at the most: bounds what a filter that matches little can cost. */
const SCAN_WINDOW = 20_000;
const MAX_CACHED_WRITERS = 10_000;

export class SqliteEntries implements EntryStorage {
  private readonly db: DatabaseSync;
  private readonly contents: SqliteContents;
  private readonly path: string;
  private readonly onAppended: () => void;
  private readonly sql: Statements;
  private readonly writers = new Map<string, number>();

  constructor(db: DatabaseSync, path: string, contents: SqliteContents, onAppended: () => void) {
    this.db = db;
    this.path = path;
    this.contents = contents;
    this.onAppended = onAppended;
    this.sql = prepareStatements(db);
  }

  async head(): Promise<number> {
    return this.readHead();
  }

  async append(batches: readonly Batch[]): Promise<readonly AppendOutcome[]> {
    let outcomes: AppendOutcome[];
    try {
      outcomes = transaction(this.db, () => batches.map((batch) => this.appendBatch(batch)));
    } catch (error) {
      this.writers.clear(); // ids given in a transaction that is undone mean nothing
      const failure = sqliteFailure(error, this.path);
      if (batches.length === 1) return [{ outcome: "failed", error: failure }];
      // One batch must not take its neighbours down: each on its own.
      const alone: AppendOutcome[] = [];
      for (const batch of batches) alone.push(...(await this.append([batch])));
      return alone;
    }
    if (outcomes.some(({ outcome }) => outcome === "appended")) this.onAppended();
    return outcomes;
  }

  async scan(query: ScanQuery): Promise<Scan> {
    const head = this.readHead();
    if (query.since >= head) return { head, next: Math.max(query.since, 0), entries: [] };
    const until = Math.min(head, query.since + SCAN_WINDOW);
    const filter = query.collections === undefined ? null : JSON.stringify(query.collections);
    const rows = filter === null ? this.sql.scanAll : this.sql.scanFiltered;
    const parameters = filter === null ? [query.since, until, query.limit] : [query.since, until, filter, query.limit];
    const entries: StoredEntry[] = [];
    let loaded = 0;
    for (const row of rows.iterate(...parameters)) {
      const entry = this.entryOf(row as unknown as EntryRow, query.load);
      loaded += entry.content?.length ?? 0;
      if (loaded > query.contentBytes && entries.length > 0) {
        return { head, next: entries.at(-1)?.sequence ?? query.since, entries };
      }
      entries.push(entry);
    }
    const next = entries.length === query.limit ? (entries.at(-1)?.sequence ?? until) : until;
    return { head, next, entries };
  }

  /** The heads of `docs`, for those that are known. */
  docHeads(docs: Iterable<EntryId>): Map<EntryId, Head> {
    const heads = new Map<EntryId, Head>();
    for (const doc of docs) {
      const row = this.sql.doc.get(doc);
      if (row !== undefined) heads.set(doc, headOf(row));
    }
    return heads;
  }

  nameHead(collection: string, name: string): Head | undefined {
    const row = this.sql.name.get(collection, name);
    return row === undefined ? undefined : headOf(row);
  }

  /** Every way out before the first write leaves no trace; so a batch that is refused needs no undoing. */
  private appendBatch({ entries, contents }: Batch): AppendOutcome {
    const head = this.readHead();
    // 1. What was published before keeps its first sequence, and is not judged again.
    const results: AppendResult[] = [];
    const fresh: Candidate[] = [];
    const firstOfKey = new Map<string, AppendResult>();
    for (const [index, entry] of entries.entries()) {
      const key = `${entry.author}${entry.key.n}/${entry.key.writer}`;
      const known = firstOfKey.get(key) ?? this.findByKey(entry);
      if (known !== undefined) {
        results.push({ ...known, repeated: true });
        continue;
      }
      const result = { id: entry.id, sequence: head + fresh.length + 1, repeated: false };
      results.push(result);
      firstOfKey.set(key, result);
      fresh.push({ index, entry, sequence: result.sequence });
    }
    // 2. Every content is here, or comes along, in the size that its entry names.
    const refusal = this.checkContents(fresh, contents);
    if (refusal !== undefined) return refusal;
    // 3. Compare heads.
    const judgement = judgeBatch(fresh, this.headsBefore(fresh));
    if (judgement.verdict === "refused") return { outcome: "conflicts", conflicts: judgement.conflicts };
    // 4. Write.
    for (const [hash, bytes] of contents) this.contents.insertSmall(hash, bytes);
    for (const candidate of fresh) this.insertEntry(candidate);
    this.setHeads(judgement.changes);
    return { outcome: "appended", results, head: head + fresh.length };
  }

  private checkContents(
    fresh: readonly Candidate[],
    contents: ReadonlyMap<ContentHash, Uint8Array>,
  ): AppendOutcome | undefined {
    const missing = new Set<ContentHash>();
    const sizes = new Map<ContentHash, number>();
    for (const { entry, index } of fresh) {
      if (entry.content === null) continue;
      const { hash } = entry.content;
      const size = sizes.get(hash) ?? contents.get(hash)?.length ?? this.contents.sizeOf(hash);
      if (size === undefined) missing.add(hash);
      else if (size !== entry.content.size) return { outcome: "wrong-size", index, size };
      else sizes.set(hash, size);
    }
    return missing.size === 0 ? undefined : { outcome: "missing", hashes: [...missing] };
  }

  private headsBefore(fresh: readonly Candidate[]): HeadsBefore {
    const subjects = subjectsOf(fresh);
    const names = new Map<NameKey, Head>();
    for (const [key, { collection, name }] of subjects.names) {
      const head = this.nameHead(collection, name);
      if (head !== undefined) names.set(key, head);
    }
    return { docs: this.docHeads(subjects.docs), names };
  }

  private setHeads({ docs, names, freed }: HeadChanges): void {
    for (const { collection, name } of freed) this.sql.freeName.run(collection, name);
    for (const { doc, collection, name, entry, sequence, deleted } of docs) {
      this.sql.setDoc.run(doc, collection, name, entry, sequence, deleted ? 1 : 0);
    }
    for (const { doc, collection, name, entry, sequence, deleted } of names) {
      this.sql.setName.run(collection, name, doc, entry, sequence, deleted ? 1 : 0);
    }
  }

  private insertEntry({ entry, sequence }: Candidate): void {
    const { key, kind, clock, collection, name, id, content, block } = entry;
    const writer = this.writerId(entry);
    this.sql.insert.run(
      sequence,
      writer,
      key.n,
      kind,
      clock.wallMs,
      collection,
      name,
      id,
      content?.hash ?? null,
      block,
    );
  }

  private findByKey(entry: Entry): AppendResult | undefined {
    const row = this.sql.byKey.get(entry.author, entry.key.writer, entry.key.n);
    if (row === undefined) return undefined;
    return { id: String(row.id) as EntryId, sequence: Number(row.sequence), repeated: true };
  }

  private writerId({ author, key }: Entry): number {
    const cacheKey = author + key.writer;
    const cached = this.writers.get(cacheKey);
    if (cached !== undefined) return cached;
    this.sql.addWriter.run(author, key.writer);
    const id = Number(this.sql.writer.get(author, key.writer)?.id);
    if (this.writers.size >= MAX_CACHED_WRITERS) this.writers.clear();
    this.writers.set(cacheKey, id);
    return id;
  }

  private entryOf(row: EntryRow, load: ScanQuery["load"]): StoredEntry {
    const { sequence, id, collection, name, kind, author, wallMs, block, content: contentHash } = row;
    const entry = { sequence, id, collection, name, kind, author, wallMs, block, contentHash };
    // Whoever hears of a rename has what was renamed, as a rule; who has not asks for it.
    const wanted = (load === "inline" && kind !== "rename") || (load === "listed" && collection.startsWith("notes/"));
    if (!wanted || contentHash === null) return entry;
    const content = load === "inline" ? this.contents.smallBytes(contentHash) : this.contents.noteBytes(contentHash);
    return content === undefined ? entry : { ...entry, content };
  }

  private readHead(): number {
    const head = Number(this.sql.head.get()?.head);
    assert(Number.isSafeInteger(head) && head >= 0, "the head is a count");
    return head;
  }
}

interface EntryRow {
  readonly sequence: number;
  readonly id: EntryId;
  readonly collection: string;
  readonly name: string;
  readonly kind: Entry["kind"];
  readonly author: string;
  readonly wallMs: number;
  readonly block: Uint8Array;
  readonly content: ContentHash | null;
}

function headOf(row: Record<string, unknown>): Head {
  if (typeof row.entry !== "string") throw new HoldfastError("CORRUPT", "a head without entry");
  return {
    doc: row.doc === null ? null : (String(row.doc) as EntryId),
    entry: row.entry as EntryId,
    sequence: Number(row.sequence),
    collection: String(row.collection),
    name: String(row.name),
    deleted: row.deleted === 1,
  };
}

type Statements = ReturnType<typeof prepareStatements>;

function prepareStatements(
  db: DatabaseSync,
): Record<
  | "head"
  | "byKey"
  | "doc"
  | "name"
  | "insert"
  | "setDoc"
  | "setName"
  | "freeName"
  | "addWriter"
  | "writer"
  | "scanAll"
  | "scanFiltered",
  StatementSync
> {
  const scan = (filter: string): StatementSync =>
    db.prepare(`SELECT sequence, entries.id AS id, collection, name, kind, author, wallMs, block, content
      FROM entries CROSS JOIN writers ON writers.id = entries.writer
      WHERE sequence > ? AND sequence <= ? ${filter} ORDER BY sequence LIMIT ?`);
  return {
    head: db.prepare("SELECT COALESCE(MAX(sequence), 0) AS head FROM entries"),
    byKey: db.prepare(`SELECT entries.id AS id, sequence FROM entries
      WHERE writer = (SELECT id FROM writers WHERE author = ? AND writer = ?) AND n = ?`),
    doc: db.prepare("SELECT * FROM docs WHERE doc = ?"),
    name: db.prepare("SELECT * FROM names WHERE collection = ? AND name = ?"),
    insert: db.prepare("INSERT INTO entries VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"),
    setDoc: db.prepare("INSERT OR REPLACE INTO docs VALUES (?, ?, ?, ?, ?, ?)"),
    setName: db.prepare("INSERT OR REPLACE INTO names VALUES (?, ?, ?, ?, ?, ?)"),
    freeName: db.prepare("DELETE FROM names WHERE collection = ? AND name = ?"),
    addWriter: db.prepare("INSERT OR IGNORE INTO writers (author, writer) VALUES (?, ?)"),
    writer: db.prepare("SELECT id FROM writers WHERE author = ? AND writer = ?"),
    scanAll: scan(""),
    scanFiltered: scan("AND collection IN (SELECT value FROM json_each(?))"),
  };
}
