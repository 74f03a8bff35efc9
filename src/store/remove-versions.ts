// The step of a delete that readers see: versions leave data/ for the trash by rename.

import { mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { systemCode } from "../errors.ts";
import type { ArtifactKey } from "./catalog.ts";
import { fsyncPath, replaceFile } from "./durable.ts";
import type { Layout } from "./layout.ts";
import { placeInTrash, putBackOthers } from "./trash.ts";

/**
 * Moves `versions` of an artifact, all of which are in `there` (ascending), into the trash and empties it. All of an
 * artifact goes by one rename, so a reader sees all of its versions or none. The caller holds the collection's lock.
 */
export function removeVersions(
  layout: Layout,
  { collection, name }: ArtifactKey,
  versions: readonly number[],
  there: readonly number[],
): void {
  const artifactDir = layout.artifactDir(collection, name);
  const going = new Set(versions);
  const staying = there.filter((version) => !going.has(version));
  const trash = placeInTrash(layout);
  if (staying.length === 0) {
    moveAway(artifactDir, trash);
    putBackOthers(layout, trash, going);
    fsyncPath(layout.collectionDir(collection));
  } else {
    mkdirSync(trash);
    for (const version of versions) moveAway(join(artifactDir, String(version)), join(trash, String(version)));
    replaceFile(join(artifactDir, "latest"), String(staying.at(-1)), { durable: false });
    fsyncPath(artifactDir);
  }
  rmSync(trash, { recursive: true, force: true });
}

/** What is not there any more has gone already. */
export function moveAway(from: string, to: string): void {
  try {
    renameSync(from, to);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
  }
}
