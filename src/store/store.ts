// The store: versioned artifacts in a workspace's folder, written by many processes at once. Start here, then read
// `write-versions.ts` and `delete-versions.ts`, which hold the two protocols.

import { randomUUID } from "node:crypto";
import {
  checkArtifactName,
  checkCollection,
  DEFAULT_COLLECTION,
  type Entry,
  type EntryId,
  HybridClock,
  type Identity,
  makeEntry,
} from "../entries/index.ts";
import { HoldfastError, whyNotWritable } from "../errors.ts";
import { listVersions } from "./artifact-on-disk.ts";
import { type Arrival, Catalog, type ListedArtifact } from "./catalog.ts";
import type { SealedVersion } from "./catalog-reader.ts";
import { collectionsOnDisk } from "./collections-on-disk.ts";
import { damagedOnDisk } from "./damaged-on-disk.ts";
import { type DeletePlan, deleteVersions } from "./delete-versions.ts";
import type { Draft, Incoming, LockWait, PutOptions, PutResult } from "./drafts.ts";
import { evictVersions } from "./evict-versions.ts";
import { findVersion, notFound, type VersionChoice } from "./find-version.ts";
import { foldJournal, unfoldedArtifacts } from "./fold-journal.ts";
import type { Layout } from "./layout.ts";
import { type ListedVersion, listArtifacts, listVersionsOf, type VersionsNow } from "./list-artifacts.ts";
import { refuseOtherOwner, refuseStaleBase } from "./put-conditions.ts";
import { openReadOnlyCatalog } from "./read-only-catalog.ts";
import { keptRetention } from "./retention.ts";
import { fillCatalog, isFilled, readArtifact, settle } from "./settle.ts";
import { type ContentSource, type StagedContent, Staging, sweepDead } from "./staging.ts";
import { sweepTrash } from "./trash.ts";
import { type ContentAt, readVersionFile, type VersionRecord } from "./version-record.ts";
import { VersionWriter } from "./version-writer.ts";
import { WriteAccess } from "./write-access.ts";
import type { Fence, PendingVersion } from "./write-versions.ts";

const SWEEP_EVERY_MS = 1_000;

export class Store implements Disposable {
  readonly layout: Layout;
  readonly identity: Identity;
  readonly clock = new HybridClock();
  readonly staging: Staging;
  private readonly access: WriteAccess;
  private readonly writer: VersionWriter;
  private openedCatalog: Catalog | undefined;
  private readonly ownKey = randomUUID();
  private writes = 0;
  private sweptMs = Number.NEGATIVE_INFINITY;

  constructor(layout: Layout, identity: Identity) {
    this.layout = layout;
    this.identity = identity;
    this.staging = new Staging(layout.staging);
    this.access = new WriteAccess(
      layout,
      () => this.forgetReplaced(),
      () => this.catalog,
    );
    this.writer = new VersionWriter(this.access, () => ({ layout, catalog: this.catalog, staging: this.staging }));
  }

  [Symbol.dispose](): void {
    this.staging.close();
    this.access.close();
    this.openedCatalog?.close();
    this.openedCatalog = undefined;
  }

  /** Opened at first use: reading one artifact does without it. A copy where the workspace cannot be written. */
  get catalog(): Catalog {
    if (this.openedCatalog === undefined) {
      // Asked first: where only the index file can still be opened, rows would be written of what cannot be.
      const canWrite = whyNotWritable(this.layout.root) === undefined;
      this.openedCatalog = canWrite ? Catalog.open(this.layout.catalogFile) : openReadOnlyCatalog(this.layout);
    }
    return this.openedCatalog;
  }

  /** Looks the catalog over, for whoever keeps a folder by it; a damaged one is made anew. Call before all else. */
  checkCatalog(onSetAside: (path: string, aside: string) => void): void {
    const path = this.layout.catalogFile;
    if (this.openedCatalog !== undefined || whyNotWritable(this.layout.root) !== undefined) return;
    this.openedCatalog = Catalog.open(path, { check: "whole", onSetAside: (aside) => onSetAside(path, aside) });
  }

  /** To be awaited before the first look at what lies here: what only the journals kept over a power loss is put in its place.
   *  Throws `LOCK_TIMEOUT`, `READ_ONLY`, `DISK_FULL`. */
  recovered(wait: LockWait = {}): Promise<void> {
    return this.access.recovered(wait);
  }

