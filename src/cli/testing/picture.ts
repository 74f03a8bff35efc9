// For tests: everything that lies below a folder, so that two looks can be compared to the last bit.

import { createHash } from "node:crypto";
import { lstatSync, readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";

export interface PictureOptions {
  /** Paths, relative to the folder, that are left out with all below them. */
  readonly without?: (path: string) => boolean;
  /** Paths of files that are not shown, but that their folder is not empty for. */
  readonly hidden?: ReadonlySet<string>;
  /** Also which file it is and when it was last written or replaced, to the nanosecond. */
  readonly times?: boolean;
}

/** Path to what lies there: `dir` for one without entries, `-> TARGET`, or size, hash and whether it is executable. */
export function picture(folder: string, options: PictureOptions = {}): Record<string, string> {
  return Object.fromEntries(walk(folder, "", options).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function walk(folder: string, path: string, options: PictureOptions): [string, string][] {
  const names = readdirSync(join(folder, path)).filter(
    (name) => options.without?.(path === "" ? name : `${path}/${name}`) !== true,
  );
  if (names.length === 0 && path !== "") return [[path, "dir"]];
  return names.flatMap((name): [string, string][] => {
    const child = path === "" ? name : `${path}/${name}`;
    const full = join(folder, child);
    if (options.hidden?.has(child) === true) return [];
    const stats = lstatSync(full, { bigint: true });
    if (stats.isDirectory()) return walk(folder, child, options);
    const times = options.times === true ? ` ${stats.ino} ${stats.mtimeNs}` : "";
    if (stats.isSymbolicLink()) return [[child, `-> ${readlinkSync(full)}${times}`]];
    if (!stats.isFile()) return [[child, "special"]];
    const hash = createHash("sha256").update(readFileSync(full)).digest("hex");
    return [[child, `${(stats.mode & 0o100n) === 0n ? "" : "x "}${stats.size} ${hash}${times}`]];
  });
}

/** Where `a` and `b` differ, path by path; empty when they do not. */
export function differences(a: Record<string, string>, b: Record<string, string>): string[] {
  return [...new Set([...Object.keys(a), ...Object.keys(b)])]
    .filter((path) => a[path] !== b[path])
    .map((path) => `${path}: ${a[path] ?? "nothing"} | ${b[path] ?? "nothing"}`);
}
