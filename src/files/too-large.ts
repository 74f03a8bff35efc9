// Files over the hub's limit: told, and left alone, before a byte of them is read.
//
// The limit may be known too late (the hub was away, or has got a lower one): then there is a version that the hub will
// never take, and every later one stands on it. Once the file fits again, the versions that do not are passed over: they
// stay in the store, and the newest is written once more, on what the hub has.

import { type EntryId, FILES } from "../entries/index.ts";
import { wakeAll } from "../hub-client/index.ts";
import type { DocRow } from "./documents.ts";
import { entryOf, type FolderParts, leaveAlone, storedContent, writeOne } from "./folder-parts.ts";
import { contentStamp } from "./observe.ts";
import type { LocalChange } from "./plan-local.ts";

const CODE = "TOO_LARGE";

/** The changes less those of files over `limitBytes`; each of these is told once. */
export function leaveOutTooLarge(
  parts: Pick<FolderParts, "documents" | "onEvent">,
  changes: readonly LocalChange[],
  limitBytes: number,
): LocalChange[] {
  return changes.filter((change) => {
    if (change.kind === "remove" || change.at.kind !== "file" || change.at.size <= limitBytes) return true;
    const { at } = change;
    // Moved and not written: it travelled when that was allowed, and its bytes need not travel again.
    if (change.kind === "move" && contentStamp(change.row.stamp) === contentStamp(at.stamp)) return true;
    const reason = `${CODE}: it is ${at.size} bytes; the hub takes ${limitBytes}`;
    leaveAlone(parts, at.path, reason);
    return false;
  });
}

/** The hub takes more, or less, than it did: what was left alone, or given up, for its size is looked at again. */
export function reconsiderTooLarge(parts: FolderParts): void {
  for (const { path, reason } of parts.documents.refused()) if (reason.startsWith(CODE)) parts.lookAgain(path);
  for (const lane of stoppedForSize(parts)) wakeAll(parts.db, lane);
}

/** True when some document was given up for its size. */
export function hasGivenUpForSize(parts: Pick<FolderParts, "db">): boolean {
  return stoppedForSize(parts).length > 0;
}

/** Inside the lane: frees the documents whose newest version fits, though one before it does not. Returns how many. */
export async function passOverTooLarge(parts: FolderParts, limitBytes: number): Promise<number> {
  let freed = 0;
  for (const lane of stoppedForSize(parts)) {
    const row = parts.documents.doc(lane as EntryId);
    // Whatever else it was stopped for is not mended by writing it again.
    if (parts.db.get("SELECT 1 FROM unsent WHERE lane = ? AND size > ?", lane, limitBytes) === undefined) continue;
    if (row === undefined || (entryOf(parts, row.head).content?.size ?? 0) > limitBytes) continue;
    await writeAgain(parts, row);
    freed += 1;
  }
  return freed;
}

function stoppedForSize({ db }: Pick<FolderParts, "db">): string[] {
  return db
    .all<{ lane: string }>("SELECT lane FROM lanes WHERE state = 'stopped' AND reason LIKE ?", `${CODE}%`)
    .map(({ lane }) => lane);
}

/** Writes the document's newest version once more, on the hub's newest; where the hub has none, as a document anew. */
async function writeAgain(parts: FolderParts, row: DocRow): Promise<void> {
  const { db, documents } = parts;
  const head = entryOf(parts, row.head);
  const file = documents.fileOf(row.doc);
  const forget = (): void => {
    db.run("DELETE FROM unsent WHERE lane = ? AND entry <> ?", row.doc, documents.doc(row.doc)?.head ?? "");
    db.run("DELETE FROM lanes WHERE lane = ?", row.doc);
  };
  if (row.synced === null && head.content === null) {
    // Made and deleted, and never seen by anybody else.
    db.run("DELETE FROM unsent WHERE lane = ?", row.doc);
    forget();
    return;
  }
  const entry = await writeOne(parts, {
    collection: FILES,
    name: row.path,
    kind: head.content === null ? "delete" : "put",
    content: head.content && { at: storedContent(parts, head.content.hash), type: head.content.type },
    doc: row.synced === null ? null : row.doc,
    parents: row.synced === null ? [] : [row.synced],
    ...(head.mode === undefined ? {} : { mode: head.mode }),
  });
  const doc = entry.doc ?? entry.id;
  db.transaction(() => {
    if (doc !== row.doc) {
      db.run("DELETE FROM unsent WHERE lane = ?", row.doc);
      db.run("DELETE FROM docs WHERE doc = ?", row.doc);
      db.run("DELETE FROM files WHERE doc = ?", row.doc);
    }
    documents.putDoc({ ...row, doc, head: entry.id });
    if (file !== undefined && head.id === file.entry) documents.putFile({ ...file, doc, entry: entry.id });
    forget();
  });
}
