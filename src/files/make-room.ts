// Directories that are in the way of a file only because of what was in them: they go before the file comes.

import type { Entry } from "../entries/index.ts";
import type { DocRow, FileRow } from "./documents.ts";
import { type FolderParts, isFolder } from "./folder-parts.ts";
import { DIRECTORY_TYPE } from "./observe.ts";
import { ancestorsOf } from "./paths.ts";
import type { Aside } from "./place.ts";

/** What is laid out: `row` is what lies there of it, `aside` where that is now. */
interface Leaving {
  readonly doc: DocRow;
  readonly head: Entry;
  readonly row: FileRow | undefined;
  readonly aside?: Aside;
  readonly outcome?: unknown;
}

/** Removes, at and below the paths of files that are about to be laid out, the directories that are empty now that their
 *  files were taken out. One that holds anything else stays. */
export function makeRoom(parts: FolderParts, jobs: readonly Leaving[]): void {
  const left = jobs.filter(({ row, doc, aside }) => row !== undefined && (aside !== undefined || doc.live === 0));
  if (left.length === 0) return;
  const wanted = new Set<string>();
  for (const { doc, head, outcome } of jobs) {
    if (doc.live === 1 && outcome === undefined && head.content?.type !== DIRECTORY_TYPE) wanted.add(head.name);
  }
  const isAtOrBelow = (dir: string): boolean => wanted.has(dir) || ancestorsOf(dir).some((above) => wanted.has(above));
  for (const { row } of left) {
    if (row === undefined || !ancestorsOf(row.path).some((dir) => wanted.has(dir))) continue;
    parts.placer.removeEmptyParents(row.path, (dir) => hasFolder(parts, dir) || !isAtOrBelow(dir));
  }
}

/** True when `dir` is a document of its own, so that it stays when it is empty. */
export function hasFolder(parts: Pick<FolderParts, "documents" | "store">, dir: string): boolean {
  return parts.documents.docsAt(dir).some((doc) => isFolder(parts, doc));
}
