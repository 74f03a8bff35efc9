// The protocol by which versions come to be. Read it top to bottom; the order of its steps is the promise (STORE-20 to 23).
//
//   1  stage      the content lies complete in staging, in a directory that no reader looks at (before the lock)
//   2  lock       the collection's lock: version numbers of one collection are given by one writer at a time
//   3  settle     what a writer that died left half-done in this collection is finished first
//   4  number     one above every number this artifact ever gave, deleted ones included
//   5  describe   version.json joins the content in staging
//   6  flush      what is small goes into the collection's journal, flushed: from here on it survives a power loss
//                 (journal.ts). What is not is flushed in its own place: content, version.json and their directory
//   7  note       what is in no journal: the catalog remembers which artifacts are about to change
//   8  publish    still the lock's holder? one rename: a reader sees all of the version or nothing
//   9  flush      the names of what is in no journal; only now is the save acknowledged
//  10  catalog    rows in, notes out, in one transaction; of what is in the journal, a moment later and many at once
//
// A crash before 8 leaves staging, which the next sweep removes; a crash after 8 leaves a note, or a line in the journal beyond
// what is folded in (fold-journal.ts), which step 3 or any reader turns into the right rows.

import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { scopeOfCollection } from "../coordination/index.ts";
import type { Entry } from "../entries/index.ts";
import { assert, type HoldfastError, isHoldfastError } from "../errors.ts";
import { listVersions, readVersion } from "./artifact-on-disk.ts";
import type { Catalog } from "./catalog.ts";
import { readDeleted } from "./deleted-file.ts";
import { flush } from "./durable.ts";
import { finishRename } from "./finish-rename.ts";
import type { Journal } from "./journal.ts";
import type { JournaledVersion } from "./journal-record.ts";
import type { Layout } from "./layout.ts";
import { existsUnlinked } from "./no-links.ts";
import { publish, type StagedVersion, withdrawIfOvertaken } from "./publish-version.ts";
import { settle } from "./settle.ts";
import type { StagedContent, Staging } from "./staging.ts";
import { type ContentAt, formatVersionFile, readVersionFile, type VersionRecord } from "./version-record.ts";

/** A version about to be written. */
export interface PendingVersion {
  readonly collection: string;
  readonly name: string;
  /** Its bytes, or where they already lie; neither for a delete. */
  readonly content?: StagedContent | ContentAt;
  /** Numbers below this are left free. */
  readonly atLeast?: number;
  /** Of a renamed version: the entry with which its content was first saved. */
  readonly origin?: Entry;
  /** Makes the entry once the artifact's newest version is known, under the lock. Undefined: write nothing after all.
   *  What it throws refuses the whole batch, of which nothing is then written. */
  entryFor(newest: VersionRecord | undefined): Entry | undefined;
}

/** What the protocol works on. */
export interface WriterParts {
  readonly layout: Layout;
  readonly catalog: Catalog;
  readonly staging: Staging;
  /** The collection's. */
  readonly journal: Journal;
}

/** Proof that the lock is held, asked for right before the irrevocable step. */
export interface Fence {
  /** Throws `LOCK_LOST` when the lock was taken over while this process was stopped. */
  assertHeld(): void;
}

/** And which hold it is. */
export interface NumberedFence extends Fence {
  /** The fencing token of each lock, by scope. */
  readonly generations: ReadonlyMap<string, number>;
}

/** Versions handled between two turns of the event loop: keeps a long batch from holding up everything else. */
const SLICE = 32;

interface Planned extends StagedVersion {
  readonly index: number;
  /** Its content, where that is in memory. */
  readonly bytes: Uint8Array | undefined;
  /** The text of its version.json. */
  readonly file: string;
}

/** Told of a version that could not be written, by its place in the batch. */
export type Refuse = (index: number, error: unknown) => void;

/**
 * Steps 3 to 10 for versions of one collection; the caller holds its lock. Returns, in the order of `pending`, what was
 * written, with undefined where `entryFor` declined. With `refuse`, what goes wrong with one version is told to it and
 * concerns that one only; else it is thrown, and refuses the whole batch.
 */
