// Finishing what writers that died left half-done, and filling the catalog from disk. The caller holds the lock of the
// collection, so whatever is noted as pending in it belongs to nobody alive.

import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { compareClocks, type Entry } from "../entries/index.ts";
import { systemCode } from "../errors.ts";
import { listVersions } from "./artifact-on-disk.ts";
import type { ArtifactKey, Catalog } from "./catalog.ts";
import { listDeleted, readDeletedIfSound } from "./deleted-file.ts";
import { readRecords } from "./find-version.ts";
import { decodeName, isHashedName, type Layout } from "./layout.ts";
import { removeVersions } from "./remove-versions.ts";
import { readVersionFile, type VersionRecord } from "./version-record.ts";

interface SettleParts {
  readonly layout: Layout;
  readonly catalog: Catalog;
}

/** Finishes the artifacts of `collection` that a dead writer had under way. */
export function settle({ layout, catalog }: SettleParts, collection: string): void {
  for (const key of catalog.pending(collection)) {
    finishDeletes(layout, key);
    const { records, deletes } = readArtifact(layout, key);
    catalog.replace(key, records, deletes);
  }
}

/** Removes versions whose delete was written down but not carried out. */
function finishDeletes(layout: Layout, { collection, name }: ArtifactKey): void {
  const gone = new Set(readDeletedIfSound(layout, collection, name).deletions.flatMap((deletion) => deletion.versions));
  if (gone.size === 0) return;
  const there = listVersions(layout, collection, name);
  const left = there.filter((version) => gone.has(version));
  if (left.length > 0) removeVersions(layout, { collection, name }, left, there);
}

/** What an artifact's directory holds. A version whose version.json is damaged is left out: it is told when asked for. */
export function readArtifact(
  layout: Layout,
  { collection, name }: ArtifactKey,
): { records: VersionRecord[]; deletes: Entry[] } {
  return {
    records: readRecords(readVersionFile, layout, collection, name),
    deletes: readDeletedIfSound(layout, collection, name).deletions.map((deletion) => deletion.entry),
  };
}

/** Every collection that has a directory. */
export function collectionsOnDisk(layout: Layout): string[] {
  return namesIn(layout.data)
    .map(decodeName)
    .filter((name) => name !== undefined);
}

/** Every artifact of a collection that has a directory. */
export function artifactsOnDisk(layout: Layout, collection: string): string[] {
  const dir = layout.collectionDir(collection);
  const names: string[] = [];
  for (const fileName of namesIn(dir)) {
    const name = isHashedName(fileName) ? readName(join(dir, fileName, "name")) : decodeName(fileName);
    if (name !== undefined) names.push(name);
  }
  return names;
}

/** Fills the catalog with one collection, in the order its entries were made. */
export function fillCatalog({ layout, catalog }: SettleParts, collection: string): void {
  const records: VersionRecord[] = [];
  for (const name of artifactsOnDisk(layout, collection)) {
    finishDeletes(layout, { collection, name });
    records.push(...readArtifact(layout, { collection, name }).records);
  }
  records.sort((a, b) => compareClocks(a.entry.clock, b.entry.clock) || a.version - b.version);
  catalog.commit(records);
  for (const { name, deleted } of listDeleted(layout, collection)) {
    const { records: left } = readArtifact(layout, { collection, name });
    catalog.replace(
      { collection, name },
      left,
      deleted.deletions.map((deletion) => deletion.entry),
    );
  }
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
}

function readName(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}
