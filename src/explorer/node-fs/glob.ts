// `fs.glob`: the names below a directory that match a pattern.

import { constants, type Dirent } from "node:fs";
import { matchesGlob, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { type Options, validObject } from "./arguments.ts";
import { Failed, notSimulated, wrongType } from "./node-error.ts";
import { call, type Program } from "./program.ts";
import { direntOf } from "./stats.ts";

const { S_IFDIR } = constants;

/** Walks everything below `options.cwd`; links are not followed, names that begin with a dot only if the pattern says so. */
export function* globNames(cwd: () => string, given: unknown, options?: unknown): Program<(string | Dirent)[]> {
  const patterns = patternsOf(given);
  const {
    cwd: from,
    exclude,
    withFileTypes,
    followSymlinks,
  } = options === undefined ? {} : validObject(options, "options");
  if (followSymlinks) throw notSimulated("glob with followSymlinks", "leave the option out.");
  const excluded = exclusionOf(exclude, Boolean(withFileTypes));
  const root = resolve(cwd(), from instanceof URL ? fileURLToPath(from) : String(from ?? "."));
  // The directory itself is below `**`, as Node sees it.
  const result: (string | Dirent)[] = patterns.includes("**") && !withFileTypes ? ["."] : [];
  const open: string[] = [""];
  for (let below = open.shift(); below !== undefined; below = open.shift()) {
    for (const entry of yield* entriesOf(below === "" ? root : `${root}/${below}`)) {
      const name = below === "" ? entry.name : `${below}/${entry.name}`;
      const dirent = direntOf(entry, below === "" ? root : `${root}/${below}`, undefined);
      if (excluded(name, dirent)) continue;
      const isDirectory = entry.type === S_IFDIR;
      if (patterns.some((pattern) => matches(name, isDirectory, pattern))) result.push(withFileTypes ? dirent : name);
      if (isDirectory && patterns.some((pattern) => mayLeadTo(pattern, name))) open.push(name);
    }
  }
  return result;
}

function patternsOf(given: unknown): string[] {
  const patterns: unknown[] = Array.isArray(given) ? given : [given];
  return patterns.map((pattern) => {
    if (typeof pattern !== "string") throw wrongType("patterns", "of type string", pattern);
    if (pattern.startsWith("/") || pattern.split("/").includes("..")) {
      throw notSimulated(`glob of ${pattern}`, "give the directory as options.cwd, and the pattern below it.");
    }
    return pattern.replace(/^(\.\/)+/, "");
  });
}

function matches(name: string, isDirectory: boolean, pattern: string): boolean {
  if (matchesGlob(name, pattern)) return true;
  // The directory itself is below `directory/**` too.
  return isDirectory && pattern.endsWith("/**") && matchesGlob(name, pattern.slice(0, -"/**".length));
}

/** Whether something below `directory` can match; what is not sure is yes. */
function mayLeadTo(pattern: string, directory: string): boolean {
  // Alternatives of several names: `{a/b,c}`.
  if (/[{(][^})]*\//.test(pattern)) return true;
  const parts = pattern.split("/");
  const names = directory.split("/");
  for (const [index, name] of names.entries()) {
    const part = parts[index];
    if (part === undefined) return false;
    if (part.includes("**")) return !name.startsWith(".");
    if (!matchesGlob(name, part)) return false;
  }
  return names.length < parts.length;
}

function* entriesOf(path: string): Program<{ name: string; type: number }[]> {
  try {
    return yield* call("readdir", path);
  } catch (failure) {
    if (failure instanceof Failed) return [];
    throw failure;
  }
}

type Excluded = (name: string, dirent: Dirent) => boolean;

function exclusionOf(exclude: Options[string], withFileTypes: boolean): Excluded {
  if (exclude === undefined || exclude === null) return () => false;
  if (typeof exclude === "function") return (name, dirent) => Boolean(exclude(withFileTypes ? dirent : name));
  if (!Array.isArray(exclude)) throw wrongType("options.exclude", "of type function or an instance of Array", exclude);
  return (name) => exclude.some((pattern) => matchesGlob(name, String(pattern)));
}
