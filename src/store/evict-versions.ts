// Versions that leave this copy of the workspace, and no other: somebody else holds them. Nothing says that they were deleted, so
// they may come back; only the number below which none is given again stays. The caller holds the collection's lock.
//
// The steps are those of delete-versions.ts without the entry. A crash in the middle has removed a version or not: there is
// nothing to finish.

import { listVersions, readNewest } from "./artifact-on-disk.ts";
import { carryContents } from "./carried-contents.ts";
import type { ArtifactKey, Catalog } from "./catalog.ts";
import { addDeletions } from "./deleted-file.ts";
import { finishRename } from "./finish-rename.ts";
import type { Layout } from "./layout.ts";
import { removeVersions } from "./remove-versions.ts";
import { readArtifact, settle } from "./settle.ts";
import { readVersionFile, type VersionRecord } from "./version-record.ts";
import type { Fence } from "./write-versions.ts";

/** Returns the versions removed: those of `entries` that are here. */
export function evictVersions(
  { layout, catalog }: { layout: Layout; catalog: Catalog },
  key: ArtifactKey,
  entries: ReadonlySet<string>,
  fence: Fence,
): number[] {
  settle({ layout, catalog }, key.collection);
  finishRename({ layout, catalog }, key);
  const there = listVersions(layout, key.collection, key.name);
  const chosen = readArtifact(layout, key)
    .records.filter(({ entry }) => entries.has(entry.id))
    .map(({ version }) => version);
  if (chosen.length === 0) return [];
  const note = catalog.begin([key]);
  fence.assertHeld();
  addDeletions(layout, key, there.at(-1) ?? 0, []);
  fence.assertHeld();
  const hasChangedOwn = carryContents({ layout, catalog }, key, chosen);
  fence.assertHeld();
  removeVersions(layout, key, chosen, there);
  if (hasChangedOwn) {
    const { records, deletes } = readArtifact(layout, key);
    catalog.replace(key, records, deletes, note);
  } else {
    catalog.commitDelete(key, chosen, [], newestOrNone(layout, key), note);
  }
  return chosen;
}

function newestOrNone(layout: Layout, { collection, name }: ArtifactKey): VersionRecord | undefined {
  try {
    return readNewest(readVersionFile, layout, collection, name);
  } catch {
    return undefined; // damaged: told when it is read
  }
}
