// The protocol by which an artifact gets another name. Read it top to bottom; the caller holds the collection's lock.
//
//   1  settle     what a writer that died left half-done is finished first
//   2  stage      the new artifact whole: all versions, with entries that say what each was made from, their bytes linked,
//                 and a mark with the id of this rename and with what is to be said of the old name; flushed
//   3  note       the catalog remembers that both artifacts are about to change
//   4  announce   a mark in the old artifact's directory: where it goes, and the same id; flushed
//   5  publish    still the lock's holder? one rename(2) of the staged directory to its place; flushed. From here on the
//                 two marks agree: readers find the new name, and nothing but a pointer to it under the old one
//   6  finish     the old name's numbers and where it leads to are written down, its directory goes by one rename into the
//                 trash, the mark of step 2 goes
//   7  catalog    rows in, rows out, notes out
//
// A crash before 5 has renamed nothing: the mark of step 4 agrees with nothing. After one at 5 or later everything is renamed,
// and whoever comes next does 6: `settle`, or a writer of either name.

import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkArtifactName, checkCollection, DEFAULT_COLLECTION } from "../entries/index.ts";
import { assert, HoldfastError, shellWord, systemCode } from "../errors.ts";
import { contentPath, listVersions } from "./artifact-on-disk.ts";
import { linkOrCopy } from "./carried-contents.ts";
import type { ArtifactKey } from "./catalog.ts";
import { readDeleted } from "./deleted-file.ts";
import { type Deletion, deletionsOf } from "./deletion.ts";
import type { LockWait } from "./drafts.ts";
import { flush, fsyncPath, replaceFile } from "./durable.ts";
import { notFound, readAll } from "./find-version.ts";
import { finishRename, formatRenamedFrom } from "./finish-rename.ts";
import { RENAMED_TO_TAG } from "./follow-renames.ts";
import { encodeName, isHashedName } from "./layout.ts";
import { moveAway } from "./remove-versions.ts";
import { RENAMED_FROM, RENAMING, type RenamingMark } from "./rename-mark.ts";
import { settle } from "./settle.ts";
import type { Store } from "./store.ts";
import { placeInTrash, putBackOthers } from "./trash.ts";
import { formatVersionFile, readVersionFile, type VersionRecord } from "./version-record.ts";
import type { Fence } from "./write-versions.ts";

export interface RenameResult {
  readonly collection: string;
  readonly from: string;
  readonly to: string;
  /** The numbers of all versions under the new name. */
  readonly versions: readonly number[];
}

/** Gives an artifact another name, with all its versions. Throws `NOT_FOUND`, `PATH_TAKEN`, `BAD_NAME`, `BAD_OPTION`, and
 *  `CORRUPT` when a version cannot be read: it could not be carried along. */
export async function renameArtifact(
  store: Store,
  from: string,
  to: string,
  options: LockWait & { readonly collection?: string } = {},
): Promise<RenameResult> {
  const collection = options.collection ?? DEFAULT_COLLECTION;
  checkCollection(collection);
  checkArtifactName(collection, from);
  checkArtifactName(collection, to);
  if (from === to) {
    throw new HoldfastError("BAD_OPTION", `${from} has that name already`, { hint: "Give another new name." });
  }
  const written = await store.exclusively([collection], options, (fence) =>
    rename(store, { collection, from, to }, fence),
  );
  return { collection, from, to, versions: written.map(({ version }) => version) };
}

interface Renaming {
  readonly collection: string;
  readonly from: string;
  readonly to: string;
}

async function rename(store: Store, renaming: Renaming, fence: Fence): Promise<VersionRecord[]> {
  const { layout, catalog } = store;
  const { collection, from, to } = renaming;
  const [oldKey, newKey]: ArtifactKey[] = [
    { collection, name: from },
    { collection, name: to },
  ];
  assert(oldKey !== undefined && newKey !== undefined, "a rename has two names");
  settle({ layout, catalog }, collection);
  for (const key of [oldKey, newKey]) finishRename({ layout, catalog }, key);

  const before = recordsOf(store, renaming);
  const floor = before.at(-1)?.version ?? 0;
  const after = renamedRecords(store, renaming, before);
  const versions = before.map(({ version }) => version);
  const deletions = deletionsOf(versions, before, (removed) =>
    store.entryOf(
      {
        ...{ collection, name: from, kind: "delete", content: null },
        parents: removed.map(({ entry }) => entry.id),
        tags: { [RENAMED_TO_TAG]: to },
      },
      removed.at(-1),
    ),
  );
  const id = randomUUID();
  const staged = store.staging.newDir();
  let note: number;
  try {
    await stage(store, staged, to, before, after);
    await writeMark(store, staged, { id, from, floor, deletions });

    note = catalog.begin([oldKey, newKey]);
    const mark: RenamingMark = { id, to, upTo: floor };
    replaceFile(join(layout.artifactDir(collection, from), RENAMING), JSON.stringify(mark));
    fence.assertHeld();
    publish(store, newKey, staged, fence);
    // Again: had the lock been taken over meanwhile, the successor would have settled what was no rename yet.
    catalog.begin([oldKey, newKey]);
  } finally {
    rmSync(staged, { recursive: true, force: true });
  }
  fence.assertHeld();
  finishRename({ layout, catalog }, newKey);
  catalog.commit(after, note);
  const entries = deletions.map(({ entry }) => entry);
  catalog.commitDelete(oldKey, versions, entries, undefined, note);
  return after;
}

