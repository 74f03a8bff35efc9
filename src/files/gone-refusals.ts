// What was left alone and is not there any more, or is none of ours by now, is not shown any longer.

import { dirname } from "node:path";
import { checkArtifactName, FILES } from "../entries/index.ts";
import type { FolderParts } from "./folder-parts.ts";
import { FOREIGN_NAME, looksForeign } from "./foreign-names.ts";
import { type IgnoreRules, isIgnored } from "./ignore-rules.ts";
import { isPresent, observe } from "./observe.ts";
import { NOT_LAID_OUT } from "./obstacles.ts";
import { ancestorsOf } from "./paths.ts";
import type { Unread } from "./scan.ts";

/** How the reason begins for a directory, or file, that could not be read. */
export const UNREADABLE = "it cannot be read";

/** What a look has seen. */
export interface Looked {
  /** Each with all below it; "" is the whole folder. */
  readonly paths: ReadonlySet<string>;
  /** As people read them. */
  readonly foreign: ReadonlySet<string>;
  readonly unread: readonly Unread[];
}

/** Forgets the refusals, among those of the paths that were looked at, that do not hold any more. */
export function forgetGone(parts: FolderParts, rules: IgnoreRules, looked: Looked): void {
  const isBlind = (path: string): boolean =>
    looked.unread.some((dir) => dir.path === "" || dir.path === path || path.startsWith(`${dir.path}/`));
  // A name that is no UTF-8 is told of by the watch in another way than it is shown: its directory was listed.
  const listed = new Set([...looked.paths].filter(looksForeign).map(dirname));
  for (const { path, reason } of parts.documents.refused()) {
    // Whoever lays out says when that has become possible, or is not wanted any more.
    if (isBlind(path) || reason.startsWith(NOT_LAID_OUT)) continue;
    const isForeign = reason === FOREIGN_NAME;
    if (!isBelow(looked.paths, path) && !(isForeign && listed.has(dirname(path)))) continue;
    const isGone = isForeign ? !looked.foreign.has(path) : holdsNoMore(parts, rules, path, reason);
    if (isGone) parts.documents.accept(path);
  }
}

function isBelow(paths: ReadonlySet<string>, path: string): boolean {
  return paths.has("") || paths.has(path) || ancestorsOf(path).some((dir) => paths.has(dir));
}

function holdsNoMore({ documents, layout }: FolderParts, rules: IgnoreRules, path: string, reason: string): boolean {
  if (isIgnored(rules, path)) return true;
  const here = observe(layout.folder, path);
  const row = documents.file(path);
  if (here.kind === "absent") return true;
  // A directory that could not be read has been; and where a link or a pipe was left alone, none is any more.
  if (here.kind === "directory") return reason.startsWith(UNREADABLE) || canTravel(path);
  return isPresent(here) && row !== undefined && row.file_id === here.fileId && row.stamp === here.stamp;
}

function canTravel(path: string): boolean {
  try {
    checkArtifactName(FILES, path);
    return true;
  } catch {
    return false;
  }
}
