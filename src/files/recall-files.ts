// After sync.db was lost: which version of which document each file of the folder was made from.
//
// The store knows every version that was ever here, and the folder mostly shows the newest ones. So a file that was edited
// while nobody looked is an edit of that version, and not a stranger at its path. What is not in the folder is not taken
// for deleted: it may never have been laid out.

import { createHash } from "node:crypto";
import { closeSync, constants, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { type Entry, type EntryId, FILES } from "../entries/index.ts";
import type { FolderParts } from "./folder-parts.ts";
import { observe, type Present } from "./observe.ts";

const ARRIVALS_AT_ONCE = 2_000;
const READ_BYTES = 1_024 * 1_024;
/** No file looks like this: the next look reads it. */
const UNSEEN = "not seen since";

/** Fills `docs` and `files` from store and folder, if neither holds anything. */
export async function recallFiles(parts: FolderParts): Promise<void> {
  const { db } = parts;
  if (db.get("SELECT 1 FROM docs LIMIT 1") ?? db.get("SELECT 1 FROM files LIMIT 1")) return;
  const all = await versionsOfDocuments(parts);
  db.transaction(() => {
    const taken = new Set<string>();
    for (const [doc, versions] of all) recall(parts, doc, versions, taken);
  });
}

/** One document; at most one is taken to be at a path. */
function recall(
  { documents, layout }: FolderParts,
  doc: EntryId,
  versions: readonly Entry[],
  taken: Set<string>,
): void {
  const newest = versions.at(-1);
  if (newest === undefined) return;
  const path = newest.name;
  const isLive = newest.kind !== "delete";
  documents.putDoc({
    doc,
    path,
    live: isLive ? 1 : 0,
    head: newest.id,
    synced: null,
    remote: null,
    remote_sequence: 0,
  });
  const at = isLive && !taken.has(path) ? observe(layout.folder, path) : undefined;
  if (at?.kind !== "file") return;
  taken.add(path);
  const made = versions.length === 1 ? newest : (sameBytes(layout.folder, at, versions) ?? newest);
  documents.putFile({
    path,
    doc,
    entry: made.id,
    hash: made.content?.hash ?? "",
    type: made.content?.type ?? "",
    mode: made.mode ?? 0o644,
    file_id: at.fileId,
    stamp: UNSEEN,
  });
}

/** Every document's versions, in order of arrival. */
async function versionsOfDocuments({ store }: FolderParts): Promise<Map<EntryId, Entry[]>> {
  const versions = new Map<EntryId, Entry[]>();
  for (let after = 0; ; ) {
    const arrivals = await store.arrivals(after, ARRIVALS_AT_ONCE);
    const last = arrivals.at(-1);
    if (last === undefined) return versions;
    for (const { entry } of arrivals) {
      if (entry.collection !== FILES || entry.doc === undefined) continue;
      const doc = entry.doc ?? entry.id;
      const known = versions.get(doc);
      if (known === undefined) versions.set(doc, [entry]);
      else known.push(entry);
    }
    after = last.arrival;
    await nextTurn();
  }
}

/** The last of `versions` that the file shows byte for byte. */
function sameBytes(folder: string, at: Present, versions: readonly Entry[]): Entry | undefined {
  if (!versions.some(({ content }) => content?.size === at.size)) return undefined;
  const hash = hashOf(join(folder, at.path));
  return versions.findLast(({ content }) => content?.hash === hash);
}

function hashOf(path: string): string | undefined {
  const hash = createHash("sha256");
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  try {
    const fd = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      for (let read = readSync(fd, buffer); read > 0; read = readSync(fd, buffer))
        hash.update(buffer.subarray(0, read));
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined; // gone, or not to be read: the next look says so
  }
  return hash.digest("hex");
}
