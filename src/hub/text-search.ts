// The hub's side of the text index: starts the indexing thread, answers states and searches, and has the index made anew
// when it turns out damaged.

import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { Worker } from "node:worker_threads";
import type { EntryId } from "../entries/index.ts";
import type { DocumentStatus, SearchResult } from "./protocol.ts";
import { busy } from "./request-body.ts";
import type { SqliteContents } from "./sqlite-contents.ts";
import type { SqliteEntries } from "./sqlite-entries.ts";
import type { SearchQuery, TextSearch } from "./storage.ts";
import { type HubHistory, openIndexFile, removeIndexFile } from "./text-index-file.ts";
import { decodeText, linesOfEach, MAX_TEXT_BYTES, matchAll, matchingLines, queryWords } from "./text-lines.ts";

/** Documents that one search looks into. */
const MAX_MATCHES = 1_000;
/** The index is made anew at most this often, ms. */
const REBUILD_EVERY_MS = 5_000;

// The published package holds .js; `import.meta.url` says which of both this is.
const WORKER = new URL(
  import.meta.url.endsWith(".ts") ? "./text-index-worker.ts" : "./text-index-worker.js",
  import.meta.url,
);

export class SqliteTextSearch implements TextSearch {
  private readonly dir: string;
  private readonly entries: SqliteEntries;
  private readonly contents: SqliteContents;
  private readonly history: () => HubHistory;
  private index: DatabaseSync;
  private worker: Worker | undefined;
  private rebuiltAtMs = Number.NEGATIVE_INFINITY;
  private rebuildLater: NodeJS.Timeout | undefined;
  private isClosed = false;

  constructor(dir: string, entries: SqliteEntries, contents: SqliteContents, history: () => HubHistory) {
    this.dir = dir;
    this.entries = entries;
    this.contents = contents;
    this.history = history;
    this.index = openIndexFile(this.path, history());
    this.startWorker();
  }

  /** There may be something new to index. */
  wake(): void {
    this.worker?.postMessage("wake");
  }

  async status(docs: readonly EntryId[]): Promise<DocumentStatus[]> {
    const heads = [...this.entries.docHeads(new Set(docs))].map(([doc, { entry, sequence }]) => ({
      doc,
      entry,
      sequence,
    }));
    return this.rebuilding(
      () => {
        const { indexedTo, indexingTo } = this.progress();
        const failed = this.index.prepare("SELECT reason FROM failed WHERE sequence = ?");
        return heads.map((head) => {
          if (head.sequence > indexedTo) return { ...head, state: head.sequence <= indexingTo ? "indexing" : "queued" };
          const failure = failed.get(head.sequence);
          return failure === undefined
            ? { ...head, state: "done" }
            : { ...head, state: "failed", reason: String(failure.reason) };
        });
      },
      // Without an index, all of them wait for one.
      () => heads.map((head) => ({ ...head, state: "queued" })),
    );
  }

  async search(query: SearchQuery): Promise<SearchResult[]> {
    const words = queryWords(query.words);
    if (words.length === 0) return [];
    const results: SearchResult[] = [];
    const linesEach = linesOfEach(query.limit);
    for (const match of this.found(words, query)) {
      if (results.length >= query.limit) break;
      if (!this.isHead(match)) continue;
      const text = await this.textOf(match.content);
      if (text === undefined) continue;
      const { collection, name, doc, entry, score } = match;
      for (const line of matchingLines(text, words, Math.min(linesEach, query.limit - results.length))) {
        results.push({ collection, name, doc, entry, ...line, score });
      }
    }
    return results;
  }

  async close(): Promise<void> {
    this.isClosed = true;
    clearTimeout(this.rebuildLater);
    await this.stopWorker();
    if (this.index.isOpen) this.index.close();
  }

  private get path(): string {
    return join(this.dir, "index.db");
  }

  private found(words: readonly string[], query: SearchQuery): Match[] {
    return this.rebuilding(
      () => this.matches(words, query),
      () => {
        throw busy("its text index is being made anew");
      },
    );
  }

  private matches(words: readonly string[], { prefix, collection }: SearchQuery): Match[] {
    const folder = prefix?.replace(/\/+$/, "");
    const rows = this.index
      .prepare(`SELECT documents.*, -bm25(words) AS score FROM words JOIN documents ON documents.rowid = words.rowid
        WHERE words MATCH ?1 AND (?2 IS NULL OR name = ?2 OR substr(name, 1, length(?2) + 1) = ?2 || '/')
        AND (?3 IS NULL OR collection = ?3) ORDER BY bm25(words), documents.rowid LIMIT ?4`)
      .all(matchAll(words), folder === undefined || folder === "" ? null : folder, collection ?? null, MAX_MATCHES);
    return rows as unknown as Match[];
  }

  private isHead({ doc, collection, name, entry }: Match): boolean {
    const head = doc === null ? this.entries.nameHead(collection, name) : this.entries.docHeads([doc]).get(doc);
    return head !== undefined && head.entry === entry && !head.deleted;
  }

  private async textOf(hash: string): Promise<string | undefined> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of (await this.contents.read(hash, 0, MAX_TEXT_BYTES)) ?? []) chunks.push(chunk);
    return decodeText(Buffer.concat(chunks), "text/plain");
  }

  private progress(): { indexedTo: number; indexingTo: number } {
    const rows = this.index.prepare("SELECT key, value FROM meta WHERE key IN ('indexedTo', 'indexingTo')").all();
    const values = new Map(rows.map(({ key, value }) => [String(key), Number(value)]));
    return { indexedTo: values.get("indexedTo") ?? 0, indexingTo: values.get("indexingTo") ?? 0 };
  }

  /** What `body` answers; with an index made anew if the present one fails; else what `otherwise` does. */
  private rebuilding<T>(body: () => T, otherwise: () => T): T {
    try {
      return body();
    } catch {
      return this.rebuild() ? body() : otherwise();
    }
  }

  /** Makes the index anew; false when that has to wait. A disk that is full now may have room later, so it never gives up. */
  private rebuild(): boolean {
    if (this.isClosed) return false;
    const waitMs = this.rebuiltAtMs + REBUILD_EVERY_MS - performance.now();
    if (waitMs <= 0) {
      this.rebuiltAtMs = performance.now();
      void this.stopWorker();
      try {
        if (this.index.isOpen) this.index.close();
        removeIndexFile(this.path);
        this.index = openIndexFile(this.path, this.history());
        this.startWorker();
        return true;
      } catch {
        // Tried again below.
      }
    }
    this.rebuildLater ??= setTimeout(
      () => {
        this.rebuildLater = undefined;
        this.rebuild();
      },
      Math.max(waitMs, REBUILD_EVERY_MS),
    ).unref();
    return false;
  }

  private startWorker(): void {
    const worker = new Worker(WORKER, { workerData: { dir: this.dir } });
    worker.unref();
    worker.on("error", () => {
      if (this.worker === worker) this.rebuild();
    });
    this.worker = worker;
    this.wake();
  }

  private async stopWorker(): Promise<void> {
    const worker = this.worker;
    if (worker === undefined) return;
    this.worker = undefined;
    const gone = new Promise<void>((resolve) => worker.once("exit", () => resolve()));
    worker.ref(); // a program with nothing else to do still waits for it
    worker.postMessage("close");
    await gone;
  }
}

interface Match {
  readonly collection: string;
  readonly name: string;
  readonly doc: EntryId | null;
  readonly entry: EntryId;
  readonly content: string;
  readonly score: number;
}
