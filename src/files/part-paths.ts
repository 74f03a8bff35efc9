// Two live documents at one path: one of them has to go elsewhere. The hub gives a path to whoever came first, so it is
// always the one that the hub does not have there yet that moves, and only the machine that has it can say so. But a folder
// keeps its path from a file, whoever came first: there, that machine moves the hub's.

import { type EntryId, FILES } from "../entries/index.ts";
import { CONFLICT_AUTHOR_TAG, CONFLICT_TAG, conflictName, noteConflictTag } from "./conflicts.ts";
import type { DocRow } from "./documents.ts";
import { entryOf, type FolderParts, isFolder, storedContent, writeOne } from "./folder-parts.ts";
import type { Forks } from "./forks.ts";
import { isTaken } from "./join-heads.ts";
import { sameState, stateOf } from "./merge-states.ts";

/** Parts the documents at `path`, unless none of them is ours to move: the hub's next entries will say more. Returns those
 *  that moved. */
export async function partPath(parts: FolderParts, path: string): Promise<EntryId[]> {
  const there = parts.documents.docsAt(path);
  if (there.length < 2) return [];
  if (parts.forks !== undefined) return partAmongPeers(parts, parts.forks, there);
  const { stayer, movers } = chosen(parts, there);
  if (movers.length < there.length - 1) return [];
  const moved: EntryId[] = [];
  for (const mover of movers) {
    if (stayer !== undefined && absorb(parts, stayer, mover)) continue;
    await moveAway(parts, mover);
    moved.push(mover.doc);
  }
  return moved;
}

/** Peers have no common order of arrival, so the lowest id keeps the path, or the lowest of the folders. Who made what has to move
 *  moves it; the others wait for a while, and then do it themselves. */
async function partAmongPeers(parts: FolderParts, forks: Forks, there: readonly DocRow[]): Promise<EntryId[]> {
  const byId = there.toSorted((a, b) => (a.doc < b.doc ? -1 : 1));
  const stayer = byId.find((row) => isFolder(parts, row)) ?? byId[0];
  const moved: EntryId[] = [];
  for (const mover of byId) {
    if (stayer === undefined || mover === stayer) continue;
    const head = entryOf(parts, mover.head);
    if (forks.patienceMs(head, head, parts.store.identity.author) > 0) continue;
    forks.forget(head.id);
    if (sameState(stateOf(entryOf(parts, stayer.head)), stateOf(head))) await giveUp(parts, stayer, mover);
    else await moveAway(parts, mover);
    moved.push(mover.doc);
  }
  return moved;
}

/** The same bytes under two identities: one of them ends, and the file stays as it is. */
async function giveUp(parts: FolderParts, stayer: DocRow, mover: DocRow): Promise<void> {
  const { documents, db } = parts;
  const entry = await writeOne(parts, {
    collection: FILES,
    name: mover.path,
    kind: "delete",
    content: null,
    doc: mover.doc,
    parents: [mover.head],
  });
  db.transaction(() => {
    const now = documents.doc(mover.doc);
    if (now === undefined || now.head !== mover.head) return;
    const file = documents.fileOf(mover.doc);
    if (file !== undefined) {
      documents.forgetFile(file.path);
      if (documents.fileOf(stayer.doc) === undefined)
        documents.putFile({ ...file, doc: stayer.doc, entry: stayer.head });
    }
    documents.putDoc({ ...now, live: 0, head: entry.id });
  });
  parts.onEvent({ kind: "outcome", outcome: "attached", path: mover.path });
}

/** All but one move; the hub's own document, if there is one, stays. */
function chosen(parts: FolderParts, there: readonly DocRow[]): { stayer: DocRow | undefined; movers: DocRow[] } {
  const ours = there.filter((row) => row.head !== row.synced).sort(byClaim);
  const folders = there.filter((row) => isFolder(parts, row));
  const folder = folders.find((row) => !ours.includes(row)) ?? ours.find((row) => folders.includes(row));
  const isOurs = folder !== undefined && ours.includes(folder);
  const movable = isOurs ? there.filter((row) => !folders.includes(row) || ours.includes(row)) : ours;
  const stayer = folder ?? (ours.length === there.length ? ours[0] : there.find((row) => !ours.includes(row)));
  return { stayer, movers: movable.filter((row) => row !== stayer) };
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

/** Gives the document a conflict name: that of its newest version's author and day, so that whoever does it names it alike. */
export async function moveAway(parts: FolderParts, mover: DocRow): Promise<void> {
  const { documents, db } = parts;
  const head = entryOf(parts, mover.head);
  const { content } = head;
  if (content === null) return;
  const copy = conflictName(
    mover.path,
    head.author,
    head.clock.wallMs,
    (path) => isTaken(parts, path) || documents.hasLiveBelow(path),
  );
  const entry = await writeOne(parts, {
    collection: FILES,
    name: copy,
    kind: "rename",
    from: mover.path,
    content: { at: storedContent(parts, content.hash), type: content.type },
    doc: mover.doc,
    parents: [mover.head],
    tags: { [CONFLICT_TAG]: mover.path, [CONFLICT_AUTHOR_TAG]: head.author },
    ...(head.mode === undefined ? {} : { mode: head.mode }),
  });
  db.transaction(() => {
    const now = documents.doc(mover.doc);
    if (now === undefined || now.head !== mover.head) return;
    documents.putDoc({ ...now, path: copy, head: entry.id });
    noteConflictTag(db, entry);
  });
  parts.onEvent({ kind: "conflict", path: mover.path, copy });
  parts.onEvent({ kind: "outcome", outcome: "conflicted", path: mover.path });
}
