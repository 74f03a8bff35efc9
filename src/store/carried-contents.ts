// Versions that go, and whose bytes others still refer to (`contentAt`): those get the bytes beside them first.
//
// For each that refers and stays: the content is linked (or copied) into its directory, and flushed; then its
// `version.json` is replaced, in one step, by one that does not refer. A reader, and a crash, finds the one or the other,
// and the bytes in both cases: what goes is still there. The caller holds the collection's lock.

import { copyFileSync, linkSync, renameSync } from "node:fs";
import { join } from "node:path";
import { systemCode } from "../errors.ts";
import { contentPath } from "./artifact-on-disk.ts";
import type { ArtifactKey, Catalog } from "./catalog.ts";
import { artifactsOnDisk } from "./collections-on-disk.ts";
import { readDeletedIfSound } from "./deleted-file.ts";
import { fsyncPath, replaceFile } from "./durable.ts";
import { readRecords } from "./find-version.ts";
import type { Layout } from "./layout.ts";
import { formatVersionFile, readVersionFile, type VersionRecord } from "./version-record.ts";

interface CarryParts {
  readonly layout: Layout;
  readonly catalog: Catalog;
}

/** Call before `versions` of the artifact are removed, which is noted. True when others of its versions were changed. */
export function carryContents(parts: CarryParts, key: ArtifactKey, versions: readonly number[]): boolean {
  const { layout, catalog } = parts;
  const going = new Set(versions);
  const referring = referringTo(parts, key).filter(
    (record) =>
      going.has(record.contentAt?.version ?? 0) && !(record.entry.name === key.name && going.has(record.version)),
  );
  if (referring.length === 0) return false;
  const keys = new Map(referring.map(({ entry }) => [entry.name, { collection: key.collection, name: entry.name }]));
  const hasChangedOwn = keys.delete(key.name);
  // Noted as a change of theirs, so that after a crash their rows are read from disk again.
  const note = catalog.begin(keys.values());
  for (const record of referring) carry(layout, record);
  for (const changed of keys.values()) {
    const deletes = readDeletedIfSound(layout, changed.collection, changed.name).deletions;
    const records = readRecords(readVersionFile, layout, changed.collection, changed.name);
    catalog.replace(
      changed,
      records,
      deletes.map(({ entry }) => entry),
      note,
    );
  }
  return hasChangedOwn;
}

/** Every version of the collection whose content lies with the artifact `key`. */
function referringTo({ layout, catalog }: CarryParts, { collection, name }: ArtifactKey): VersionRecord[] {
  if (catalog.isComplete()) return catalog.referringTo({ collection, name });
  return artifactsOnDisk(layout, collection)
    .flatMap((other) => readRecords(readVersionFile, layout, collection, other))
    .filter((record) => record.contentAt?.name === name);
}

function carry(layout: Layout, record: VersionRecord): void {
  const { collection, name } = record.entry;
  const dir = layout.versionDir(collection, name, record.version);
  const own = join(dir, "content");
  try {
    shareFile(contentPath(layout, record), own);
  } catch (error) {
    // The bytes, or the version itself, were lost before: that is told to whoever reads it.
    if (systemCode(error) === "ENOENT") return;
    throw error;
  }
  fsyncPath(own);
  const { contentAt: _, ...owning } = record;
  replaceFile(join(dir, "version.json"), formatVersionFile(owning));
}

/** Makes `to` a file of the same bytes as `from`, whole or not at all; what is at `to` is replaced. Not flushed. */
function shareFile(from: string, to: string): void {
  const beside = `${to}.${process.pid}`;
  linkOrCopy(from, beside);
  renameSync(beside, to);
}

/** A second name for the same bytes where the file system has such, else a copy. No content is ever written in place, so
 *  neither can be changed through the other. */
export function linkOrCopy(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (systemCode(error) === "ENOENT") throw error;
    copyFileSync(from, to);
  }
}