/** All versions under the old name. Throws where there are none, where one cannot be read, and where the new name is taken. */
function recordsOf({ layout }: Store, { collection, from, to }: Renaming): VersionRecord[] {
  const found = readAll(readVersionFile, layout, collection, from);
  if (found.length === 0) throw notFound(readVersionFile, layout, collection, from);
  if (listVersions(layout, collection, to).length > 0) {
    throw new HoldfastError("PATH_TAKEN", `there is a ${to} in ${collection} already`, {
      hint: `Choose another name, or rename or delete that one first: \`holdfast data delete --in ${shellWord(collection)} ${shellWord(to)}\`.`,
      details: { collection, name: to },
    });
  }
  return found.map((record) => {
    if ("error" in record) throw record.error;
    assert(record.entry.content !== null, "an artifact without document has versions with content only");
    return record;
  });
}

/** The same versions under the new name: with their numbers, unless that name has given as high ones before. */
function renamedRecords(
  store: Store,
  { collection, from, to }: Renaming,
  before: readonly VersionRecord[],
): VersionRecord[] {
  const given = readDeleted(store.layout, collection, to).floor;
  const shift = Math.max(0, given + 1 - (before[0]?.version ?? 1));
  return before.map((record) => {
    const { entry, version, origin = entry } = record;
    const { content, tags, mode } = entry;
    assert(content !== null, "what is renamed has content");
    const parents = origin === entry ? [entry.id] : [entry.id, origin.id];
    const at = { name: from, version, hash: content.hash, size: content.size };
    const draft = {
      collection,
      name: to,
      kind: "rename",
      from,
      content: { at, type: content.type },
      tags,
      parents,
    } as const;
    const renamed = store.entryOf({ ...draft, ...(mode === undefined ? {} : { mode }) }, record);
    return { version: version + shift, entry: renamed, origin };
  });
}

/** Lays the new artifact out in `dir`, flushed. */
async function stage(
  { layout }: Store,
  dir: string,
  to: string,
  before: readonly VersionRecord[],
  after: readonly VersionRecord[],
): Promise<void> {
  const made: string[] = [];
  for (const [index, record] of after.entries()) {
    const versionDir = join(dir, String(record.version));
    mkdirSync(versionDir);
    const was = before[index];
    assert(was !== undefined, "each version was one before");
    const content = contentPath(layout, was);
    try {
      linkOrCopy(content, join(versionDir, "content"));
    } catch (error) {
      if (systemCode(error) !== "ENOENT") throw error;
      throw new HoldfastError("CORRUPT", `${content} is damaged: it is missing`, {
        hint: "Restore the file from a backup, or delete this version, and rename then. Nothing was changed.",
        details: { path: content },
        cause: error,
      });
    }
    writeFileSync(join(versionDir, "version.json"), formatVersionFile(record));
    made.push(join(versionDir, "content"), join(versionDir, "version.json"), versionDir);
  }
  writeFileSync(join(dir, "latest"), String(after.at(-1)?.version));
  if (isHashedName(encodeName(to))) {
    writeFileSync(join(dir, "name"), to);
    made.push(join(dir, "name"));
  }
  await flush([...made, dir], layout.staging);
}

async function writeMark(
  { layout }: Store,
  dir: string,
  mark: { id: string; from: string; floor: number; deletions: readonly Deletion[] },
): Promise<void> {
  const path = join(dir, RENAMED_FROM);
  writeFileSync(path, formatRenamedFrom(mark));
  await flush([path, dir], layout.staging);
}

/** Step 5. The new name has no versions; what else is left there, of a save that died at its start, goes first. */
function publish({ layout }: Store, { collection, name }: ArtifactKey, staged: string, fence: Fence): void {
  const target = layout.artifactDir(collection, name);
  if (existsSync(target)) {
    const trash = placeInTrash(layout);
    moveAway(target, trash);
    putBackOthers(layout, trash, new Set());
    rmSync(trash, { recursive: true, force: true });
  }
  try {
    renameSync(staged, target);
  } catch (error) {
    // Somebody else, who has the lock now, has saved under the new name.
    fence.assertHeld();
    throw error;
  }
  fsyncPath(layout.collectionDir(collection));
}
