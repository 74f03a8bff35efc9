// Walking the folder, or a part of it. The walk gives way to other work every few thousand files.

import { type Dirent, readdirSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { systemCode } from "../errors.ts";
import type { IgnoreRules } from "./ignore-rules.ts";
import { type Observed, observeFound } from "./observe.ts";

export interface Scan {
  /** Everything that is there and not ignored; of directories, only the empty ones. */
  readonly found: Observed[];
  /** Directories that could not be read: nothing below them is known. */
  readonly unread: { readonly path: string; readonly reason: string }[];
}

const SLICE = 1_000;
/** Directories within directories at the most: a bound for a walk through a damaged tree. */
const MAX_DEPTH = 256;

/** Looks at `start` ("" for the whole folder) and all below it. */
export async function scan(folder: string, start: string, rules: IgnoreRules, signal?: AbortSignal): Promise<Scan> {
  const result: Scan = { found: [], unread: [] };
  let steps = 0;
  const open: { path: string; depth: number }[] = [{ path: start, depth: 0 }];
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { path, depth } = next;
    let names: Dirent[];
    try {
      names = readdirSync(join(folder, path), { withFileTypes: true });
    } catch (error) {
      const code = systemCode(error) ?? String(error);
      // Gone since it was listed: its absence is found by whoever looks at what was known below it.
      if (code !== "ENOENT" && code !== "ENOTDIR") result.unread.push({ path, reason: code });
      continue;
    }
    let isEmpty = true;
    for (const entry of names) {
      const child = path === "" ? entry.name : `${path}/${entry.name}`;
      const kind = entry.isDirectory() ? "directory" : "file";
      if (rules.ignores(child, kind)) continue;
      isEmpty = false;
      if (kind === "directory") {
        if (depth < MAX_DEPTH) open.push({ path: child, depth: depth + 1 });
        else result.unread.push({ path: child, reason: "it lies too deep" });
      } else {
        result.found.push(observeFound(folder, child));
      }
      steps += 1;
      if (steps % SLICE === 0) {
        signal?.throwIfAborted();
        await nextTurn();
      }
    }
    if (isEmpty && path !== "") result.found.push(observeFound(folder, path));
  }
  return result;
}
