// Names in the folder that are no UTF-8, which the file system allows and a name that travels is not: such a file, or
// directory with all that is in it, is left alone, and told.
//
// Read as text, the bytes that are none become U+FFFD; only where that is seen is a directory read once more, as bytes.

import { isUtf8 } from "node:buffer";
import { type Dirent, readdirSync } from "node:fs";
import { join } from "node:path";
import { systemCode } from "../errors.ts";
import type { IgnoreRules } from "./ignore-rules.ts";
import type { Observed } from "./observe.ts";

export const FOREIGN_NAME = "its name is not valid UTF-8";

/** True for a name, or path, that may have been made from bytes that are no UTF-8; a valid one may look so, too. */
export function looksForeign(name: string): boolean {
  return name.includes("\uFFFD");
}

/** What lies in the directory `dir` under names that are no UTF-8, and is not ignored; `path` is for people. */
export function foreignIn(folder: string, dir: string, rules: IgnoreRules): (Observed & { kind: "special" })[] {
  let entries: Dirent<Buffer>[];
  try {
    entries = readdirSync(join(folder, dir), { withFileTypes: true, encoding: "buffer" });
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR" || code === "EACCES") return []; // told of, or not there any more
    throw error;
  }
  return entries
    .filter((entry) => !isUtf8(entry.name))
    .filter((entry) => !rules.ignores(below(dir, `${entry.name}`), entry.isDirectory() ? "directory" : "file"))
    .map((entry) => ({ kind: "special", path: below(dir, readable(entry.name)), reason: FOREIGN_NAME }));
}

function below(dir: string, name: string): string {
  return dir === "" ? name : `${dir}/${name}`;
}

/** `caf\xe9.txt`: what is UTF-8 as it is, each other byte in hexadecimal. */
export function readable(name: Uint8Array): string {
  let text = "";
  for (let at = 0; at < name.length; ) {
    const length = [1, 2, 3, 4].find((bytes) => at + bytes <= name.length && isUtf8(name.subarray(at, at + bytes)));
    text += length === undefined ? `\\x${hex(name[at])}` : Buffer.from(name.subarray(at, at + length)).toString();
    at += length ?? 1;
  }
  return text;
}

function hex(byte: number | undefined): string {
  return (byte ?? 0).toString(16).padStart(2, "0");
}
