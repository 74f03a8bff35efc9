// `retry`: what waits or is stopped is tried now.

import type { EntryId } from "../entries/index.ts";
import { HoldfastError } from "../errors.ts";
import { type SyncDb, wakeAll } from "../hub-client/index.ts";

/** Frees all lanes, or that of the document at `path`; returns how many. Throws `NOT_FOUND` when nothing of that path waits. */
export function retry(db: SyncDb, path?: string): number {
  if (path === undefined) return wakeAll(db);
  const doc = db.get<{ doc: EntryId }>("SELECT doc FROM docs WHERE path = ? AND doc IN (SELECT lane FROM lanes)", path);
  if (doc === undefined) {
    throw new HoldfastError("NOT_FOUND", `nothing of ${path} is waiting to be sent`, {
      hint: "`holdfast status` shows what is.",
    });
  }
  return wakeAll(db, doc.doc);
}
