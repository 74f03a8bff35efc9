// The step of a save that readers see: a directory that lies complete in staging becomes a version by one rename.

import { linkSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { HoldfastError, systemCode } from "../errors.ts";
import type { ArtifactKey } from "./catalog.ts";
import { readDeleted } from "./deleted-file.ts";
import { replaceFile } from "./durable.ts";
import { encodeName, isHashedName, type Layout } from "./layout.ts";
import { moveAway } from "./remove-versions.ts";
import type { Staging } from "./staging.ts";
import { placeInTrash } from "./trash.ts";
import type { VersionRecord } from "./version-record.ts";

/** A version that lies complete in staging. */
export interface StagedVersion {
  readonly record: VersionRecord;
  readonly dir: string;
  /** No number was given under its name before. */
  readonly isFirst: boolean;
}

/** Gives the version its place, and adds to `changed` the directories whose names are to be flushed. */
export function publish(
  { layout, staging }: { readonly layout: Layout; readonly staging: Staging },
  { record, dir, isFirst }: StagedVersion,
  changed: Set<string>,
): void {
  const { collection, name } = record.entry;
  const artifactDir = layout.artifactDir(collection, name);
  const target = join(artifactDir, String(record.version));
  if (isFirst) makeArtifactDir(layout, record.entry, changed);
  try {
    renameSync(dir, target);
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOTEMPTY" || code === "EEXIST") throw overtaken(record, error);
    if (code !== "ENOENT") throw error;
    // The first version after all were deleted.
    makeArtifactDir(layout, record.entry, changed);
    renameSync(dir, target);
  }
  changed.add(artifactDir);
  const latest = join(artifactDir, "latest");
  // Nobody reads `latest` to decide anything, so it need not survive a power loss, only never be seen half-written.
  if (isFirst) writeFirstLatest(staging, latest, String(record.version));
  else replaceFile(latest, String(record.version), { durable: false });
}

/** The directory of an artifact that has none, with the names that are to be flushed. */
export function makeArtifactDir(layout: Layout, { collection, name }: ArtifactKey, changed: Set<string>): void {
  const artifactDir = layout.artifactDir(collection, name);
  mkdirSync(artifactDir, { recursive: true });
  // Flushed: without it nobody knows whose versions these are.
  if (isHashedName(encodeName(name))) replaceFile(join(artifactDir, "name"), name);
  changed.add(layout.collectionDir(collection));
  changed.add(layout.data);
}

/**
 * Whoever lost the lock after its last look at it may publish a number that another has given meanwhile, and deleted again:
 * then the rename finds its place free. That delete has written down how far numbers were given, before it removed anything.
 * guard: overtaken
 */
export function withdrawIfOvertaken(layout: Layout, record: VersionRecord): void {
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