  /** The catalog, filled from disk first when it was made anew, with rows of what was saved lately (in the collection `only`).
   *  Call before relying on it to be complete. */
  async readyCatalog(wait: LockWait = {}, only?: string): Promise<Catalog> {
    const catalog = await this.filledCatalog(wait);
    this.foldInReach(catalog, only);
    return catalog;
  }

  /** The catalog, filled from disk first when it was made anew. */
  private async filledCatalog(wait: LockWait): Promise<Catalog> {
    await this.recovered(wait);
    this.forgetReplaced();
    const catalog = this.catalog;
    if (!catalog.isComplete()) {
      for (const collection of collectionsOnDisk(this.layout)) {
        await this.exclusively([collection], wait, async () => {
          if (!isFilled(catalog, collection)) fillCatalog({ layout: this.layout, catalog }, collection);
        });
      }
      catalog.noteDamaged(damagedOnDisk(this.layout, catalog));
      catalog.markComplete();
    }
    return catalog;
  }

  /** Rows of what was saved lately, by whomever. Somebody who is stopped in the middle of a transaction holds up no reader. */
  private foldInReach(catalog: Catalog, only: string | undefined): void {
    if (catalog.isReadOnly) return;
    this.access.foldOwn();
    const behind = unfoldedArtifacts(this.layout, catalog, only).map(({ collection }) => collection);
    if (behind.length === 0) return;
    try {
      catalog.withoutWaiting(() => {
        for (const collection of new Set(behind)) foldJournal(this.layout, catalog, collection);
      });
    } catch {
      // Then it is read from disk.
    }
  }

  /** Another process found the catalog damaged and made it anew. Ours is not closed: somebody may be reading it. */
  private forgetReplaced(): void {
    if (this.openedCatalog?.isReplaced() === true) this.openedCatalog = undefined;
  }

  /** Saves one version. Durable when it resolves. Throws `BAD_NAME`, `NOT_OWNER`, `STALE_BASE`, `LOCK_TIMEOUT`. */
  async put(name: string, source: ContentSource, options: PutOptions = {}): Promise<PutResult> {
    const collection = options.collection ?? DEFAULT_COLLECTION;
    checkCollection(collection);
    checkArtifactName(collection, name);
    this.sweepNowAndThen();
    const staged = await this.staging.stage(source, options);
    const draft: Draft = {
      collection,
      name,
      kind: "put",
      content: { at: staged, type: options.type ?? "application/octet-stream" },
      ...(options.tags === undefined ? {} : { tags: options.tags }),
      ...(options.base === undefined ? {} : { base: options.base }),
      ...(options.key === undefined ? {} : { key: options.key }),
    };
    const refuse = (newest: VersionRecord | undefined): void => {
      if (newest !== undefined && options.takeOver !== "allow") refuseOtherOwner(newest, options.tags?.owner ?? null);
      if (options.base !== undefined) refuseStaleBase(newest, options.base);
    };
    try {
      const record = await this.writer.writeOne(this.pendingOf(draft, refuse), options);
      if (record === undefined) throw new HoldfastError("INTERNAL", "a put wrote nothing");
      return {
        collection,
        name,
        version: record.version,
        hash: staged.hash,
        size: staged.size,
        entry: record.entry.id,
      };
    } finally {
      this.staging.discard(staged.dir);
    }
  }

  /** Writes new versions of one collection, in order, as one batch. `check` may refuse by throwing. */
  async write(
    drafts: readonly Draft[],
    wait: LockWait = {},
    check: (newest: VersionRecord | undefined, draft: Draft) => void = () => {},
  ): Promise<(VersionRecord | undefined)[]> {
    const pending = drafts.map((draft) => this.pendingOf(draft, check));
    return this.writer.write(pending, wait);
  }

  private pendingOf(draft: Draft, check: (newest: VersionRecord | undefined, draft: Draft) => void): PendingVersion {
    return {
      collection: draft.collection,
      name: draft.name,
      ...(draft.content === null ? {} : { content: draft.content.at }),
      entryFor: (newest) => {
        check(newest, draft);
        return this.entryOf(draft, newest);
      },
    };
  }

  /** An entry that is a version here, as it was signed, and where its content lies; also when this process has saved it just
   *  now. */
  sealed(entry: EntryId): SealedVersion | undefined {
    const fresh = this.access.fresh.get(entry);
    return fresh === undefined ? this.catalog.sealed(entry) : { ...fresh, block: fresh.entry.block };
  }

