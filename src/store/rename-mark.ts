// How a rename switches from the old name to the new one in a single step (see rename-artifact.ts).
//
// Before it, a file in the old artifact's directory says where it goes and under which id. The new artifact comes to its place
// whole, with a file of the same id in it. From that one rename(2) on both files agree, and whoever lists the old directory
// finds nothing there any more; whatever else a rename does can wait, also for another process.
//
// Loads next to nothing: every reader of an artifact comes by here.

import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { encodeName } from "./layout.ts";

/** In the old artifact's directory. */
export const RENAMING = ".renaming";
/** In the new artifact's directory, until the old one is gone. */
export const RENAMED_FROM = ".renamed-from";

export interface RenamingMark {
  readonly id: string;
  readonly to: string;
  /** The greatest number among the versions that go there. Greater ones were saved since, by somebody who took the lock over. */
  readonly upTo: number;
}

/** What the artifact in `artifactDir` has become, if it has become another one and nobody has cleared it away yet. */
export function becameOf(artifactDir: string): RenamingMark | undefined {
  const mark = readMark<RenamingMark>(join(artifactDir, RENAMING));
  if (mark === undefined) return undefined;
  const newDir = join(dirname(artifactDir), encodeName(mark.to));
  return readMark<{ id: string }>(join(newDir, RENAMED_FROM))?.id === mark.id ? mark : undefined;
}

/** Undefined also where it cannot be read: then nothing was renamed, and everything is where it was. */
export function readMark<T>(path: string): T | undefined {
  if (!existsSync(path)) return undefined;
  try {
    return JSON.parse(readFileSync(path, "utf8")) as T;
  } catch {
    return undefined;
  }
}
