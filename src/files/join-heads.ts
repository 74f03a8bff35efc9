// Two newest versions of one document become one: the join. Its parents are both, so both stay in the history of every
// machine, and every machine that sees it knows that nothing is left to decide.

import { type EntryId, FILES } from "../entries/index.ts";
import { assert } from "../errors.ts";
import { type Draft, readContent } from "../store/index.ts";
import { CONFLICT_AUTHOR_TAG, CONFLICT_TAG, conflictName, noteConflictTag } from "./conflicts.ts";
import type { DocRow } from "./documents.ts";
import { entryOf, type FolderParts, storedContent, writeOne } from "./folder-parts.ts";
import { type Merged, mergeStates, stateOf } from "./merge-states.ts";
import { mergeText } from "./merge-text.ts";

/** Joins of one document in a row before giving up for now: each round means that somebody else got ahead. */
const MAX_ROUNDS = 20;

/**
 * Brings `ours`, made from `base`, together with the document's head. `synced` is what the head then takes into account;
 * absent: as before.
 */
export async function joinHeads(
  parts: FolderParts,
  doc: EntryId,
  base: EntryId | null,
  ours: EntryId,
  theirs?: { readonly entry: EntryId; readonly synced: EntryId },
): Promise<void> {
  const { documents, db } = parts;
  let from = base;
  let mine = ours;
  for (let round = 0; round < MAX_ROUNDS; round += 1) {
    const before = documents.doc(doc);
    assert(before !== undefined, "a document that is joined is known");
    const isRemote = round === 0 && theirs !== undefined;
    const other = isRemote ? theirs.entry : before.head;
    if (other === mine) return;
    const joined = await writeJoin(parts, doc, from, mine, other);
    const expectedHead = isRemote ? mine : other;
    const isDone = db.transaction(() => {
      const now = documents.doc(doc);
      assert(now !== undefined, "a document is not forgotten while it is joined");
      // The head moved while the join was written: the join is one more version to bring together with it.
      if (now.head !== expectedHead) return false;
      documents.putDoc({ ...now, ...joined, ...(theirs === undefined ? {} : { synced: theirs.synced }) });
      return true;
    });
    if (isDone) return;
    from = expectedHead;
    mine = joined.head;
  }
}

async function writeJoin(
  parts: FolderParts,
  doc: EntryId,
  baseId: EntryId | null,
  oursId: EntryId,
  theirsId: EntryId,
): Promise<Pick<DocRow, "head" | "path" | "live">> {
  const { store, documents } = parts;
  const [oursEntry, theirsEntry] = [entryOf(parts, oursId), entryOf(parts, theirsId)];
  const [ours, theirs] = [stateOf(oursEntry), stateOf(theirsEntry)];
  const base = baseId === null ? null : stateOf(entryOf(parts, baseId));
  const merged = mergeStates(base, ours, theirs);
  const parents = [theirsId, oursId];
  if (merged.kind === "deleted") {
    const entry = await writeOne(parts, {
      collection: FILES,
      name: theirs.path,
      kind: "delete",
      content: null,
      doc,
      parents,
    });
    return { head: entry.id, path: theirs.path, live: 0 };
  }
  const chosen = merged.content === "ours" ? ours.content : theirs.content;
  assert(chosen !== null, "a live document has content");
  let content: Draft["content"] = { at: storedContent(parts, chosen.hash), type: chosen.type };
  let mergedDir: string | undefined;
  if (merged.content === "both") {
    const text = await mergedText(
      parts,
      base?.content?.hash,
      ours.content?.hash,
      theirs.content?.hash,
      isPlain(ours) && isPlain(theirs),
    );
    if (text === undefined) await keepBoth(parts, merged, oursEntry.id, ours);
    else {
      const staged = store.staging.stageBytes(text);
      mergedDir = staged.dir;
      content = { at: staged, type: chosen.type };
      parts.onEvent({ kind: "outcome", outcome: "merged", path: merged.path });
    }
  }
  const entry = await writeOne(parts, {
    collection: FILES,
    name: merged.path,
    kind: "put",
    content,
    doc,
    parents,
    ...(merged.isExecutable ? { mode: 0o755 } : {}),
  });
  if (mergedDir !== undefined) store.staging.discard(mergedDir);
  assert(documents.doc(doc) !== undefined, "a document is not forgotten while it is joined");
  return { head: entry.id, path: merged.path, live: 1 };
}

function isPlain(state: ReturnType<typeof stateOf>): boolean {
  return state.content !== null && !state.content.type.startsWith("inode/");
}

async function mergedText(
  parts: FolderParts,
  base: string | undefined,
  ours: string | undefined,
  theirs: string | undefined,
  isPlainBoth: boolean,
): Promise<Uint8Array | undefined> {
  if (base === undefined || ours === undefined || theirs === undefined || !isPlainBoth) return undefined;
  const [a, b, c] = await Promise.all([base, ours, theirs].map((hash) => bytesOf(parts, hash)));
  return a === undefined || b === undefined || c === undefined ? undefined : mergeText(a, b, c);
}

/** The largest content that is read into memory for a merge, bytes; a larger one is kept side by side. */
const MAX_MERGE_BYTES = 4 * 1_024 * 1_024;

async function bytesOf({ store }: FolderParts, hash: string): Promise<Uint8Array | undefined> {
  const holder = store.catalog.contentOf(FILES, hash);
  if (holder === undefined || (holder.entry.content?.size ?? 0) > MAX_MERGE_BYTES) return undefined;
  return readContent(store.layout, holder);
}

/** Ours becomes a document of its own beside theirs. */
async function keepBoth(
  parts: FolderParts,
  merged: Merged & { kind: "live" },
  oursId: EntryId,
  ours: ReturnType<typeof stateOf>,
): Promise<void> {
  const { documents, db } = parts;
  assert(ours.content !== null, "only a live version is kept beside another");
  const author = entryOf(parts, oursId).author;
  const copy = conflictName(merged.path, author, Date.now(), (path) => isTaken(parts, path));
  const entry = await writeOne(parts, {
    collection: FILES,
    name: copy,
    kind: "put",
    content: { at: storedContent(parts, ours.content.hash), type: ours.content.type },
    doc: null,
    parents: [oursId],
    tags: { [CONFLICT_TAG]: merged.path, [CONFLICT_AUTHOR_TAG]: author },
    ...(ours.isExecutable ? { mode: 0o755 } : {}),
  });
  db.transaction(() => {
    documents.putDoc({
      doc: entry.id,
      path: copy,
      live: 1,
      head: entry.id,
      synced: null,
      remote: null,
      remote_sequence: 0,
    });
    noteConflictTag(db, entry);
  });
  parts.onEvent({ kind: "conflict", path: merged.path, copy });
  parts.onEvent({ kind: "outcome", outcome: "conflicted", path: merged.path });
}

export function isTaken({ documents, placer }: FolderParts, path: string): boolean {
  return documents.docsAt(path).length > 0 || documents.file(path) !== undefined || placer.look(path) !== undefined;
}
