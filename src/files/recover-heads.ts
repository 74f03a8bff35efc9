// After a crash: versions of documents that were saved and queued, but not yet recorded as heads.

import type { EntryId } from "../entries/index.ts";
import { FILES } from "../entries/index.ts";
import type { FolderParts } from "./folder-parts.ts";

/** Lets every document's head be the last of its unsent versions that stands on it. */
export function recoverHeads({ db, documents, store }: FolderParts): void {
  const unsent = db.all<{ entry: EntryId }>("SELECT entry FROM unsent ORDER BY arrival");
  db.transaction(() => {
    for (const { entry: id } of unsent) {
      const entry = store.catalog.entryById(id);
      if (entry === undefined || entry.collection !== FILES || entry.doc === undefined) continue;
      const doc = entry.doc ?? entry.id;
      const live = entry.kind === "delete" ? 0 : 1;
      const known = documents.doc(doc);
      if (known === undefined) {
        documents.putDoc({ doc, path: entry.name, live, head: id, synced: null, remote: null, remote_sequence: 0 });
      } else if (known.head !== id && entry.parents.includes(known.head)) {
        documents.putDoc({ ...known, path: entry.name, live, head: id });
      }
    }
  });
}
