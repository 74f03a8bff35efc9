// The catalog of a workspace that cannot be written: a copy, brought up to date from disk where it is not. It takes no
// locks, as no reader does, and writes nothing to the workspace.

import { compareClocks } from "../entries/index.ts";
import { toHoldfastError } from "../errors.ts";
import { type ArtifactKey, Catalog } from "./catalog.ts";
import { artifactsOnDisk, collectionsOnDisk } from "./collections-on-disk.ts";
import { damagedOnDisk } from "./damaged-on-disk.ts";
import { withDatabaseCopy } from "./database-copy.ts";
import { listDeleted, readDeleted } from "./deleted-file.ts";
import { foldWhole, journaledCollections } from "./fold-journal.ts";
import type { Layout } from "./layout.ts";
import { readArtifact } from "./settle.ts";
import type { VersionRecord } from "./version-record.ts";

/** Refuses every change with `READ_ONLY`. */
export function openReadOnlyCatalog(layout: Layout): Catalog {
  const catalog = openCopy(layout);
  if (catalog.isComplete()) {
    for (const collection of journaledCollections(layout)) foldWhole(layout, catalog, collection);
    for (const key of catalog.pending()) bringUpToDate(layout, catalog, key);
  } else {
    fill(layout, catalog);
    catalog.noteDamaged(damagedOnDisk(layout, catalog));
    catalog.markComplete();
  }
  catalog.refuseChanges();
  return catalog;
}

function openCopy(layout: Layout): Catalog {
  try {
    return withDatabaseCopy(layout.catalogFile, (copy) => Catalog.open(copy));
  } catch (error) {
    // Not to be read, or nowhere to copy it to: all that it holds stands in data/, too.
    const { code } = toHoldfastError(error);
    if (code === "INTERNAL") throw error;
    return Catalog.open(":memory:");
  }
}

function fill(layout: Layout, catalog: Catalog): void {
  const records: VersionRecord[] = [];
  for (const collection of collectionsOnDisk(layout)) {
    for (const name of artifactsOnDisk(layout, collection)) records.push(...left(layout, { collection, name }));
  }
  records.sort((a, b) => compareClocks(a.entry.clock, b.entry.clock) || a.version - b.version);
  catalog.commit(records);
  for (const collection of collectionsOnDisk(layout)) {
    for (const { name } of listDeleted(layout, collection)) bringUpToDate(layout, catalog, { collection, name });
  }
}

function bringUpToDate(layout: Layout, catalog: Catalog, key: ArtifactKey): void {
  catalog.replace(key, left(layout, key), readArtifact(layout, key).deletes);
}

/** The versions there are, less those whose delete was written down and not carried out. */
function left(layout: Layout, key: ArtifactKey): VersionRecord[] {
  const gone = new Set(
    readDeleted(layout, key.collection, key.name).deletions.flatMap((deletion) => deletion.versions),
  );
  return readArtifact(layout, key).records.filter((record) => !gone.has(record.version));
}
