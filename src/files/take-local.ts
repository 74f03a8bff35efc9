// Local changes become versions: first in the store, durable, and only then is it recorded that they were seen. A crash
// in between finds the file looking new again, recognises its bytes as the head's, and records just that.

import { turnGiver } from "../coordination/index.ts";
import { type EntryId, FILES } from "../entries/index.ts";
import { type SyncDb, wakeLane } from "../hub-client/index.ts";
import type { Draft, StagedContent, VersionRecord } from "../store/index.ts";
import type { FileRow } from "./documents.ts";
import { entryOf, type FolderParts, leaveAlone, storedContent } from "./folder-parts.ts";
import { joinHeads } from "./join-heads.ts";
import { mediaTypeOf } from "./media-type.ts";
import { type DocState, sameContent, sameState, stateOf } from "./merge-states.ts";
import { contentStamp, DIRECTORY_TYPE, type Present, SYMLINK_TYPE } from "./observe.ts";
import type { LocalChange } from "./plan-local.ts";
import { readSettled } from "./read-file.ts";

/** A change with its bytes read: what to write, and what to remember once it is written. */
interface Taken {
  readonly draft: Draft | undefined;
  readonly row: FileRow | undefined;
  readonly at: Present | undefined;
  /** What lies there now, where no version needs writing: the file shows this one. */
  readonly shows?: { readonly doc: EntryId; readonly entry: EntryId; readonly content: DocState["content"] };
}

/** The first is small, so that others need not wait long for something to do. */
const FIRST_BATCH_FILES = 200;
const BATCH_FILES = 1_000;
const BATCH_BYTES = 8 * 1_024 * 1_024;

/** Takes in `changes`. While one batch is written, and waited for by the disk, the next is read. Returns how many versions
 *  were written. */
export async function takeLocal(
  parts: FolderParts,
  changes: readonly LocalChange[],
  onBatch: () => Promise<void> = async () => {},
): Promise<number> {
  let written = 0;
  let writing: Promise<void> = Promise.resolve();
  const writeOut = async (batch: readonly Taken[]): Promise<void> => {
    written += await write(parts, batch);
    await onBatch();
  };
  let batch: Taken[] = [];
  let bytes = 0;
  const giveTurn = turnGiver();
  let mostFiles = FIRST_BATCH_FILES;
  try {
    for (const [index, change] of changes.entries()) {
      await giveTurn(); // an embedded hub serves others from this thread
      const taken = await take(parts, change);
      parts.progress.add("scan", { files: 1, bytes: change.kind === "remove" ? 0 : change.at.size });
      if (taken !== undefined) {
        batch.push(taken);
        bytes += taken.draft?.content?.at.size ?? 0;
      }
      if (batch.length >= mostFiles || bytes >= BATCH_BYTES || index === changes.length - 1) {
        await writing;
        writing = writeOut(batch);
        writing.catch(() => {}); // it is awaited below, or before the next batch
        batch = [];
        mostFiles = BATCH_FILES;
        bytes = 0;
      }
    }
  } finally {
    await writing;
  }
  return written;
}

async function take(parts: FolderParts, change: LocalChange): Promise<Taken | undefined> {
  const { documents } = parts;
  if (change.kind === "remove") {
    const { row } = change;
    const doc = documents.doc(row.doc);
    if (doc === undefined || doc.live === 0) return { draft: undefined, row, at: undefined };
    return {
      draft: { collection: FILES, name: row.path, kind: "delete", content: null, doc: row.doc, parents: [row.entry] },
      row,
      at: undefined,
    };
  }
  const { at } = change;
  const row = change.kind === "create" ? undefined : change.row;
  const old = row === undefined ? undefined : stateOf(entryOf(parts, row.entry));
  // Moved and not written: the bytes are those we know.
  const isUnwritten = change.kind === "move" && row !== undefined && contentStamp(row.stamp) === contentStamp(at.stamp);
  const content = isUnwritten && old?.content ? old.content : await readContentOf(parts, at);
  if (content === undefined) return undefined;
  documents.accept(at.path);
  const now: DocState = {
    path: at.path,
    content: { hash: content.hash, size: content.size, type: typeOf(at, old) },
    isExecutable: at.isExecutable,
  };
  const shows = shown(parts, now, row, old);
  if (shows !== undefined) {
    if ("dir" in content) parts.store.staging.discard(content.dir);
    return { draft: undefined, row, at, shows: { ...shows, content: now.content } };
  }
  const isRename = row !== undefined && row.path !== at.path && sameContent(old?.content ?? null, now.content);
  if (isRename && "dir" in content) parts.store.staging.discard(content.dir);
  return {
    draft: {
      collection: FILES,
      name: at.path,
      kind: isRename ? "rename" : "put",
      content: {
        at: "dir" in content && !isRename ? content : storedContent(parts, content.hash),
        type: now.content?.type ?? "",
      },
      doc: row?.doc ?? null,
      parents: row === undefined ? [] : [row.entry],
      ...(isRename ? { from: row.path } : {}),
      ...(at.isExecutable ? { mode: 0o755 } : {}),
    },
    row,
    at,
  };
}

