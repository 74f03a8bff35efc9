// What changes in a workspace's store, as it comes, whichever process does it: none left out, none told twice.
//
// The catalog gives every entry that comes in a number, ever higher, when it is written down; this follows those numbers. A
// catalog that is made anew numbers all of them anew, so which entries are known is kept here, too. A watch on the
// workspace's folder wakes it, and where there is none, a look every second does.

import { Doorbell } from "../coordination/doorbell.ts";
import { type Author, checkCollection, type Entry, type EntryId, type EntryKind } from "../entries/index.ts";
import { HoldfastError, isHoldfastError, whyNotWritable } from "../errors.ts";
import type { Catalog } from "./catalog.ts";
import { makeCatalogAnew } from "./catalog-check.ts";
import { readDeletedIfSound } from "./deleted-file.ts";
import { unfoldedArtifacts } from "./fold-journal.ts";
import { readArtifact } from "./settle.ts";
import type { Store } from "./store.ts";
import { createdAt } from "./version-record.ts";

/** How long nothing may come before it is looked whether something has, ms. */
const POLL_MS = 1_000;
/** Entries looked at in one go. */
const PAGE = 500;
/** How long a writer that may be alive is waited for when one that died left something half-done, ms. */
const SETTLE_MS = 200;

export interface WatchOptions {
  /** Default: all. */
  readonly collection?: string;
  /** Only names that start so. */
  readonly prefix?: string;
  /** Ends it. */
  readonly signal?: AbortSignal;
  /** Called once, when everything that is acknowledged from then on will be told. */
  readonly onReady?: () => void;
}

/** A version that came, or versions that went. */
export interface Change {
  readonly kind: EntryKind;
  readonly collection: string;
  readonly name: string;
  /** Null where versions went. */
  readonly version: number | null;
  /** The versions that went. One that came and went within a moment is told by this alone. */
  readonly deleted: readonly number[];
  readonly entry: EntryId;
  /** Empty where versions went. */
  readonly hash: string;
  /** Bytes. */
  readonly size: number;
  readonly type: string;
  readonly author: Author;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly tags: Readonly<Record<string, string>>;
}

/** Ends when `signal` fires. Throws `READ_ONLY` and its like where the workspace cannot be written: nobody does, either. */
export async function* watchChanges(store: Store, options: WatchOptions = {}): AsyncGenerator<Change, void, undefined> {
  const { collection, prefix = "", signal } = options;
  if (collection !== undefined) checkCollection(collection);
  const refusal = whyNotWritable(store.layout.root);
  if (refusal !== undefined) throw refusal;
  // Hung up first: what comes from here on rings.
  const bell = new Doorbell(store.layout.root, (name) => name?.startsWith("catalog.db") ?? true);
  try {
    const follower = new Follower(store, signal);
    await follower.start();
    options.onReady?.();
    while (signal?.aborted !== true) {
      const changes = await follower.next();
      for (const change of changes ?? []) {
        const isWanted = collection === undefined || change.collection === collection;
        if (isWanted && change.name.startsWith(prefix)) yield change;
      }
      if (changes !== undefined) continue;
      const sinceMs = performance.now();
      await bell.wait(POLL_MS, signal);
      // Not while something comes: waiting for a lock would hold up the telling of it.
      if (performance.now() - sinceMs >= POLL_MS * 0.9) await follower.finishForTheDead();
    }
  } catch (error) {
    if (signal?.aborted !== true) throw error;
  } finally {
    bell.close();
  }
}

class Follower {
  private readonly store: Store;
  private readonly wait: { readonly signal?: AbortSignal };
  /** Every entry that needs no telling. */
  private readonly known = new Set<EntryId>();
  private incarnation = "";
  private after = 0;
  /** Artifacts that a writer was at work on when it was looked last. */
  private atWork = "";

  constructor(store: Store, signal: AbortSignal | undefined) {
    this.store = store;
    this.wait = signal === undefined ? {} : { signal };
  }

  /** What there is now needs no telling. */
  async start(): Promise<void> {
    for (;;) {
      const rows = await this.page();
      if (rows === undefined) {
        this.knowUnfolded();
        return;
      }
      for (const { entry } of rows) this.known.add(entry);
    }
  }

  /** What has no rows yet, as while somebody is stopped in the middle of writing them. */
  private knowUnfolded(): void {
    const { layout, catalog } = this.store;
    for (const key of unfoldedArtifacts(layout, catalog)) {
      for (const { entry } of readArtifact(layout, key).records) this.known.add(entry.id);
    }
  }

  /** What came next; undefined when nothing has. */
  async next(): Promise<Change[] | undefined> {
    const rows = await this.page();
    return rows?.flatMap(({ entry: id, version }) => {
      if (this.known.has(id)) return [];
      this.known.add(id);
      const entry = this.store.catalog.entryById(id);
      if (entry === undefined) return []; // deleted meanwhile, which is told next
      // Should one of them be brought back, that is news.
      if (version === null) for (const parent of entry.parents) this.known.delete(parent);
      return [this.changeOf(entry, version)];
    });
  }

  /** A writer that died may have left a version that is there and not written down: that is finished, as any writer would. */
  async finishForTheDead(): Promise<void> {
    const catalog = await this.catalog();
    const pending = [...catalog.pending(), ...unfoldedArtifacts(this.store.layout, catalog)];
    const before = this.atWork;
    this.atWork = JSON.stringify(pending);
    if (pending.length === 0 || this.atWork !== before) return;
    try {
      await this.store.settlePending({ ...this.wait, lockTimeoutMs: SETTLE_MS });
    } catch (error) {
      // Then somebody is alive, and at it.
      if (!isHoldfastError(error, "LOCK_TIMEOUT")) throw error;
    }
  }

  private async page(): Promise<{ arrival: number; version: number | null; entry: EntryId }[] | undefined> {
    const catalog = await this.catalog();
    if (catalog.incarnation !== this.incarnation) {
      this.incarnation = catalog.incarnation;
      this.after = 0;
    }
    try {
      const rows = catalog.arrivalRows(this.after, PAGE);
      const last = rows.at(-1);
      if (last === undefined) return undefined;
      this.after = last.arrival;
      return rows;
    } catch (error) {
      if (!(error instanceof HoldfastError) || error.code !== "CORRUPT") throw error;
      // Found damaged in use. Whoever is first has it made anew.
      if (!catalog.isReplaced()) await makeCatalogAnew(this.store, this.wait);
      return [];
    }
  }

  private catalog(): Promise<Catalog> {
    return this.store.readyCatalog(this.wait);
  }

  private changeOf(entry: Entry, version: number | null): Change {
    const { collection, name, kind, content, author, tags } = entry;
    const { deletions } =
      version === null ? readDeletedIfSound(this.store.layout, collection, name) : { deletions: [] };
    const deleted = deletions.find((deletion) => deletion.entry.id === entry.id)?.versions ?? [];
    const { hash, size, type } = content ?? { hash: "", size: 0, type: "" };
    const made = createdAt(entry);
    return {
      kind,
      collection,
      name,
      version,
      deleted,
      entry: entry.id,
      hash,
      size,
      type,
      author,
      createdAt: made,
      tags,
    };
  }
}
