// Walking the folder, or a part of it. The walk gives way to other work every few thousand files.

import { type Dirent, readdirSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { systemCode } from "../errors.ts";
import { foreignIn, looksForeign } from "./foreign-names.ts";
import type { IgnoreRules } from "./ignore-rules.ts";
import { type Observed, observeFound } from "./observe.ts";

export interface Unread {
  readonly path: string;
  readonly reason: string;
}

const SLICE = 1_000;
/** Directories within directories at the most: a bound for a walk through a damaged tree. */
const MAX_DEPTH = 256;

/**
 * Everything at and below `start` ("" for the whole folder) that is there and not ignored, slice by slice; of directories,
 * only the empty ones. A directory that cannot be read is added to `unread`: nothing below it is known.
 */
export async function* scan(
  folder: string,
  start: string,
  rules: IgnoreRules,
  unread: Unread[],
  signal?: AbortSignal,
): AsyncGenerator<readonly Observed[]> {
  let slice: Observed[] = [];
  const open: { path: string; depth: number }[] = [{ path: start, depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { path, depth } = next;
    let names: Dirent[];
    try {
      names = readdirSync(join(folder, path), { withFileTypes: true });
    } catch (error) {
      const code = systemCode(error) ?? String(error);
      // Gone since it was listed: its absence is found by whoever looks at what was known below it.
      if (code !== "ENOENT" && code !== "ENOTDIR") unread.push({ path, reason: code });
      continue;
    }
    let isEmpty = true;
    let hasForeign = false;
    for (const entry of names) {
      const child = path === "" ? entry.name : `${path}/${entry.name}`;
      const kind = entry.isDirectory() ? "directory" : "file";
      if (rules.ignores(child, kind)) continue;
      isEmpty = false;
      hasForeign ||= looksForeign(entry.name);
      if (kind === "directory") {
        if (depth < MAX_DEPTH) open.push({ path: child, depth: depth + 1 });
        else unread.push({ path: child, reason: "it lies too deep" });
      } else slice.push(observeFound(folder, child));
      if (slice.length >= SLICE) {
        yield slice;
        slice = [];
        signal?.throwIfAborted();
        await nextTurn();
      }
    }
    if (hasForeign) slice.push(...foreignIn(folder, path, rules));
    if (isEmpty && path !== "") slice.push(observeFound(folder, path));
  }
  yield slice;
}
