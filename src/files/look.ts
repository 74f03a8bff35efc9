// From paths that may have changed to the list of what happened: gathers every observation and row that the plan needs.

import { readdirSync, statSync } from "node:fs";
import { dirname, join } from "node:path";
import { checkArtifactName, FILES } from "../entries/index.ts";
import { HoldfastError, shellWord } from "../errors.ts";
import type { FileRow } from "./documents.ts";
import { type FolderParts, isFolder, leaveAlone } from "./folder-parts.ts";
import { FOREIGN_NAME, foreignIn, looksForeign } from "./foreign-names.ts";
import { forgetGone } from "./gone-refusals.ts";
import { type IgnoreRules, isIgnored } from "./ignore-rules.ts";
import { DIRECTORY_TYPE, isPresent, linkedParent, type Observed, observe, type Present } from "./observe.ts";
import { ancestorsOf } from "./paths.ts";
import { type LocalChange, planLocal } from "./plan-local.ts";
import { scan, type Unread } from "./scan.ts";

export interface Look {
  readonly changes: LocalChange[];
  /** Paths that could not be read, with the reason. */
  readonly unread: readonly Unread[];
}

/** New files that are told of together. */
const NEW_AT_ONCE = 4_000;
const ROWS_AT_ONCE = 5_000;

/**
 * Looks at `paths` and all below them; "" stands for the whole folder. Files of which nothing was known, neither at their
 * path nor elsewhere, are told to `onNew` while the look goes on: whatever else is found, they are new. So a folder of any
 * size passes through the memory of a small one, but for the paths of what is as it was.
 */
export async function look(
  parts: FolderParts,
  paths: ReadonlySet<string>,
  rules: IgnoreRules,
  onNew: (changes: LocalChange[]) => Promise<void>,
  signal?: AbortSignal,
): Promise<Look> {
  const { documents } = parts;
  const { folder } = parts.layout;
  /** What is not as it was, and not simply new; and the rows that it takes to say what happened. */
  const seen = new Map<string, Observed>();
  const rows = new Map<string, FileRow>();
  /** Paths that need no second thought: they are as they were, or were told of as new. */
  const asKnown = new Set<string>();
  const fresh = new Map<string, Present>();
  const unread: Unread[] = [];
  const foreign = new Set<string>();
  const isFirst = documents.pathsBelow("", 1).length === 0;
  /** Directories, and the row of what was no directory there or further up. */
  const dirs = new Map<string, FileRow | undefined>();
  const note = (item: Observed): void => {
    const row = documents.file(item.path);
    if (isPresent(item)) {
      if (row !== undefined && row.file_id === item.fileId && row.stamp === item.stamp) {
        asKnown.add(item.path);
        return;
      }
      if (row === undefined && isInTheWay(parts, rules, item)) return;
      const above = row === undefined && !isFirst ? fileAbove(parts, item.path, dirs) : undefined;
      if (above !== undefined) rows.set(above.path, above);
      const isReplacing = above !== undefined || (!isFirst && isOverKnown(parts, item));
      if (row === undefined && !isReplacing && documents.filesById(item.fileId).length === 0) {
        fresh.set(item.path, item);
        return;
      }
    }
    if (row !== undefined) rows.set(row.path, row);
    if (item.kind === "special" && item.reason === FOREIGN_NAME) foreign.add(item.path);
    seen.set(item.path, item);
  };
  const tellNew = async (): Promise<void> => {
    const told = speakable(parts, [...fresh.values()]).filter(isPresent);
    for (const path of fresh.keys()) asKnown.add(path);
    fresh.clear();
    if (told.length > 0) await onNew(told.map((at) => ({ kind: "create", at })));
  };
  for (const path of paths) {
    if (path !== "" && isIgnored(rules, path)) continue;
    const here = path === "" ? undefined : observe(folder, path);
    // What the watch cannot name: it lies in that directory, if it is there still.
    if (here?.kind === "absent" && looksForeign(path))
      for (const item of foreignBeside(folder, path, rules)) note(item);
    if (here?.kind === "directory" && rules.ignores(path, "directory")) continue;
    if (here !== undefined && here.kind !== "directory") note(here);
    else {
      for await (const slice of scan(folder, path, rules, unread, signal)) {
        for (const item of slice) note(item);
        if (fresh.size >= NEW_AT_ONCE) await tellNew();
      }
    }
    let after: string | undefined;
    do {
      const known = documents.pathsBelow(path, ROWS_AT_ONCE, after);
      for (const each of known) {
        const row = asKnown.has(each) || rows.has(each) ? undefined : documents.file(each);
        if (row !== undefined) rows.set(each, row);
      }
      after = known.at(-1);
    } while (after !== undefined);
  }
  await tellNew();
  seeAround(parts, rules, rows, seen, unread);
  requireFolder(parts, seen);
  forgetGone(parts, rules, { paths, foreign, unread });
  return { changes: planLocal([...rows.values()], speakable(parts, [...seen.values()])), unread };
}

function foreignBeside(folder: string, path: string, rules: IgnoreRules): Observed[] {
  if (linkedParent(folder, path) !== undefined) return [];
  const dir = dirname(path);
  return foreignIn(folder, dir === "." ? "" : dir, rules);
}

/** Adds to what was seen all that belongs to the picture: whatever lies at the paths of the rows, and the rows of whatever
 *  lies there. */