export async function writeVersions(
  parts: WriterParts,
  collection: string,
  pending: readonly PendingVersion[],
  fence: NumberedFence,
  refuse?: Refuse,
): Promise<(VersionRecord | undefined)[]> {
  const { layout, catalog, journal } = parts;
  const isAlone = refuse === undefined;
  // Who comes by itself may ask the catalog what is here.
  if (isAlone) journal.complete();
  settle(parts, collection);

  const refused = refuse ?? rethrow;
  const planned = await planAll(parts, collection, pending, refused);
  const written = new Array<VersionRecord | undefined>(pending.length).fill(undefined);
  if (planned.length === 0) return written;

  const isJournaled = await flushAhead(parts, collection, planned, fence);
  try {
    const note = isJournaled ? undefined : catalog.begin(planned.map(({ record }) => record.entry));
    const changedDirs = new Set<string>();
    const failures = await publishAll(parts, planned, fence, changedDirs, refused);
    for (const { index, record } of planned) if (!failures.has(index)) written[index] = record;
    const published = written.filter((record) => record !== undefined);
    if (note === undefined) {
      await endJournaled(parts, collection, planned, fence, failures.size === 0);
    } else {
      await flush([...changedDirs], layout.data);
      catalog.commit(published, note);
    }
  } catch (error) {
    // What that throws is of less concern than why it came to this.
    if (isJournaled) await endJournaled(parts, collection, planned, fence, false).catch(() => {});
    throw error;
  }
  if (isAlone && isJournaled) journal.completeOwn();
  return written;
}

/** `planned` stand in the journal. What of them was not published goes from there, and comes with no power loss. */
async function endJournaled(
  { layout, catalog, journal }: WriterParts,
  collection: string,
  planned: readonly Planned[],
  fence: Fence,
  isWhole: boolean,
): Promise<void> {
  const isLost = lossOf(fence) !== undefined;
  const all = planned.map(({ record }) => record);
  // Also what was refused when it had its name already.
  const published = isWhole ? all : all.filter((record) => existsSync(placeOf(layout, record)));
  if (isLost || !isWhole) await flushPublished(layout, collection, published);
  if (isLost) {
    // What stood in the journal may be folded in by now, and was not there then.
    catalog.begin(all.map(({ entry }) => entry));
    return;
  }
  if (isWhole || (await journal.keepOnly(published))) journal.published(published);
}

/** Step 6. True when the versions stand in the journal. */
async function flushAhead(
  { layout, journal }: WriterParts,
  collection: string,
  planned: readonly Planned[],
  fence: NumberedFence,
): Promise<boolean> {
  if (journal.takes(planned.length, bytesOf(planned))) {
    const generation = fence.generations.get(scopeOfCollection(collection)) ?? Math.max(...fence.generations.values());
    await journal.append(generation, planned.map(journaled));
    return true;
  }
  await journal.checkpoint(); // what is flushed from here on may stand in directories that only the journal knows of
  const staged = planned.flatMap(({ record, dir }) => filesOf(record, dir));
  await flush(staged, layout.staging);
  return false;
}

/** Step 8. Returns the places in the batch of those that were refused. */
async function publishAll(
  parts: WriterParts,
  planned: readonly Planned[],
  fence: Fence,
  changedDirs: Set<string>,
  refused: Refuse,
): Promise<ReadonlySet<number>> {
  const failures = new Set<number>();
  const failedNames = new Map<string, unknown>();
  let lost: HoldfastError | undefined;
  for (const [count, version] of planned.entries()) {
    const { index, record } = version;
    const { name } = record.entry;
    if (count > 0 && count % SLICE === 0) await nextTurn();
    try {
      if (count % SLICE === 0) lost ??= lossOf(fence); // guard: fencing
      if (lost !== undefined) throw lost;
      // Its parent did not come to be.
      if (failedNames.has(name)) throw failedNames.get(name);
      publish(parts, version, changedDirs);
      withdrawIfOvertaken(parts.layout, record);
    } catch (error) {
      failures.add(index);
      failedNames.set(name, error);
      refused(index, error);
    }
  }
  return failures;
}

function rethrow(_index: number, error: unknown): never {
  throw error;
}

/** Steps 4 and 5. */
async function planAll(
  parts: WriterParts,
  collection: string,
  pending: readonly PendingVersion[],
  refused: Refuse,
): Promise<Planned[]> {
  const planned: Planned[] = [];
  const newest = new Map<string, VersionRecord>();
  for (const [index, item] of pending.entries()) {
    assert(item.collection === collection, "a batch is of one collection");
    if (index % SLICE === SLICE - 1) await nextTurn();
    try {
      const version = plan(parts, item, newest.get(item.name));
      if (version === undefined) continue;
      planned.push({ ...version, index });
      newest.set(item.name, version.record);
    } catch (error) {
      refused(index, error);
    }
  }
  return planned;
}

