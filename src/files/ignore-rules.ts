// Which paths of a folder are not synced: sensible defaults, and `.holdfastignore` in gitignore syntax.

import { readFileSync } from "node:fs";
import { join } from "node:path";
import ignore from "ignore";
import { isOurs } from "../entries/index.ts";
import { systemCode } from "../errors.ts";
import { ancestorsOf } from "./paths.ts";

export const IGNORE_FILE = ".holdfastignore";

/** Not synced unless un-ignored with `!`. */
const DEFAULTS = [
  ".git",
  ".DS_Store",
  "Thumbs.db",
  "desktop.ini",
  "*.swp",
  "*.swo",
  "*.swx",
  "*~",
  ".#*",
  "4913",
  ".nfs*",
];

/** What `paths` not to look at. A directory is asked for with a trailing `/`. */
export interface IgnoreRules {
  /** `path` is relative, with `/` between segments. */
  ignores(path: string, kind: "file" | "directory"): boolean;
}

/** Reads the rules of `folder`. A file that cannot be read counts as absent, but for its reason being thrown. */
export function readIgnoreRules(folder: string): IgnoreRules {
  let own = "";
  try {
    own = readFileSync(join(folder, IGNORE_FILE), "utf8");
  } catch (error) {
    if (systemCode(error) !== "ENOENT" && systemCode(error) !== "EISDIR") throw error;
  }
  const rules = ignore({ allowRelativePaths: false }).add(DEFAULTS).add(own);
  return {
    ignores(path, kind) {
      // Whatever `.holdfastignore` says: it holds keys and tokens, also that of a workspace further down.
      if (isOurs(path)) return true;
      return rules.ignores(kind === "directory" ? `${path}/` : path);
    },
  };
}

/** True when `path` or a directory above it is ignored. */
export function isIgnored(rules: IgnoreRules, path: string): boolean {
  return ancestorsOf(path).some((dir) => rules.ignores(dir, "directory")) || rules.ignores(path, "file");
}