function seeAround(
  parts: FolderParts,
  rules: IgnoreRules,
  rows: Map<string, FileRow>,
  seen: Map<string, Observed>,
  unread: readonly Unread[],
): void {
  const { folder } = parts.layout;
  const looked = new Set<string>();
  // A directory that has become empty is a document of its own; one is found by looking at where something went.
  for (const [path, item] of [...seen]) {
    if (item.kind === "absent") seeParent(folder, path, rules, seen, looked);
  }
  for (const row of rows.values()) {
    if (!seen.has(row.path)) seen.set(row.path, seeKnown(folder, row, rules, unread));
    if (seen.get(row.path)?.kind === "absent") seeParent(folder, row.path, rules, seen, looked);
  }
  // A file that was known elsewhere: its old path belongs to the picture, and whatever lies there now.
  for (const item of [...seen.values()]) {
    if (!isPresent(item)) continue;
    for (const row of parts.documents.filesById(item.fileId)) {
      if (rows.has(row.path)) continue;
      rows.set(row.path, row);
      if (!seen.has(row.path)) seen.set(row.path, seeKnown(folder, row, rules, unread));
    }
  }
}

/** The row of a file or link that was known where `path` has a directory now. */
function fileAbove(
  { documents }: FolderParts,
  path: string,
  dirs: Map<string, FileRow | undefined>,
): FileRow | undefined {
  const [dir] = ancestorsOf(path);
  if (dir === undefined) return undefined;
  if (!dirs.has(dir)) {
    const rows = [dir, ...ancestorsOf(dir)].map((each) => documents.file(each));
    dirs.set(
      dir,
      rows.find((row) => row !== undefined && row.type !== DIRECTORY_TYPE),
    );
  }
  return dirs.get(dir);
}

/** A file or link where something was known below: all that goes with the directory that it replaced. */
function isOverKnown({ documents }: FolderParts, item: Present): boolean {
  return item.kind !== "directory" && documents.pathsBelow(item.path, 1).some((path) => path !== item.path);
}

/** A folder with nothing in it but what is ignored, where a file is to be laid out: it is no folder that travels. */
function isInTheWay(parts: FolderParts, rules: IgnoreRules, item: Present): boolean {
  if (item.kind !== "directory") return false;
  const there = parts.documents.docsAt(item.path);
  if (there.length === 0 || there.some((doc) => isFolder(parts, doc))) return false;
  return holdsOnlyIgnored(parts.layout.folder, item.path, rules);
}

/** A row that the scan did not find: absent, unless it is ignored now, or lies where nothing could be read. */
function seeKnown(folder: string, row: FileRow, rules: IgnoreRules, unread: readonly Unread[]): Observed {
  const blind = unread.find(({ path }) => path === "" || row.path.startsWith(`${path}/`));
  if (blind !== undefined) return { kind: "unknown", path: row.path, reason: blind.reason };
  if (isIgnored(rules, row.path)) return { kind: "unknown", path: row.path, reason: "it is ignored" };
  const here = observe(folder, row.path);
  // A folder is its entries: one that is not empty is no document, so what was known there is gone.
  const isReplaced = here.kind === "directory" && row.type !== DIRECTORY_TYPE && !isEmpty(folder, row.path, rules);
  return isReplaced ? { kind: "absent", path: row.path } : here;
}

/** Where something went, the directory above may be empty now, and so a document of its own. */
function seeParent(
  folder: string,
  path: string,
  rules: IgnoreRules,
  seen: Map<string, Observed>,
  looked: Set<string>,
): void {
  const slash = path.lastIndexOf("/");
  const parent = path.slice(0, Math.max(0, slash));
  if (parent === "" || seen.has(parent) || looked.has(parent)) return;
  looked.add(parent);
  const here = observe(folder, parent);
  if (here.kind === "directory" && isEmpty(folder, parent, rules)) seen.set(parent, here);
}

function holdsOnlyIgnored(folder: string, path: string, rules: IgnoreRules): boolean {
  try {
    return readdirSync(join(folder, path)).length > 0 && isEmpty(folder, path, rules);
  } catch {
    return false;
  }
}

/** Nothing lies in the directory but what is ignored. */
function isEmpty(folder: string, path: string, rules: IgnoreRules): boolean {
  try {
    return readdirSync(join(folder, path), { withFileTypes: true }).every((entry) =>
      rules.ignores(`${path}/${entry.name}`, entry.isDirectory() ? "directory" : "file"),
    );
  } catch {
    // Gone, or not readable: not known to be empty.
    return false;
  }
}

/** Nothing is concluded from an absence when the folder itself is gone (FILE-39). */
function requireFolder(parts: FolderParts, seen: ReadonlyMap<string, Observed>): void {
  if (![...seen.values()].some((item) => item.kind === "absent")) return;
  try {
    if (statSync(parts.layout.workspaceFile).isFile()) return;
  } catch {
    // Told below.
  }
  throw new HoldfastError("FOLDER_GONE", `${parts.layout.folder} is gone, or its disk is not mounted`, {
    hint: `Nothing was deleted anywhere. Bring the folder back and start again with \`holdfast up ${shellWord(parts.layout.folder)}\`.`,
  });
}

/** Leaves out what cannot travel, and says so. */
function speakable(parts: FolderParts, seen: readonly Observed[]): Observed[] {
  return seen.filter((item) => {
    if (item.kind === "absent" || item.kind === "unknown") return true;
    if (item.kind === "special") {
      leaveAlone(parts, item.path, item.reason);
      return true;
    }
    try {
      checkArtifactName(FILES, item.path);
    } catch (error) {
      leaveAlone(parts, item.path, error instanceof Error ? error.message : String(error));
      return false;
    }
    return true;
  });
}
