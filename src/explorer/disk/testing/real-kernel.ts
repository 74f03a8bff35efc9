// The same calls on a real directory, one `node:fs` function each.

import {
  accessSync,
  chmodSync,
  chownSync,
  closeSync,
  fchmodSync,
  fchownSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  futimesSync,
  lchownSync,
  linkSync,
  lstatSync,
  lutimesSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  readSync,
  realpathSync,
  renameSync,
  rmdirSync,
  type Stats,
  statSync,
  symlinkSync,
  unlinkSync,
  utimesSync,
  writeSync,
} from "node:fs";
import type { FileCallName, FileCalls } from "../calls.ts";
import type { DumpedInode } from "../dump.ts";

type Performers = { [Op in FileCallName]?: (...args: FileCalls[Op]["args"]) => unknown };

const performers: Performers = {
  open: openSync,
  close: closeSync,
  read: (fd, length, position) => {
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, readSync(fd, bytes, 0, length, position));
  },
  write: (fd, bytes, position) => writeSync(fd, bytes, 0, bytes.length, position),
  ftruncate: ftruncateSync,
  fsync: fsyncSync,
  fdatasync: fdatasyncSync,
  stat: (path) => statSync(path),
  lstat: (path) => lstatSync(path),
  fstat: (fd) => fstatSync(fd),
  access: accessSync,
  mkdir: (path, mode) => mkdirSync(path, { mode }),
  rmdir: (path) => rmdirSync(path),
  unlink: unlinkSync,
  rename: renameSync,
  link: linkSync,
  symlink: (target, path) => symlinkSync(target, path),
  readlink: (path) => readlinkSync(path),
  realpath: (path) => realpathSync.native(path),
  readdir: (path) => readdirSync(path, { withFileTypes: true }).map((entry) => entry.name),
  chmod: chmodSync,
  fchmod: fchmodSync,
  chown: chownSync,
  lchown: lchownSync,
  fchown: fchownSync,
  utimes: (path, atimeMs, mtimeMs) => utimesSync(path, atimeMs / 1000, mtimeMs / 1000),
  lutimes: (path, atimeMs, mtimeMs) => lutimesSync(path, atimeMs / 1000, mtimeMs / 1000),
  futimes: (fd, atimeMs, mtimeMs) => futimesSync(fd, atimeMs / 1000, mtimeMs / 1000),
};

/** Performs the call; a failure comes back as the error, which has the code. */
export function performReally(op: string, args: readonly unknown[]): unknown {
  const perform = performers[op as FileCallName] as ((...args: readonly unknown[]) => unknown) | undefined;
  if (perform === undefined) throw new Error(`${op} has no counterpart`);
  try {
    return perform(...args);
  } catch (error) {
    return error;
  }
}

/** The real tree under `path`, as `Disk.dump` shows one, and removes what is in it. */
export function dumpAndClear(path: string): DumpedInode[] {
  const dumped: DumpedInode[] = [];
  const places = new Map<number, number>();
  const visit = (at: string): void => {
    const stats = lstatSync(at);
    const place = places.get(stats.ino) ?? dumped.length;
    places.set(stats.ino, place);
    dumped.push(picture(at, stats, place));
    if (stats.isDirectory()) for (const name of readdirSync(at).sort()) visit(`${at}/${name}`);
  };
  visit(path);
  // Deepest last in the dump.
  for (const { path: at, type } of dumped.slice(1).reverse()) type === "directory" ? rmdirSync(at) : unlinkSync(at);
  return dumped;
}

function picture(path: string, stats: Stats, same: number): DumpedInode {
  const base = { path, mode: stats.mode & 0o7777, nlink: stats.nlink, uid: stats.uid, gid: stats.gid, same };
  if (stats.isDirectory()) return { ...base, type: "directory" };
  if (stats.isSymbolicLink()) return { ...base, type: "symlink", target: readlinkSync(path) };
  return { ...base, type: "file", content: readFileSync(path, "latin1") };
}
