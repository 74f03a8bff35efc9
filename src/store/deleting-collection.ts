// All of a collection on its way out: the file that says so, and carrying it out. See delete-collection.ts, whose steps 4
// to 7 these are.

import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { HoldfastError } from "../errors.ts";
import { listVersions } from "./artifact-on-disk.ts";
import type { ArtifactKey } from "./catalog.ts";
import { addDeletions, formatDeletedFile, readDeleted } from "./deleted-file.ts";
import { type Deletion, type DeletionJson, fromJson, toJson } from "./deletion.ts";
import { flush, fsyncPath, replaceFile } from "./durable.ts";
import type { Layout } from "./layout.ts";
import { moveAway, removeVersions } from "./remove-versions.ts";
import type { Staging } from "./staging.ts";
import { placeInTrash, putBackOthers } from "./trash.ts";

/** What step 4 writes down of one artifact. */
export interface Going {
  readonly name: string;
  readonly floor: number;
  readonly deletions: readonly Deletion[];
}

interface DeletingFile {
  readonly format: 1;
  readonly artifacts: readonly {
    readonly name: string;
    readonly floor: number;
    readonly deletions: readonly DeletionJson[];
  }[];
}

/** Steps 5 to 7 of a delete that a dead process wrote down, if there is one. The caller holds the collection's lock, or
 *  works alone. Returns the artifacts that it was about. Throws `CORRUPT`. */
export function finishDeleting(layout: Layout, collection: string): ArtifactKey[] {
  const path = layout.deletingFile(collection);
  if (!existsSync(path)) return [];
  const going = readDeleting(path);
  for (const { name, floor, deletions } of going) addDeletions(layout, { collection, name }, floor, deletions);
  removeAll(layout, collection, going);
  return going.map(({ name }) => ({ collection, name }));
}

/** Step 5. Flushed at once, not one by one, and before they take the place of what stood there: were that lost, nobody would
 *  know which numbers it said were given. guard: floors-flushed */
export async function writeFloors(
  { layout, staging }: { readonly layout: Layout; readonly staging: Staging },
  collection: string,
  going: readonly Going[],
): Promise<void> {
  const dir = staging.newDir();
  try {
    const staged = going.map(({ name, floor, deletions }, index) => {
      const before = readDeleted(layout, collection, name);
      const after = { floor: Math.max(before.floor, floor), deletions: [...before.deletions, ...deletions] };
      const path = join(dir, String(index));
      writeFileSync(path, formatDeletedFile(name, after));
      return { path, target: layout.deletedFile(collection, name) };
    });
    await flush(
      staged.map(({ path }) => path),
      layout.staging,
    );
    for (const { path, target } of staged) renameSync(path, target);
    fsyncPath(dirname(layout.deletingFile(collection)));
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Steps 6 and 7. */
export function removeAll(layout: Layout, collection: string, going: readonly Going[]): void {
  const trash = placeInTrash(layout);
  mkdirSync(trash);
  for (const [index, { name, deletions }] of going.entries()) {
    const there = listVersions(layout, collection, name);
    const named = new Set(versionsOf(deletions));
    if (there.every((version) => named.has(version))) {
      moveAway(layout.artifactDir(collection, name), join(trash, `${index}`));
      putBackOthers(layout, join(trash, `${index}`), named);
      // Only what was named goes, whatever became of the file in a power loss.
    } else removeVersions(layout, { collection, name }, [...named], there);
  }
  fsyncPath(layout.collectionDir(collection));
  rmSync(layout.deletingFile(collection), { force: true });
  fsyncPath(dirname(layout.deletingFile(collection)));
  rmSync(trash, { recursive: true, force: true });
}

export function versionsOf(deletions: readonly Deletion[]): number[] {
  return deletions.flatMap(({ versions }) => versions);
}

/** Step 4: the delete happens from here on. */
export function writeDeleting(layout: Layout, collection: string, going: readonly Going[]): void {
  const path = layout.deletingFile(collection);
  const artifacts = going.map(({ name, floor, deletions }) => ({ name, floor, deletions: deletions.map(toJson) }));
  mkdirSync(dirname(path), { recursive: true });
  replaceFile(path, `${JSON.stringify({ format: 1, artifacts } satisfies DeletingFile)}\n`);
  fsyncPath(layout.collectionDir(collection));
}

function readDeleting(path: string): Going[] {
  try {
    const file = JSON.parse(readFileSync(path, "utf8")) as DeletingFile;
    return file.artifacts.map(({ name, floor, deletions }) => ({ name, floor, deletions: deletions.map(fromJson) }));
  } catch (error) {
    throw new HoldfastError(
      "CORRUPT",
      `${path} is damaged: ${error instanceof Error ? error.message : String(error)}`,
      {
        hint: "It says what of this collection was being deleted. Restore it from a backup, or move it away to keep what is left.",
        details: { path },
        cause: error,
      },
    );
  }
}
