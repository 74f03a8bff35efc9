// The protocol by which all of a collection goes at once. Read it top to bottom; the caller works alone in the store.
//
//   1  settle     what a writer that died left half-done is finished first
//   2  choose     every version of every artifact, as they are now; an entry for each artifact says that it goes
//   3  note       the catalog remembers that these artifacts are about to change
//   4  write down still the lock's holder? all of it in one file, flushed: from here on the delete happens, by us or by
//                 whoever comes next, and nobody else changes this collection before it has happened
//   5  floors     beside each artifact what was deleted of it, so that no number is given again; flushed
//   6  remove     still the lock's holder? each artifact by one rename into the trash; flushed
//   7  forget     the file of step 4 goes
//   8  catalog    rows out, notes out
//
// A crash before 4 has deleted nothing. After one between 4 and 7, `settle` does 5 to 7: every writer of the collection
// calls it before anything else, so no version that is put later can be among those that go.

import { setImmediate as nextTurn } from "node:timers/promises";
import { checkCollection } from "../entries/index.ts";
import { listVersions } from "./artifact-on-disk.ts";
import { artifactsOnDisk } from "./collections-on-disk.ts";
import { type Going, removeAll, versionsOf, writeDeleting, writeFloors } from "./deleting-collection.ts";
import { deletionsOf } from "./deletion.ts";
import type { LockWait } from "./drafts.ts";
import { finishRename } from "./finish-rename.ts";
import { readArtifact, settle } from "./settle.ts";
import type { Store } from "./store.ts";

export interface DeletedCollection {
  readonly collection: string;
  readonly deleted: readonly { readonly name: string; readonly versions: readonly number[] }[];
}

/** Artifacts handled between two turns of the event loop. */
const SLICE = 32;

/** Removes every version of every artifact of `collection` for good: all or nothing, also across a crash. One that is empty,
 *  or not there, has nothing to remove. Throws `BAD_NAME`, `LOCK_TIMEOUT`, `LOCK_LOST`. */
export async function deleteCollection(
  store: Store,
  collection: string,
  wait: LockWait = {},
): Promise<DeletedCollection> {
  checkCollection(collection);
  const { layout } = store;
  const going = await store.alone(wait, async (fence) => {
    const { catalog } = store;
    settle({ layout, catalog }, collection);
    const chosen = await chooseAll(store, collection);
    if (chosen.length === 0) return [];
    const note = catalog.begin(chosen.map(({ name }) => ({ collection, name })));
    fence.assertHeld();
    writeDeleting(layout, collection, chosen);
    await writeFloors(store, collection, chosen);
    fence.assertHeld();
    removeAll(layout, collection, chosen);
    for (const { name, deletions } of chosen) {
      const entries = deletions.map(({ entry }) => entry);
      catalog.commitDelete({ collection, name }, versionsOf(deletions), entries, undefined, note);
    }
    return chosen;
  });
  return { collection, deleted: going.map(({ name, deletions }) => ({ name, versions: versionsOf(deletions) })) };
}

async function chooseAll(store: Store, collection: string): Promise<Going[]> {
  const { layout } = store;
  const going: Going[] = [];
  for (const [index, name] of artifactsOnDisk(layout, collection).entries()) {
    if (index % SLICE === SLICE - 1) await nextTurn();
    finishRename({ layout, catalog: store.catalog }, { collection, name });
    const versions = listVersions(layout, collection, name);
    const floor = versions.at(-1);
    if (floor === undefined) continue;
    const { records } = readArtifact(layout, { collection, name });
    const deletions = deletionsOf(versions, records, (removed) =>
      store.entryOf(
        { collection, name, kind: "delete", content: null, parents: removed.map(({ entry }) => entry.id) },
        removed.at(-1),
      ),
    );
    going.push({ name, floor, deletions });
  }
  return going.sort((a, b) => (a.name < b.name ? -1 : 1));
}
