// Two live documents at one path: one of them has to go elsewhere. The hub gives a path to whoever came first, so it is
// always the one that the hub does not have there yet that moves, and only the machine that has it can say so.

import { type EntryId, FILES } from "../entries/index.ts";
import { CONFLICT_TAG, conflictName, recordConflict } from "./conflicts.ts";
import type { DocRow } from "./documents.ts";
import { entryOf, type FolderParts, storedContent, writeOne } from "./folder-parts.ts";
import { isTaken } from "./join-heads.ts";
import { sameState, stateOf } from "./merge-states.ts";

/** Parts the documents at `path`. False: neither is ours to move; the hub's next entries will say more. */
export async function partPath(parts: FolderParts, path: string): Promise<boolean> {
  const there = parts.documents.docsAt(path);
  if (there.length < 2) return true;
  const ours = there.filter((row) => row.head !== row.synced).sort(byClaim);
  // All but one move; the hub's own document, if there is one, stays.
  const movers = ours.length === there.length ? ours.slice(1) : ours;
  if (movers.length < there.length - 1) return false;
  const stayer = there.find((row) => !movers.includes(row));
  for (const mover of movers) {
    if (stayer !== undefined && absorb(parts, stayer, mover)) continue;
    await moveAway(parts, mover);
  }
  return true;
}

/** Documents that the hub knows hold on to a path before those it does not. */
function byClaim(a: DocRow, b: DocRow): number {
  if ((a.remote === null) !== (b.remote === null)) return a.remote === null ? 1 : -1;
  return a.doc < b.doc ? -1 : 1;
}

/** The same bytes on both sides: ours was never sent, so it becomes the hub's document (FILE-29). */
function absorb(parts: FolderParts, stayer: DocRow, mover: DocRow): boolean {
  const { documents, db } = parts;
  if (mover.remote !== null || documents.fileOf(stayer.doc) !== undefined) return false;
  if (!sameState(stateOf(entryOf(parts, stayer.head)), stateOf(entryOf(parts, mover.head)))) return false;
  const unsent = db.all<{ entry: EntryId }>("SELECT entry FROM unsent WHERE lane = ?", mover.doc);
  if (unsent.length > 1) return false;
  return db.transaction(() => {
    const row = documents.fileOf(mover.doc);
    db.run("DELETE FROM unsent WHERE lane = ?", mover.doc);
    db.run("DELETE FROM lanes WHERE lane = ?", mover.doc);
    documents.forgetDoc(mover.doc);
    if (row !== undefined) {
      documents.forgetFile(row.path);
      documents.putFile({ ...row, doc: stayer.doc, entry: stayer.head });
    }
    parts.onEvent({ kind: "outcome", outcome: "attached", path: mover.path });
    return true;
  });
}

async function moveAway(parts: FolderParts, mover: DocRow): Promise<void> {
  const { documents, db, store } = parts;
  const head = entryOf(parts, mover.head);
  const { content } = head;
  if (content === null) return;
  const copy = conflictName(mover.path, head.author, Date.now(), (path) => isTaken(parts, path));
  const entry = await writeOne(parts, {
    collection: FILES,
    name: copy,
    kind: "rename",
    from: mover.path,
    content: { at: storedContent(parts, content.hash), type: content.type },
    doc: mover.doc,
    parents: [mover.head],
    tags: { [CONFLICT_TAG]: mover.path },
    ...(head.mode === undefined ? {} : { mode: head.mode }),
  });
  db.transaction(() => {
    const now = documents.doc(mover.doc);
    if (now === undefined || now.head !== mover.head) return;
    documents.putDoc({ ...now, path: copy, head: entry.id });
    recordConflict(db, {
      path: mover.path,
      copy,
      author: head.author,
      at: new Date(store.clock.tick().wallMs).toISOString(),
    });
  });
  parts.onEvent({ kind: "conflict", path: mover.path, copy });
  parts.onEvent({ kind: "outcome", outcome: "conflicted", path: mover.path });
}
