// The protocol by which versions come to be. Read it top to bottom; the order of its steps is the promise (STORE-20 to 23).
//
//   1  stage      the content lies complete in staging, in a directory that no reader looks at (before the lock)
//   2  lock       the collection's lock: version numbers of one collection are given by one writer at a time
//   3  settle     what a writer that died left half-done in this collection is finished first
//   4  number     one above every number this artifact ever gave, deleted ones included
//   5  describe   version.json joins the content in staging
//   6  flush      content, version.json and their directory survive a power loss from here on
//   7  note       the catalog remembers which artifacts are about to change
//   8  publish    still the lock's holder? one rename: a reader sees all of the version or nothing
//   9  flush      the name survives a power loss from here on; only now is the save acknowledged
//  10  catalog    rows in, notes out, in one transaction
//
// A crash before 8 leaves staging, which the next sweep removes; a crash after 8 leaves a note, which step 3 or any
// reader turns into the right rows.

import { linkSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Entry } from "../entries/index.ts";
import { assert, HoldfastError, isHoldfastError, systemCode } from "../errors.ts";
import { listVersions, readVersion } from "./artifact-on-disk.ts";
import type { Catalog } from "./catalog.ts";
import { readDeleted } from "./deleted-file.ts";
import { flush, replaceFile } from "./durable.ts";
import { finishRename } from "./finish-rename.ts";
import { encodeName, isHashedName, type Layout } from "./layout.ts";
import { moveAway } from "./remove-versions.ts";
import { settle } from "./settle.ts";
import type { StagedContent, Staging } from "./staging.ts";
import { placeInTrash } from "./trash.ts";
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
}

/** Proof that the lock is held, asked for right before the irrevocable step. */
export interface Fence {
  /** Throws `LOCK_LOST` when the lock was taken over while this process was stopped. */
  assertHeld(): void;
}

/** Versions handled between two turns of the event loop: keeps a long batch from holding up everything else. */
const SLICE = 32;

interface Planned {
  readonly index: number;
  readonly record: VersionRecord;
  readonly dir: string;
  readonly isFirst: boolean;
}

/**
 * Steps 3 to 10 for versions of one collection; the caller holds its lock. Returns, in the order of `pending`, what was
 * written, with undefined where `entryFor` declined.
 */