  /** Some version with this content beside it, in whatever collection; also when this process has saved it just now. */
  holderOf(hash: string): VersionRecord | undefined {
    return this.catalog.holderOf(hash) ?? this.freshHolder(({ entry }) => entry.content?.hash === hash);
  }

  /** The same in one collection. */
  holderIn(collection: string, hash: string): VersionRecord | undefined {
    const isIt = ({ entry }: VersionRecord): boolean => entry.collection === collection && entry.content?.hash === hash;
    return this.catalog.contentOf(collection, hash) ?? this.freshHolder(isIt);
  }

  private freshHolder(isIt: (record: VersionRecord) => boolean): VersionRecord | undefined {
    return this.access.fresh.values().find((record) => record.contentAt === undefined && isIt(record));
  }

  hasEntry(entry: EntryId): boolean {
    return this.access.fresh.has(entry) || this.catalog.has(entry);
  }

  /** An entry that is here; also when this process has saved it just now. */
  entryById(entry: EntryId): Entry | undefined {
    return this.access.fresh.get(entry)?.entry ?? this.catalog.entryById(entry);
  }

  /** Takes in entries from elsewhere, verified by the caller. One that is here already is left out (undefined). */
  async adopt(incoming: readonly Incoming[], wait: LockWait = {}): Promise<(VersionRecord | undefined)[]> {
    // Who writes folds in what others have saved in that collection; what is asked before that has to look by itself.
    const needsRows = incoming.some(({ entry, content }) => content === undefined && entry.content !== null);
    const catalog = await (needsRows ? this.readyCatalog(wait) : this.filledCatalog(wait));
    return this.writer.write(
      incoming.map(({ entry, content, version, origin }) => ({
        collection: entry.collection,
        name: entry.name,
        ...(version === undefined ? {} : { atLeast: version }),
        ...(origin === undefined ? {} : { origin }),
        ...this.contentOf(catalog, entry, content),
        entryFor: () => {
          this.clock.witness(entry.clock);
          // The catalog as it is under the lock: it may have been made anew while that was waited for.
          return this.catalog.has(entry.id) ? undefined : entry;
        },
      })),
      wait,
    );
  }

  private contentOf(
    catalog: Catalog,
    entry: Entry,
    staged: StagedContent | undefined,
  ): { content?: StagedContent | ContentAt } {
    if (staged !== undefined) return { content: staged };
    if (entry.content === null) return {};
    const holder = catalog.contentOf(entry.collection, entry.content.hash);
    if (holder === undefined) {
      throw new HoldfastError("CONTENT_MISSING", `the content ${entry.content.hash} of ${entry.name} is not here`);
    }
    return { content: { name: holder.entry.name, version: holder.version } };
  }

  /** Makes and signs the entry of a draft: for the store's own files. */
  entryOf(draft: Draft, newest: VersionRecord | undefined): Entry {
    if (newest !== undefined) this.clock.witness(newest.entry.clock);
    this.writes += 1;
    const { content } = draft;
    return makeEntry(
      {
        collection: draft.collection,
        name: draft.name,
        kind: draft.kind,
        content: content && { hash: content.at.hash, size: content.at.size, type: content.type },
        parents: draft.parents ?? (newest === undefined ? [] : [newest.entry.id]),
        clock: this.clock.tick(),
        tags: draft.kind === "put" ? keptRetention(draft.tags ?? {}, newest?.entry.tags) : (draft.tags ?? {}),
        key: draft.key ?? { writer: this.ownKey, n: this.writes },
        ...(draft.doc === undefined ? {} : { doc: draft.doc }),
        ...(draft.base === undefined ? {} : { base: draft.base }),
        ...(draft.from === undefined ? {} : { from: draft.from }),
        ...(draft.mode === undefined ? {} : { mode: draft.mode }),
      },
      this.identity,
    );
  }

  /** The newest version, or the one asked for by number, entry id, or an unambiguous start of one. Throws `NOT_FOUND`. */
  find(name: string, options: VersionChoice = {}): VersionRecord {
    this.access.requireRecovered();
    return findVersion(readVersionFile, this.layout, name, options);
  }

  /** Ascending, with the artifact's present name. Throws `NOT_FOUND` when there are none. */
  versionsNow(name: string, { collection = DEFAULT_COLLECTION }: { collection?: string } = {}): VersionsNow {
    this.access.requireRecovered();
    checkCollection(collection);
    checkArtifactName(collection, name);
    return listVersionsOf(this.layout, { collection, name });
  }

  versions(name: string, options: { collection?: string } = {}): ListedVersion[] {
    return this.versionsNow(name, options).versions;
  }

