// Opening sync.db for the verbs, with errors that name it; and reading it where it cannot be written.

import { toHoldfastError, whyNotWritable } from "../errors.ts";
import { SyncDb, type SyncDbOptions } from "../hub-client/sync-db.ts";
import { type Layout, withDatabaseCopy } from "../store/index.ts";

/** Throws `CORRUPT`, `READ_ONLY`, `NO_PERMISSION`, `DISK_FULL`, `DISK_ERROR`, each with the path. */
export function openSyncDb(layout: Layout, options: SyncDbOptions = {}): SyncDb {
  try {
    return SyncDb.open(layout, options);
  } catch (error) {
    throw toHoldfastError(error, layout.syncFile);
  }
}

/** For whoever is going to keep the folder in step: looked over first, and what was wrong with it is told. */
export function openSoundSyncDb(layout: Layout, onNotice: (message: string) => void): SyncDb {
  return openSyncDb(layout, {
    check: "whole",
    onSetAside: (path, aside) => onNotice(`${path} was damaged: it is kept as ${aside}, and was made anew`),
  });
}

/** For verbs that change nothing: a copy where the workspace cannot be written. Throws what `openSyncDb` throws. */
export function readSyncDb(layout: Layout): SyncDb {
  if (whyNotWritable(layout.root) === undefined) return openSyncDb(layout);
  return withDatabaseCopy(layout.syncFile, (copy) => {
    const beside: Layout = Object.create(layout, { syncFile: { value: copy } });
    return openSyncDb(beside);
  });
}
