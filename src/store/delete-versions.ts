// The protocol by which versions go. Read it top to bottom; the caller holds the collection's lock.
//
//   1  settle     what a writer that died left half-done is finished first
//   2  choose     which versions, as they are now
//   3  note       the catalog remembers that this artifact is about to change
//   4  write down still the lock's holder? the delete's entry and the number that the next version starts above,
//                 flushed: from here on the delete happens, by us or by whoever comes after our death
//   5  carry      versions that stay and refer to the bytes of one that goes get them beside themselves
//   6  remove     still the lock's holder? by rename into the trash; a whole artifact by one rename
//   7  catalog    rows out, note out, in one transaction
//
// A crash before 4 has deleted nothing; one after it leaves the note of step 3, which `settle` turns into a finished
// delete of exactly the versions that the file names.

import type { Entry } from "../entries/index.ts";
import { listVersions, readNewest } from "./artifact-on-disk.ts";
import { carryContents } from "./carried-contents.ts";
import type { Catalog } from "./catalog.ts";
import { addDeletions } from "./deleted-file.ts";
import { deletionsOf } from "./deletion.ts";
import { finishRename } from "./finish-rename.ts";
import type { Layout } from "./layout.ts";
import { removeVersions } from "./remove-versions.ts";
import { readArtifact, settle } from "./settle.ts";
import { readVersionFile, type VersionRecord } from "./version-record.ts";
import type { Fence } from "./write-versions.ts";

export interface DeletePlan {
  readonly collection: string;
  readonly name: string;
  /** The versions to remove, ascending, chosen under the lock. Throws to refuse. */
  choose(): number[];
  /** An entry that says so, made from what is removed; asked for once for as many as one can name. */
  entryFor(removed: readonly VersionRecord[]): Entry;
}

/** Returns the versions removed. */
export async function deleteVersions(
  { layout, catalog }: { layout: Layout; catalog: Catalog },
  plan: DeletePlan,
  fence: Fence,
): Promise<number[]> {
  const { collection, name } = plan;
  settle({ layout, catalog }, collection);
  finishRename({ layout, catalog }, { collection, name });
  const chosen = plan.choose();
  const there = listVersions(layout, collection, name);
  const going = new Set(chosen);
  const removed = readArtifact(layout, { collection, name }).records.filter((record) => going.has(record.version));
  const deletions = deletionsOf(chosen, removed, plan.entryFor);

  // The note comes before the file, so that no file is ever without one.
  const note = catalog.begin([{ collection, name }]);
  // What is written down is carried out by whoever comes next, whether or not we may still remove anything.
  fence.assertHeld();
  addDeletions(layout, { collection, name }, there.at(-1) ?? 0, deletions);
  fence.assertHeld();
  const hasChangedOwn = carryContents({ layout, catalog }, { collection, name }, chosen);
  fence.assertHeld();
  if (chosen.length > 0) removeVersions(layout, { collection, name }, chosen, there);
  const newest = readNewestOrNone(layout, collection, name);
  if (hasChangedOwn) {
    const { records, deletes } = readArtifact(layout, { collection, name });
    catalog.replace({ collection, name }, records, deletes, note);
  } else {
    const entries = deletions.map(({ entry }) => entry);
    catalog.commitDelete({ collection, name }, chosen, entries, newest, note);
  }
  if (newest === undefined && listVersions(layout, collection, name).length > 0) {
    catalog.noteDamaged([...catalog.damaged(), { collection, name }]);
  }
  return chosen;
}

function readNewestOrNone(layout: Layout, collection: string, name: string): VersionRecord | undefined {
  try {
    return readNewest(readVersionFile, layout, collection, name);
  } catch {
    // Damaged: told when it is read.
    return undefined;
  }
}
