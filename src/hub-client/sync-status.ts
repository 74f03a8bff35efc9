// What `status` shows of a folder's sync, read from what was observed.

import type { SyncDb } from "./sync-db.ts";

export interface SyncStatus {
  readonly epoch: string | null;
  /** The last of the hub's sequences taken in. */
  readonly cursor: number;
  /** How many entries the hub was ahead when last heard of. */
  readonly lag: number;
  readonly lastError: { readonly code: string; readonly message: string; readonly at: string } | null;
}

export function syncStatus(db: SyncDb): SyncStatus {
  const { cursor } = db;
  const lastError = db.meta("last_error");
  return {
    epoch: db.meta("epoch") ?? null,
    cursor,
    lag: Math.max(0, Number(db.meta("hub_sequence") ?? cursor) - cursor),
    lastError: lastError === undefined ? null : (JSON.parse(lastError) as SyncStatus["lastError"]),
  };
}
