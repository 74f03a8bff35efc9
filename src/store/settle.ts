// Finishing what writers that died left half-done, and filling the catalog from disk. The caller holds the lock of the
// collection, so whatever is noted as pending in it belongs to nobody alive.

import { compareClocks, type Entry } from "../entries/index.ts";
import { listVersions } from "./artifact-on-disk.ts";
import { carryContents } from "./carried-contents.ts";
import type { ArtifactKey, Catalog } from "./catalog.ts";
import { artifactsOnDisk, linkedArtifacts } from "./collections-on-disk.ts";
import { listDeleted, readDeletedIfSound } from "./deleted-file.ts";
import { finishDeleting } from "./deleting-collection.ts";
import { readRecords } from "./find-version.ts";
import { finishRename } from "./finish-rename.ts";
import { endOfJournal } from "./fold-journal.ts";
import type { Layout } from "./layout.ts";
import { removeVersions } from "./remove-versions.ts";
import { readVersionFile, type VersionRecord } from "./version-record.ts";

interface SettleParts {
  readonly layout: Layout;
  readonly catalog: Catalog;
}

/** Finishes the artifacts of `collection` that a dead writer had under way. */
export function settle(parts: SettleParts, collection: string): void {
  const deleted = finishDeleting(parts.layout, collection);
  if (deleted.length > 0) parts.catalog.begin(deleted);
  const noted = parts.catalog.pending(collection);
  if (noted.length === 0) return;
  for (const key of noted) finishRename(parts, key);
  for (const key of parts.catalog.pending(collection)) {
    finishDeletes(parts, key);
    const { records, deletes } = readArtifact(parts.layout, key);
    parts.catalog.replace(key, records, deletes, key.note);
    noteIfDamaged(parts, key, records.at(-1)?.version);
  }
}

/** The newest version cannot be read: `list` tells of it, though there is no row. */
function noteIfDamaged({ layout, catalog }: SettleParts, key: ArtifactKey, newest: number | undefined): void {
  const last = listVersions(layout, key.collection, key.name).at(-1);
  if (last !== undefined && last !== newest) catalog.noteDamaged([...catalog.damaged(), key]);
}

/** Removes versions whose delete was written down but not carried out. */
function finishDeletes(parts: SettleParts, { collection, name }: ArtifactKey): void {
  const { layout } = parts;
  const gone = new Set(readDeletedIfSound(layout, collection, name).deletions.flatMap((deletion) => deletion.versions));
  if (gone.size === 0) return;
  const there = listVersions(layout, collection, name);
  const left = there.filter((version) => gone.has(version));
  if (left.length === 0) return;
  carryContents(parts, { collection, name }, left);
  removeVersions(layout, { collection, name }, left, there);
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

/** Whether the catalog was ever filled with a collection. Until it is complete, those that are not yet are none of its. */
export function isFilled(catalog: Catalog, collection: string): boolean {
  return catalog.isComplete() || catalog.folded(collection) !== undefined;
}

/** Fills the catalog with one collection, in the order its entries were made. */
export function fillCatalog(parts: SettleParts, collection: string): void {
  const { layout, catalog } = parts;
  finishDeleting(layout, collection);
  // First, because it may change what versions other than those that go say of themselves.
  for (const name of artifactsOnDisk(layout, collection)) {
    finishRename(parts, { collection, name });
    finishDeletes(parts, { collection, name });
  }
  const records = artifactsOnDisk(layout, collection).flatMap(
    (name) => readArtifact(layout, { collection, name }).records,
  );
  records.sort((a, b) => compareClocks(a.entry.clock, b.entry.clock) || a.version - b.version);
  catalog.commit(records);
  catalog.markFilled(collection, endOfJournal(layout, collection));
  const linked = new Set(linkedArtifacts(layout, collection));
  for (const { name, deleted } of listDeleted(layout, collection)) {
    if (linked.has(name)) continue;
    const { records: left } = readArtifact(layout, { collection, name });
    catalog.replace(
      { collection, name },
      left,
      deleted.deletions.map((deletion) => deletion.entry),
    );
  }
}
