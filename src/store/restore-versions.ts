// Making versions again from what a journal kept of them. The caller holds the collection's lock.

import { renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { isHoldfastError, systemCode } from "../errors.ts";
import { listVersions } from "./artifact-on-disk.ts";
import { readDeletedIfSound } from "./deleted-file.ts";
import { flush, replaceFile } from "./durable.ts";
import { isFormatRefusal } from "./format.ts";
import type { JournaledVersion } from "./journal-record.ts";
import type { Layout } from "./layout.ts";
import { refuseLinks } from "./no-links.ts";
import { makeArtifactDir } from "./publish-version.ts";
import { readContent } from "./read-content.ts";
import { moveAway } from "./remove-versions.ts";
import { Staging } from "./staging.ts";
import { placeInTrash } from "./trash.ts";
import { readVersionFile } from "./version-record.ts";

/** Those that are missing or torn, less those whose number a delete has taken. Changes nothing. */
export async function unwholeVersions(
  layout: Layout,
  collection: string,
  versions: readonly JournaledVersion[],
): Promise<JournaledVersion[]> {
  const found: JournaledVersion[] = [];
  for (const journaled of versions) {
    const { name, version } = journaled;
    if (version <= readDeletedIfSound(layout, collection, name).floor) continue;
    if (!(await isWhole(layout, collection, journaled))) found.push(journaled);
  }
  return found;
}

/** Puts each back that is missing or torn, flushed: staged whole, then renamed into its place. Returns those whose place is
 *  damaged in a way that keeps them out (a planted link). Throws `DISK_FULL` and its like. */
export async function restoreVersions(
  layout: Layout,
  collection: string,
  versions: readonly JournaledVersion[],
): Promise<JournaledVersion[]> {
  const missing = await unwholeVersions(layout, collection, versions);
  if (missing.length === 0) return [];
  const kept: JournaledVersion[] = [];
  const staging = new Staging(layout.staging);
  try {
    for (const version of missing) {
      try {
        await restore(layout, staging, collection, version);
      } catch (error) {
        if (!isHoldfastError(error, "CORRUPT")) throw error;
        kept.push(version);
      }
    }
  } finally {
    staging.close();
  }
  return kept;
}

async function restore(
  layout: Layout,
  staging: Staging,
  collection: string,
  { name, version, file, content }: JournaledVersion,
): Promise<void> {
  refuseLinks(layout.data, layout.collectionDir(collection), layout.artifactDir(collection, name));
  const dir = staging.newDir();
  const files = [join(dir, "version.json"), ...(content === undefined ? [] : [join(dir, "content")])];
  writeFileSync(join(dir, "version.json"), file);
  if (content !== undefined) writeFileSync(join(dir, "content"), Buffer.from(content, "base64"));
  await flush([...files, dir], layout.staging);

  const changed = new Set([layout.artifactDir(collection, name)]);
  makeArtifactDir(layout, { collection, name }, changed);
  const target = layout.versionDir(collection, name, version);
  const trash = placeInTrash(layout);
  moveAway(target, trash); // what is left of it
  renameSync(dir, target);
  rmSync(trash, { recursive: true, force: true });
  const newest = listVersions(layout, collection, name).at(-1) ?? version;
  replaceFile(join(layout.artifactDir(collection, name), "latest"), String(newest), { durable: false });
  await flush([...changed], layout.data);
}

/** Whether a whole version lies in the place of this one: it, or what a successor gave that number. */
async function isWhole(layout: Layout, collection: string, { name, version }: JournaledVersion): Promise<boolean> {
  try {
    const record = readVersionFile(join(layout.versionDir(collection, name, version), "version.json"));
    if (record === undefined) return false;
    // Bytes that lie with another version are that one's to restore.
    if (record.entry.content !== null && record.contentAt === undefined) await readContent(layout, record);
    return true;
  } catch (error) {
    if (isFormatRefusal(error)) return true; // a newer Holdfast's, and its to judge
    if (isHoldfastError(error, "CORRUPT") || isHoldfastError(error, "NOT_FOUND")) return false;
    if (systemCode(error) === "EIO") return false; // its bytes are here
    throw error;
  }
}
