// `readdir`: plain, with types, with everything below.

import { constants, type Dirent } from "node:fs";
import { join, relative } from "node:path";
import { types } from "node:util";
import type { DirectoryEntry } from "../disk/calls.ts";
import { optionsOf, pathOf, validBoolean } from "./arguments.ts";
import { Failed } from "./node-error.ts";
import { call, type Program } from "./program.ts";
import { direntOf, encoded } from "./stats.ts";
import type { Form } from "./whole-files.ts";

const { S_IFDIR, S_IFMT } = constants;

type Listing = (string | Buffer | Dirent)[];

export function* readdir(form: Form, path: unknown, given?: unknown): Program<Listing> {
  const { encoding, withFileTypes, recursive } = optionsOf(given);
  const name = pathOf(path);
  if (recursive !== undefined && recursive !== null && form !== "promise") {
    validBoolean(recursive, "options.recursive");
  }
  const shown = (entry: DirectoryEntry, parent: string | Uint8Array): string | Buffer | Dirent =>
    withFileTypes ? direntOf(entry, parent, encoding) : encoded(entry.name, encoding);
  const parent = types.isUint8Array(path) ? path : name;
  if (!recursive) return (yield* call("readdir", name)).map((entry) => shown(entry, parent));
  return yield* everythingBelow(form, name, Boolean(withFileTypes), encoding);
}

/** The promise form goes deep first, from the last directory; the others go wide. */
function* everythingBelow(form: Form, root: string, withFileTypes: boolean, encoding: unknown): Program<Listing> {
  const result: Listing = [];
  const open: [path: string, entries: DirectoryEntry[] | undefined][] = [[root, undefined]];
  for (let next = open.pop(); next !== undefined; next = form === "promise" ? open.pop() : open.shift()) {
    const [path, listed] = next;
    for (const entry of listed ?? (yield* call("readdir", path))) {
      const below = join(path, entry.name);
      result.push(withFileTypes ? direntOf(entry, path, encoding) : encoded(relative(root, below), encoding));
      if (!(yield* leadsDown(form, entry, below, withFileTypes))) continue;
      open.push([below, form === "promise" ? yield* call("readdir", below) : undefined]);
    }
  }
  return result;
}

/** Links to directories are followed, but not by the promise form with types. */
function* leadsDown(form: Form, entry: DirectoryEntry, path: string, withFileTypes: boolean): Program<boolean> {
  if (withFileTypes && (entry.type === S_IFDIR || form === "promise")) return entry.type === S_IFDIR;
  try {
    return ((yield* call("stat", path)).mode & S_IFMT) === S_IFDIR;
  } catch (failure) {
    if (failure instanceof Failed) return false;
    throw failure;
  }
}
