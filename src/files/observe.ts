// Looking at one path of the folder: what is there, and which file it is.

import { type BigIntStats, lstatSync, readlinkSync } from "node:fs";
import { dirname, join, normalize } from "node:path";
import { systemCode } from "../errors.ts";

export const DIRECTORY_TYPE = "inode/directory";
export const SYMLINK_TYPE = "inode/symlink";

/** What lies at a path, as one lstat tells. */
export type Observed =
  | { readonly kind: "absent"; readonly path: string }
  /** Cannot be known now: an error other than "not there". Never taken for a delete (FILE-26). */
  | { readonly kind: "unknown"; readonly path: string; readonly reason: string }
  /** A kind of file that does not travel. */
  | { readonly kind: "special"; readonly path: string; readonly reason: string }
  | Present;

export interface Present {
  readonly kind: "file" | "directory" | "symlink";
  readonly path: string;
  /** Device, inode and birth: the same for one file wherever it is moved, and not given again when it is gone. */
  readonly fileId: string;
  /** Changes whenever the content or the mode may have changed. */
  readonly stamp: string;
  /** Bytes. */
  readonly size: number;
  readonly isExecutable: boolean;
  /** When the content last changed, by the file system's clock, ms since 1970. */
  readonly modifiedMs: number;
}

export function isPresent(item: Observed): item is Present {
  return item.kind === "file" || item.kind === "directory" || item.kind === "symlink";
}

/** Looks at `path`. What lies behind a link to a directory is not in the folder, so it is absent. */
export function observe(folder: string, path: string): Observed {
  if (linkedParent(folder, path) !== undefined) return { kind: "absent", path };
  return observeFound(folder, path);
}

/** The first directory above `path` that is a link, or undefined: nothing is read or written through one. */
export function linkedParent(folder: string, path: string): string | undefined {
  for (let slash = path.indexOf("/"); slash > 0; slash = path.indexOf("/", slash + 1)) {
    const parent = path.slice(0, slash);
    const stats = lstatSync(join(folder, parent), { throwIfNoEntry: false });
    if (stats?.isSymbolicLink() === true) return parent;
    // Below a file there is nothing; to ask for more is an error (ENOTDIR).
    if (stats?.isDirectory() !== true) return undefined;
  }
  return undefined;
}

/** As `observe`, for a path that a walk has just found: the walk follows no links. */
export function observeFound(folder: string, path: string): Observed {
  let stats: BigIntStats;
  try {
    stats = lstatSync(join(folder, path), { bigint: true });
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return { kind: "absent", path };
    return { kind: "unknown", path, reason: code ?? String(error) };
  }
  const kind = stats.isFile()
    ? "file"
    : stats.isDirectory()
      ? "directory"
      : stats.isSymbolicLink()
        ? "symlink"
        : undefined;
  if (kind === undefined) return { kind: "special", path, reason: "it is a device, pipe or socket" };
  const { fileId, stamp } = identify(stats);
  return {
    kind,
    path,
    fileId,
    stamp,
    size: Number(stats.size),
    isExecutable: kind === "file" && (stats.mode & 0o100n) !== 0n,
    modifiedMs: Number(stats.mtimeNs) / 1e6,
  };
}

export function identify(stats: BigIntStats): { fileId: string; stamp: string } {
  const stamp = stats.isDirectory()
    ? "directory"
    : `${stats.size}:${stats.mtimeNs}:${stats.ctimeNs}:${(stats.mode & 0o100n) === 0n ? "-" : "x"}`;
  return { fileId: `${stats.dev}:${stats.ino}:${stats.birthtimeNs}`, stamp };
}

/** What of a stamp stays the same while a file is given names and loses them: all but the time of the last such change. */
export function settledStamp(stamp: string): string {
  const [size, modified, , executable] = stamp.split(":");
  return `${size}:${modified}:${executable}`;
}

/** The part of a stamp that a rename or a link leaves alone: size and time of the last write. */
export function contentStamp(stamp: string): string {
  return stamp.split(":").slice(0, 2).join(":");
}

/** A link's target, or the reason why it does not travel: it leaves the folder (FILE-24). */
export function readLink(folder: string, path: string): { target: string } | { refused: string } {
  const target = readlinkSync(join(folder, path));
  if (target.startsWith("/")) return { refused: `it links to the absolute path ${target}` };
  const resolved = normalize(join(dirname(path), target));
  if (resolved === ".." || resolved.startsWith("../")) return { refused: `it links out of the folder, to ${target}` };
  return { target };
}
