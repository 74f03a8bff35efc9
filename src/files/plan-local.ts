// What happened in the folder: a pure function from what was known and what is seen now to a list of changes.
//
// A path that is still there keeps its document, however its file came to be replaced: editors write a temporary file and
// rename it over the target. A file that is found at another path took its document along, unless it was laid over one
// whose own file is gone: then that one was overwritten, and the survivor is never deleted (FILE-13, 16, 19).

import type { FileRow } from "./documents.ts";
import { DIRECTORY_TYPE, isPresent, type Observed, type Present } from "./observe.ts";
import { ancestorsOf } from "./paths.ts";

export type LocalChange =
  | { readonly kind: "create"; readonly at: Present }
  /** The file looks different: its content, type or mode may have changed. */
  | { readonly kind: "modify"; readonly row: FileRow; readonly at: Present }
  /** The document's file is at another path now; it may look different, too. */
  | { readonly kind: "move"; readonly row: FileRow; readonly at: Present }
  /** `isReplaced`: something else lies at, above or below its path, so it has not gone elsewhere unseen. */
  | { readonly kind: "remove"; readonly row: FileRow; readonly isReplaced?: true };

/**
 * `rows`: what was known of all paths in `seen`, and of all files in `seen` wherever they were known to be.
 * `seen`: one observation a path, and one for every path in `rows`.
 */
export function planLocal(rows: readonly FileRow[], seen: readonly Observed[]): LocalChange[] {
  const rowAt = new Map(rows.map((row) => [row.path, row]));
  const seenAt = new Map(seen.map((item) => [item.path, item]));
  const present = seen.filter((item): item is Present => isPresent(item));
  const placesOf = Map.groupBy(present, (item) => item.fileId);

  const isStillAt = (row: FileRow): boolean => {
    const now = seenAt.get(row.path);
    return now !== undefined && isPresent(now) && now.fileId === row.file_id;
  };
  /** Where the row's file went, when it is not at its path any more. */
  const movedTo = (row: FileRow): Present | undefined =>
    isStillAt(row) ? undefined : placesOf.get(row.file_id)?.find((item) => item.path !== row.path);

  // Two rows of one file (hard links) cannot both follow it.
  const goesTo = new Map<FileRow, Present>();
  const targets = new Set<string>();
  for (const row of rows) {
    const target = movedTo(row);
    if (target === undefined || targets.has(target.path)) continue;
    targets.add(target.path);
    goesTo.set(row, target);
  }
  // Laid over a path whose document stays there: that one lives on with the new content, and this one ends. Then it does
  // not leave its own path either, so whoever was laid over that is asked again.
  for (let isSettled = false; !isSettled; ) {
    isSettled = true;
    for (const [row, target] of goesTo) {
      const there = rowAt.get(target.path);
      if (there === undefined || goesTo.has(there) || isOtherKind(there, target)) continue;
      goesTo.delete(row);
      isSettled = false;
    }
  }
  const moves = new Map([...goesTo].map(([row, target]) => [target.path, row]));
  const movedDocs = new Set([...goesTo.keys()].map((row) => row.doc));

  const changes: LocalChange[] = [];
  for (const at of present) {
    const move = moves.get(at.path);
    const row = rowAt.get(at.path);
    if (move !== undefined) changes.push({ kind: "move", row: move, at });
    else if (row === undefined || movedDocs.has(row.doc) || isOtherKind(row, at)) changes.push({ kind: "create", at });
    else if (row.file_id !== at.fileId || row.stamp !== at.stamp) changes.push({ kind: "modify", row, at });
  }
  const replaces = replacing(changes);
  const replaced: LocalChange[] = [];
  for (const row of rows) {
    const now = seenAt.get(row.path);
    if (movedDocs.has(row.doc) || now === undefined || now.kind === "unknown") continue;
    if (isPresent(now) && !isOtherKind(row, now)) continue;
    if (replaces(row.path)) replaced.push({ kind: "remove", row, isReplaced: true });
    else changes.push({ kind: "remove", row });
  }
  return [...replaced, ...changes];
}

/** A file where a folder was, or a folder where a file or a link was. */
function isOtherKind(row: FileRow, at: Present): boolean {
  return (row.type === DIRECTORY_TYPE) !== (at.kind === "directory");
}

/** Whether what `changes` bring cannot lie in one folder with something at `path`. */
function replacing(changes: readonly LocalChange[]): (path: string) => boolean {
  const here = new Set<string>();
  const above = new Set<string>();
  for (const change of changes) {
    if (change.kind === "remove") continue;
    here.add(change.at.path);
    for (const dir of ancestorsOf(change.at.path)) above.add(dir);
  }
  return (path) => here.has(path) || above.has(path) || ancestorsOf(path).some((dir) => here.has(dir));
}