export async function writeVersions(
  parts: WriterParts,
  collection: string,
  pending: readonly PendingVersion[],
  fence: Fence,
): Promise<(VersionRecord | undefined)[]> {
  const { layout, catalog } = parts;
  settle(parts, collection);

  const planned: Planned[] = [];
  const newest = new Map<string, VersionRecord | undefined>();
  for (const [index, item] of pending.entries()) {
    assert(item.collection === collection, "a batch is of one collection");
    if (index % SLICE === SLICE - 1) await nextTurn();
    const onDisk = newest.has(item.name) ? [] : listVersions(layout, collection, item.name);
    // Else there would be no telling which numbers were given under this name.
    if (onDisk.length === 0 && !newest.has(item.name)) finishRename(parts, { collection, name: item.name });
    const before = newest.get(item.name) ?? newestOf(layout, collection, item.name, onDisk);
    const entry = item.entryFor(before);
    if (entry === undefined) continue;
    const { floor: deleted } = readDeleted(layout, collection, item.name);
    const floor = Math.max(before?.version ?? 0, onDisk.at(-1) ?? 0, deleted, (item.atLeast ?? 1) - 1);
    const staged = item.content !== undefined && "dir" in item.content ? item.content : undefined;
    const contentAt = item.content !== undefined && "version" in item.content ? item.content : undefined;
    const { origin } = item;
    const record: VersionRecord = {
      version: floor + 1,
      entry,
      ...(origin === undefined ? {} : { origin }),
      ...(contentAt === undefined ? {} : { contentAt }),
    };
    const dir = staged?.dir ?? parts.staging.newDir();
    writeFileSync(join(dir, "version.json"), formatVersionFile(record));
    planned.push({ index, record, dir, isFirst: floor === 0 });
    newest.set(item.name, record);
  }
  const written = new Array<VersionRecord | undefined>(pending.length).fill(undefined);
  if (planned.length === 0) return written;

  const toFlush = planned.flatMap(({ dir, record }) => [
    ...(record.contentAt === undefined && record.entry.content !== null ? [join(dir, "content")] : []),
    join(dir, "version.json"),
    dir,
  ]);
  await flush(toFlush, layout.staging);

  const note = catalog.begin(planned.map(({ record }) => record.entry));
  const changedDirs = new Set<string>();
  for (const [count, { index, record, dir, isFirst }] of planned.entries()) {
    if (count % SLICE === 0) {
      if (count > 0) await nextTurn();
      fence.assertHeld();
    }
    publish(parts, record, dir, isFirst, changedDirs);
    withdrawIfOvertaken(layout, record);
    written[index] = record;
  }
  await flush([...changedDirs], layout.data);
  catalog.commit(
    planned.map(({ record }) => record),
    note,
  );
  return written;
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

function makeArtifactDir(
  layout: Layout,
  artifactDir: string,
  name: string,
  changed: Set<string>,
  collection: string,
): void {
  mkdirSync(artifactDir, { recursive: true });
  // Flushed: without it nobody knows whose versions these are.
  if (isHashedName(encodeName(name))) replaceFile(join(artifactDir, "name"), name);
  changed.add(layout.collectionDir(collection));
  changed.add(layout.data);
}

function publish(
  { layout, staging }: WriterParts,
  record: VersionRecord,
  dir: string,
  isFirst: boolean,
  changed: Set<string>,
): void {
  const { collection, name } = record.entry;
  const artifactDir = layout.artifactDir(collection, name);
  const target = join(artifactDir, String(record.version));
  if (isFirst) makeArtifactDir(layout, artifactDir, name, changed, collection);
  try {
    renameSync(dir, target);
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOTEMPTY" || code === "EEXIST") throw overtaken(record, error);
    if (code !== "ENOENT") throw error;
    // The first version after all were deleted.
    makeArtifactDir(layout, artifactDir, name, changed, collection);
    renameSync(dir, target);
  }
  changed.add(artifactDir);
  const latest = join(artifactDir, "latest");
  // Nobody reads `latest` to decide anything, so it need not survive a power loss, only never be seen half-written.
  if (isFirst) writeFirstLatest(staging, latest, String(record.version));
  else replaceFile(latest, String(record.version), { durable: false });
}

/**
 * Whoever lost the lock after its last look at it may publish a number that another has given meanwhile, and deleted again:
 * then the rename finds its place free. That delete has written down how far numbers were given, before it removed anything.
 * guard: overtaken
 */
function withdrawIfOvertaken(layout: Layout, record: VersionRecord): void {
  const { collection, name } = record.entry;
  if (readDeleted(layout, collection, name).floor < record.version) return;
  const trash = placeInTrash(layout);
  moveAway(layout.versionDir(collection, name, record.version), trash);
  rmSync(trash, { recursive: true, force: true });
  throw overtaken(record);
}

function overtaken({ version, entry }: VersionRecord, cause?: unknown): HoldfastError {
  const message = `version ${version} of ${entry.name} was given by another process while this one had lost its lock`;
  return new HoldfastError("LOCK_LOST", message, { hint: "Nothing of it was saved. Save again.", cause });
}

/** Most artifacts start with the same number, so one file serves them all: it is only ever replaced by another. */
function writeFirstLatest(staging: Staging, latest: string, version: string): void {
  try {
    linkSync(staging.sharedText(version), latest);
  } catch (error) {
    // No links here, or as many as one file can have: then a file of its own, and another to link from.
    if (systemCode(error) === "EMLINK") staging.retireSharedText(version);
    replaceFile(latest, version, { durable: false });
  }
}