  async list(options: { collection?: string; prefix?: string } = {}): Promise<ListedArtifact[]> {
    if (options.collection !== undefined) checkCollection(options.collection);
    const catalog = await this.readyCatalog({}, options.collection);
    return listArtifacts(this.layout, catalog, options);
  }

  /** Removes versions for good: one, or the whole artifact. Throws `NOT_FOUND`. */
  async delete(
    name: string,
    options: { collection?: string; version?: number | string } & LockWait = {},
  ): Promise<{ collection: string; name: string; deleted: number[] }> {
    const collection = options.collection ?? DEFAULT_COLLECTION;
    checkCollection(collection);
    checkArtifactName(collection, name);
    const deleted = await this.exclusively([collection], options, async (fence) => {
      const plan: DeletePlan = {
        collection,
        name,
        choose: () => {
          const all = listVersions(this.layout, collection, name);
          if (all.length === 0) throw notFound(readVersionFile, this.layout, collection, name);
          if (options.version === undefined) return all;
          // By its number a version goes whether it can be read or not.
          const wanted = Number(options.version);
          if (all.includes(wanted)) return [wanted];
          return [this.find(name, { collection, version: options.version }).version];
        },
        entryFor: (removed) =>
          this.entryOf(
            { collection, name, kind: "delete", content: null, parents: removed.map((record) => record.entry.id) },
            removed.at(-1),
          ),
      };
      return deleteVersions({ layout: this.layout, catalog: this.catalog }, plan, fence);
    });
    return { collection, name, deleted };
  }

  /** Removes the versions that a delete from elsewhere names, as far as they are here. */
  async applyDelete(entry: Entry, wait: LockWait = {}): Promise<number[]> {
    const { collection, name } = entry;
    const named = new Set(entry.parents);
    await this.readyCatalog(wait);
    return this.exclusively([collection], wait, async (fence) =>
      deleteVersions(
        { layout: this.layout, catalog: this.catalog },
        {
          collection,
          name,
          choose: () =>
            readArtifact(this.layout, { collection, name })
              .records.filter((record) => named.has(record.entry.id))
              .map((record) => record.version),
          entryFor: () => entry,
        },
        fence,
      ),
    );
  }

  /** Removes versions of one collection from this copy alone, as far as they are here: others hold them. Nobody is told. */
  async evict(collection: string, entries: readonly Entry[], wait: LockWait = {}): Promise<void> {
    const byName = Map.groupBy(entries, ({ name }) => name);
    await this.exclusively([collection], wait, async (fence) => {
      for (const [name, theirs] of byName) {
        const ids = new Set(theirs.map(({ id }) => id));
        evictVersions({ layout: this.layout, catalog: this.catalog }, { collection, name }, ids, fence);
      }
    });
  }

  /** Finishes what writers that died left half-done, so that the order of arrival holds all that is on disk. */
  async settlePending(wait: LockWait = {}): Promise<void> {
    const catalog = await this.readyCatalog(wait);
    const unsettled = [...unfoldedArtifacts(this.layout, catalog), ...catalog.pending()];
    for (const collection of new Set(unsettled.map((key) => key.collection))) {
      await this.access.writing(collection, wait, async (_fence, journal) => {
        journal.complete();
        settle({ layout: this.layout, catalog: this.catalog }, collection);
      });
    }
  }

  async arrivals(after: number, limit: number): Promise<Arrival[]> {
    return (await this.readyCatalog()).arrivals(after, limit);
  }

  /** Runs `body` with the collections' locks held, and all of them flushed in their own place: for the store's own files. */
  exclusively<T>(collections: readonly string[], wait: LockWait, body: (fence: Fence) => Promise<T>): Promise<T> {
    return this.access.exclusively(collections, wait, body);
  }

  /** Runs `body` while nobody else writes in this store, all of it flushed in its own place: for the store's own files. */
  alone<T>(wait: LockWait, body: (fence: Fence) => Promise<T>): Promise<T> {
    return this.access.alone(wait, body);
  }

  /** Each time would take a tenth of the time of a small save. */
  private sweepNowAndThen(): void {
    if (performance.now() - this.sweptMs < SWEEP_EVERY_MS) return;
    this.sweep();
    this.sweptMs = performance.now();
  }

  /** Removes what dead processes left in staging and trash. */
  sweep(): void {
    sweepDead(this.layout.staging);
    sweepTrash(this.layout);
  }
}
