// A file, or a link, where another document has a folder: no folder can show both. The folder keeps the path, and the file
// moves aside to a conflict name, with its history: a rename of its document.
//
// What the hub has numbered is the same for all, so every machine comes to see the clash, and any of them may part it. The
// outcome does not depend on who does: the name aside says when and by whom the file was saved, and two that rename it at
// once join their renames like any other two. But one is enough, so it is up to whoever brought the clash about: who has
// some of it still to send, or sent the last of it. The others wait for a while, and then do it themselves.

import type { EntryId } from "../entries/index.ts";
import type { DocRow } from "./documents.ts";
import { type FolderParts, isFolder } from "./folder-parts.ts";
import { moveAway, partPath } from "./part-paths.ts";
import { ancestorsOf } from "./paths.ts";

/** How long another machine is given to part what it brought together, ms. */
const PATIENCE_MS = 2_000;
/** Clashes remembered at the most; beyond, they are waited for anew. */
const MAX_REMEMBERED = 1_000;

/** What is to be known of clashes from one look to the next. */
export class Clashes {
  /** The hub has more that is on its way here: what looks like a clash may be parted in the next page. */
  isCatchingUp = false;
  /** Nobody is waited for. */
  isImpatient = false;
  /** Files that are in a clash which is left to others, and since when, ms of the monotonic clock. */
  private readonly left = new Map<EntryId, number>();

  get areLeft(): boolean {
    return this.left.size > 0;
  }
  /** How long `doc`'s clash is left to others, ms. */
  leftFor(doc: EntryId): number {
    const now = performance.now();
    const since = this.left.get(doc);
    if (since !== undefined) return now - since;
    if (this.left.size >= MAX_REMEMBERED) this.left.clear();
    this.left.set(doc, now);
    return 0;
  }
  /** There are none, or none that is left to others. */
  forget(): void {
    this.left.clear();
  }
}

/**
 * Parts those of `rows` that cannot be side by side, where it is up to this machine. Returns what is to be laid out: they,
 * and the documents that moved, since one makes room for the other; and the paths of files that are in a clash still.
 */
export async function partClashing(
  parts: FolderParts,
  rows: readonly DocRow[],
): Promise<{ docs: Set<EntryId>; inClash: ReadonlySet<string> }> {
  const { clashes, documents, obstacles } = parts;
  const docs = new Set(rows.map(({ doc }) => doc));
  const inClash = new Set<string>();
  if (!clashes.isCatchingUp) {
    for (const { path } of documents.crowded(rows)) for (const doc of await partPath(parts, path)) docs.add(doc);
  }
  for (const file of filesInTheWay(parts, rows)) {
    if (isOursToPart(parts, file)) {
      await moveAway(parts, file);
      docs.add(file.doc);
    } else {
      inClash.add(file.path);
      obstacles.retryLater(file.path);
    }
  }
  return { docs, inClash };
}

/** True when `path` cannot be laid out before one of the clashes at `inClash` is parted. */
export function isHeldUp(path: string, inClash: ReadonlySet<string>): boolean {
  return inClash.size > 0 && (inClash.has(path) || ancestorsOf(path).some((dir) => inClash.has(dir)));
}

/** Live documents that are no folder, at a path above which, or below which, one of `rows` lies. */
function filesInTheWay(parts: FolderParts, rows: readonly DocRow[]): DocRow[] {
  const { documents } = parts;
  const found = new Map<EntryId, DocRow>();
  const dirs = new Set<string>();
  for (const row of rows) {
    if (row.live === 0) continue;
    for (const dir of ancestorsOf(row.path)) {
      if (dirs.has(dir)) break;
      dirs.add(dir);
    }
  }
  for (const row of documents.crowded(rows)) if (documents.hasLiveBelow(row.path)) found.set(row.doc, row);
  for (const dir of dirs) for (const row of documents.docsAt(dir)) found.set(row.doc, row);
  return [...found.values()].filter((row) => !isFolder(parts, row));
}

function isOursToPart(parts: FolderParts, file: DocRow): boolean {
  const { clashes, documents, store } = parts;
  if (clashes.isCatchingUp || !isSoOnDisk(parts, file)) return false;
  if (clashes.isImpatient || file.head !== file.synced || documents.hasUnsentBelow(file.path)) return true;
  const last = documents.lastBelow(file.path);
  const newest = last === undefined || last.remote_sequence < file.remote_sequence ? file : last;
  const author = newest.remote === null ? undefined : store.catalog.entryById(newest.remote)?.author;
  return author === store.identity.author || clashes.leftFor(file.doc) >= PATIENCE_MS;
}

/** What is known to lie here does lie here: otherwise a change is about to be seen that may well end the clash. */
function isSoOnDisk({ documents, placer }: FolderParts, file: DocRow): boolean {
  const row = documents.fileOf(file.doc);
  const isFolderKnown = documents.pathsBelow(file.path, 2).some((path) => path !== file.path);
  const isFileKnown = row?.path === file.path;
  if (!isFileKnown && !isFolderKnown) return true;
  const now = placer.look(file.path);
  if (isFileKnown) return !isFolderKnown && now?.fileId === row.file_id;
  return now?.kind === "directory";
}
