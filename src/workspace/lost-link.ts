// A folder that was joined to a hub and has lost hub-link.json: it must not start a hub of its own, silently, from which
// the others never hear.

import { existsSync } from "node:fs";
import { HoldfastError, shellWord } from "../errors.ts";
import type { Layout, WorkspaceRecord } from "../store/index.ts";
import { readSyncDb } from "./open-sync-db.ts";
import { hasOwnHubData } from "./own-token.ts";

/** The error for a folder without hub-link.json that had one; undefined for one that never had. */
export function lostLink(layout: Layout, record: WorkspaceRecord): HoldfastError | undefined {
  if (record.joined !== true && !hasSyncedElsewhere(layout)) return undefined;
  return new HoldfastError(
    "NOT_JOINED",
    record.joined === true
      ? `${layout.folder} was joined to a hub, and .holdfast/hub-link.json, which says to which, is gone`
      : `${layout.folder} was in step with a hub, and neither .holdfast/hub-link.json nor a hub of its own is there`,
    {
      hint:
        `Join again: \`holdfast join INVITE ${shellWord(layout.folder)}\`; nothing here is lost by it. To go on without ` +
        `that hub instead, remove ${record.joined === true ? '`"joined"` from .holdfast/workspace.json, and ' : ""}` +
        ".holdfast/sync.db.",
      details: { path: `${layout.root}/hub-link.json` },
    },
  );
}

/** Folders joined before their records said so: they have seen a hub, and it was not their own. */
function hasSyncedElsewhere(layout: Layout): boolean {
  if (hasOwnHubData(layout) || !existsSync(layout.syncFile)) return false;
  using db = readSyncDb(layout);
  return db.meta("epoch") !== undefined;
}