/** The known version that the file shows already, if there is one. */
function shown(
  { documents, ...rest }: FolderParts,
  now: DocState,
  row: FileRow | undefined,
  old: DocState | undefined,
): { doc: EntryId; entry: EntryId } | undefined {
  const parts = { documents, ...rest };
  if (row !== undefined && old !== undefined && sameState(old, now)) return { doc: row.doc, entry: row.entry };
  const candidates = row === undefined ? documents.docsAt(now.path) : [documents.doc(row.doc)];
  for (const doc of candidates) {
    if (doc === undefined || doc.live === 0) continue;
    if (row === undefined && documents.fileOf(doc.doc) !== undefined) continue;
    if (sameState(stateOf(entryOf(parts, doc.head)), now)) return { doc: doc.doc, entry: doc.head };
  }
  return undefined;
}

async function readContentOf(parts: FolderParts, at: Present): Promise<StagedContent | undefined> {
  const outcome = await readSettled(parts.layout.folder, at, parts.store.staging, (done) =>
    parts.progress.within("scan", done),
  );
  if (outcome.kind === "read") return outcome.content;
  if (outcome.kind === "unsettled") parts.lookAgain(at.path);
  else leaveAlone(parts, at.path, outcome.reason);
  return undefined;
}

function typeOf(at: Present, old: DocState | undefined): string {
  if (at.kind === "directory") return DIRECTORY_TYPE;
  if (at.kind === "symlink") return SYMLINK_TYPE;
  const known = old?.content?.type;
  return known === undefined || known.startsWith("inode/") ? mediaTypeOf(at.path) : known;
}

async function write(parts: FolderParts, batch: readonly Taken[]): Promise<number> {
  if (batch.length === 0) return 0;
  const drafts = batch.map((item) => item.draft).filter((draft) => draft !== undefined);
  const records = await parts.store.write(drafts);
  for (const draft of drafts)
    if (draft.content !== null && "dir" in draft.content.at) parts.store.staging.discard(draft.content.at.dir);
  const forks: { doc: EntryId; base: EntryId; ours: EntryId }[] = [];
  let next = 0;
  parts.db.transaction(() => {
    for (const taken of batch) {
      const record = taken.draft === undefined ? undefined : records[next++];
      const fork = remember(parts, taken, record);
      if (fork !== undefined) forks.push(fork);
    }
  });
  for (const { doc, base, ours } of forks) await joinHeads(parts, doc, base, ours);
  return drafts.length;
}

/** Inside the transaction: the version and what lies in the folder. Returns a fork when the head had moved on. */
function remember(
  { db, documents }: { db: SyncDb; documents: FolderParts["documents"] },
  { row, at, shows }: Taken,
  record: VersionRecord | undefined,
): { doc: EntryId; base: EntryId; ours: EntryId } | undefined {
  const doc = record === undefined ? (shows?.doc ?? row?.doc) : (record.entry.doc ?? record.entry.id);
  if (doc === undefined) return undefined;
  const entry = record?.entry.id ?? shows?.entry;
  if (at === undefined) {
    if (row !== undefined) documents.forgetFile(row.path);
  } else if (entry !== undefined) {
    const content = record?.entry.content ?? shows?.content;
    documents.putFile({
      path: at.path,
      doc,
      entry,
      hash: content?.hash ?? row?.hash ?? "",
      type: content?.type ?? row?.type ?? "",
      mode: at.isExecutable ? 0o755 : 0o644,
      file_id: at.fileId,
      stamp: at.stamp,
    });
  }
  if (record === undefined) return undefined;
  wakeLane(db, doc);
  const known = documents.doc(doc);
  const live = record.entry.kind === "delete" ? 0 : 1;
  if (known === undefined) {
    documents.putDoc({
      doc,
      path: record.entry.name,
      live,
      head: record.entry.id,
      synced: null,
      remote: null,
      remote_sequence: 0,
    });
    return undefined;
  }
  if (row !== undefined && known.head !== row.entry) return { doc, base: row.entry, ours: record.entry.id };
  documents.putDoc({ ...known, path: record.entry.name, live, head: record.entry.id });
  return undefined;
}
