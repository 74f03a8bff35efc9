// The status poller: asks the hub how far it is with documents it has accepted. A document is done when the hub says so,
// and never because time has passed (FILE-05).

import type { EntryId } from "../entries/index.ts";
import type { HubApi } from "./hub-api.ts";
import type { SyncDb } from "./sync-db.ts";

const DOCS_AT_ONCE = 1_000;

/** Notes, inside the caller's transaction, that the hub has accepted this version of a document. */
export function awaitDone(db: SyncDb, doc: EntryId, entry: EntryId): void {
  db.run("INSERT OR REPLACE INTO awaiting VALUES (?, ?, 'queued', NULL)", doc, entry);
}

/** Asks once about all that is awaited. Returns how many are still under way. */
export async function pollStatus(db: SyncDb, api: HubApi): Promise<number> {
  const rows = db.all<{ doc: EntryId; entry: EntryId }>(
    "SELECT doc, entry FROM awaiting WHERE state <> 'failed' LIMIT ?",
    DOCS_AT_ONCE,
  );
  if (rows.length === 0) return 0;
  const answers = new Map((await api.documentStatus(rows.map(({ doc }) => doc))).map((status) => [status.doc, status]));
  db.transaction(() => {
    for (const { doc, entry } of rows) {
      const status = answers.get(doc);
      // Unknown to the hub, or moved on to a newer version, which has a row of its own once it is ours.
      if (status === undefined || status.state === "done") {
        // Only the row that was asked about: a newer push replaced it by one of its own in the meantime.
        db.run("DELETE FROM awaiting WHERE doc = ? AND entry = ?", doc, entry);
      } else {
        db.run(
          "UPDATE awaiting SET state = ?, reason = ? WHERE doc = ? AND entry = ?",
          status.state,
          status.reason ?? null,
          doc,
          entry,
        );
      }
    }
  });
  return countAwaiting(db);
}

/** Documents that the hub has accepted and is still working on. */
export function countAwaiting(db: SyncDb): number {
  return db.get<{ n: number }>("SELECT count(*) AS n FROM awaiting WHERE state <> 'failed'")?.n ?? 0;
}
