// What `status` shows of a folder, read from sync.db: any process can ask.

import { countAwaiting, type SyncDb } from "../hub-client/index.ts";
import { listConflicts } from "./conflicts.ts";
import { Documents } from "./documents.ts";
import { readWatch, type WatchState } from "./watch-state.ts";

export interface FolderStatus {
  /** Entries not yet at the hub, less those that are stopped, and documents that the hub is still working on. */
  readonly queue: number;
  readonly awaiting: number;
  readonly conflicts: number;
  /** Lanes that will not go by themselves, and why. */
  readonly stopped: readonly { readonly path: string; readonly reason: string }[];
  /** Documents whose text the hub could not index, and why. */
  readonly failed: readonly { readonly path: string; readonly reason: string }[];
  /** Paths that are left alone, and why. */
  readonly refused: readonly { readonly path: string; readonly reason: string }[];
  /** How changes are noticed, while somebody keeps the folder. */
  readonly watch: WatchState;
}

export function folderStatus(db: SyncDb): FolderStatus {
  const sendable =
    db.get<{ n: number }>(
      "SELECT count(*) AS n FROM unsent WHERE lane NOT IN (SELECT lane FROM lanes WHERE state = 'stopped')",
    )?.n ?? 0;
  const awaiting = countAwaiting(db);
  return {
    queue: sendable + awaiting,
    awaiting,
    conflicts: listConflicts(db).length,
    stopped: db.all(
      `SELECT coalesce(docs.path, lanes.lane) AS path, reason FROM lanes LEFT JOIN docs ON docs.doc = lanes.lane
       WHERE lanes.state = 'stopped' ORDER BY path`,
    ),
    failed: db.all(
      `SELECT docs.path AS path, coalesce(reason, '') AS reason FROM awaiting JOIN docs ON docs.doc = awaiting.doc
       WHERE state = 'failed' ORDER BY path`,
    ),
    refused: new Documents(db).refused(),
    watch: readWatch(db),
  };
}