/** `earlier` is the newest version of its artifact in this very batch. */
function plan(
  parts: WriterParts,
  item: PendingVersion,
  earlier: VersionRecord | undefined,
): Omit<Planned, "index"> | undefined {
  const { layout, staging } = parts;
  const { collection, name, content, origin } = item;
  // Most artifacts that have no version here have no folder either.
  const isThere = earlier === undefined && existsUnlinked(layout.artifactDir(collection, name));
  const onDisk = isThere ? listVersions(layout, collection, name) : [];
  // Else there would be no telling which numbers were given under this name.
  if (isThere && onDisk.length === 0) finishRename(parts, { collection, name });
  const before = earlier ?? newestOf(layout, collection, name, onDisk);
  const entry = item.entryFor(before);
  if (entry === undefined) return undefined;
  const { floor: deleted } = readDeleted(layout, collection, name);
  const floor = Math.max(before?.version ?? 0, onDisk.at(-1) ?? 0, deleted, (item.atLeast ?? 1) - 1);
  const staged = content !== undefined && "dir" in content ? content : undefined;
  const contentAt = content !== undefined && "version" in content ? content : undefined;
  const record: VersionRecord = {
    version: floor + 1,
    entry,
    ...(origin === undefined ? {} : { origin }),
    ...(contentAt === undefined ? {} : { contentAt }),
  };
  const dir = staged?.dir ?? staging.newDir();
  const file = formatVersionFile(record);
  writeFileSync(join(dir, "version.json"), file);
  return { record, dir, file, bytes: staged?.bytes, isFirst: floor === 0 };
}

function bytesOf(planned: readonly Planned[]): number {
  return planned.reduce((sum, { record }) => sum + (hasOwnContent(record) ? (record.entry.content?.size ?? 0) : 0), 0);
}

function hasOwnContent({ contentAt, entry }: VersionRecord): boolean {
  return contentAt === undefined && entry.content !== null;
}

function journaled({ record, dir, file, bytes }: Planned): JournaledVersion {
  const { entry, version } = record;
  if (!hasOwnContent(record)) return { name: entry.name, version, file };
  return { name: entry.name, version, file, content: base64Of(bytes ?? readFileSync(join(dir, "content"))) };
}

function base64Of(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64");
}

function placeOf(layout: Layout, { entry, version }: VersionRecord): string {
  return layout.versionDir(entry.collection, entry.name, version);
}

function filesOf(record: VersionRecord, dir: string): string[] {
  return [...(hasOwnContent(record) ? [join(dir, "content")] : []), join(dir, "version.json"), dir];
}

/** What tells that the lock is lost. */
function lossOf(fence: Fence): HoldfastError | undefined {
  try {
    fence.assertHeld();
    return undefined;
  } catch (error) {
    if (isHoldfastError(error, "LOCK_LOST")) return error;
    throw error;
  }
}

/**
 * Whoever lost the lock after its last look at it may have published what a checkpoint of its successor's found in the journal
 * and not yet in its place: then nothing keeps it, and it is flushed in its own place. guard: journal-lost
 */
async function flushPublished(layout: Layout, collection: string, records: readonly VersionRecord[]): Promise<void> {
  const artifactDirs = new Set(records.map((record) => dirname(placeOf(layout, record))));
  const files = records.flatMap((record) => filesOf(record, placeOf(layout, record)));
  await flush([...files, ...artifactDirs, layout.collectionDir(collection), layout.data], layout.data);
}

/** The newest version that can be read: its owner is asked, and it is the next one's parent. A damaged one is reported to
 *  whoever reads it; it does not keep anybody from saving. */
function newestOf(
  layout: Layout,
  collection: string,
  name: string,
  versions: readonly number[],
): VersionRecord | undefined {
  for (const version of versions.toReversed()) {
    try {
      return readVersion(readVersionFile, layout, collection, name, version);
    } catch (error) {
      if (!isHoldfastError(error, "CORRUPT")) throw error;
    }
  }
  return undefined;
}
