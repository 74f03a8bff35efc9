// What the hub says of the folder's documents: recorded as it is told, then brought together with our own versions.

import type { Author, EntryId } from "../entries/index.ts";
import { assert } from "../errors.ts";
import { hasUnsent, type Sequenced } from "../hub-client/index.ts";
import { noteConflictTag } from "./conflicts.ts";
import type { FolderParts } from "./folder-parts.ts";
import { joinHeads } from "./join-heads.ts";

const DOCS_AT_ONCE = 500;
/** Rounds of joining in a row at the most: five million documents, and whatever the hub tells of them meanwhile. */
const MAX_ROUNDS = 10_000;

/**
 * Records entries in the hub's order, inside the transaction that moves the cursor. A document without versions of ours
 * that the hub lacks takes the hub's as its head at once; the others are brought together later (`joinAllBehind`).
 */
export function recordRemote(
  { documents, db }: Pick<FolderParts, "documents" | "db">,
  me: Author,
  entries: readonly Sequenced[],
): void {
  for (const { entry, sequence } of entries) {
    const doc = entry.doc ?? entry.id;
    const live = entry.kind === "delete" ? 0 : 1;
    const known = documents.doc(doc);
    noteConflictTag(db, entry);
    const remote = { remote: entry.id, remote_sequence: sequence };
    if (known === undefined) {
      documents.putDoc({ doc, path: entry.name, live, head: entry.id, synced: entry.id, ...remote });
      continue;
    }
    // Told late, or again: what we know is newer.
    if (sequence <= known.remote_sequence) continue;
    const isClean = known.head === known.synced;
    if (isClean) documents.putDoc({ ...known, path: entry.name, live, head: entry.id, synced: entry.id, ...remote });
    // Our own version coming back, on the way to the head: the head was made from it.
    else if (entry.author === me) documents.putDoc({ ...known, synced: entry.id, ...remote });
    else documents.putDoc({ ...known, ...remote });
  }
}

/** Brings every document of which both sides have something new together. One that does not get anywhere is left for the
 *  next time, and keeps no other from it. */
export async function joinAllBehind(parts: FolderParts): Promise<void> {
  for (let round = 0; (await joinBehind(parts)) > 0; round += 1) {
    assert(round < MAX_ROUNDS, "documents are joined faster than the hub tells of new versions");
  }
}

/** Returns how many of the first few it was that take the hub's version into account now. */
async function joinBehind(parts: FolderParts): Promise<number> {
  const { documents, db } = parts;
  let joined = 0;
  for (const row of documents.behind(DOCS_AT_ONCE)) {
    const remote = row.remote as EntryId;
    if (row.head === remote || !hasUnsent(db, row.doc)) {
      db.transaction(() => takeRemoteHead(parts, row.doc));
    } else {
      await joinHeads(parts, row.doc, row.synced, row.head, { entry: remote, synced: remote });
    }
    // What does not move would be found again at once, and for ever.
    const now = documents.doc(row.doc);
    if (now?.synced === remote || now?.remote !== remote) joined += 1;
  }
  return joined;
}

function takeRemoteHead({ documents, store }: FolderParts, doc: EntryId): void {
  const now = documents.doc(doc);
  const entry = now?.remote == null ? undefined : store.catalog.entryById(now.remote);
  if (now === undefined || entry === undefined) return;
  documents.putDoc({
    ...now,
    path: entry.name,
    live: entry.kind === "delete" ? 0 : 1,
    head: entry.id,
    synced: entry.id,
  });
}
