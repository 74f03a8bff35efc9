// Calls that only look: stat, access, readdir, readlink, realpath, statfs.

import type { DiskCaller } from "./caller.ts";
import { type DirectoryEntry, type StatRecord, SystemFault } from "./calls.ts";
import { type Entry, type Inode, pathOf } from "./inode.ts";
import { MAY_READ, PATH_MAX_BYTES, PROC_DEVICE, S_IFMT } from "./kernel-numbers.ts";
import { find } from "./path-walk.ts";
import { require } from "./permissions.ts";
import { nameResource } from "./resources.ts";
import type { Tree } from "./tree.ts";

const BLOCK_BYTES = 4096;
/** What ext4 shows for a small directory; its growth is not simulated. */
const DIRECTORY_BYTES = 4096;

export function stat(tree: Tree, caller: DiskCaller, path: string): StatRecord {
  return record(caller, find(tree.root, caller, path, true).inode);
}

export function lstat(tree: Tree, caller: DiskCaller, path: string): StatRecord {
  return record(caller, find(tree.root, caller, path, false).inode);
}

export function fstat(_tree: Tree, caller: DiskCaller, fd: number): StatRecord {
  return record(caller, caller.files.get(fd).inode);
}

function record(caller: DiskCaller, inode: Inode): StatRecord {
  caller.footprint.read(inode.resources.stat);
  return statRecord(inode);
}

export function statRecord(inode: Inode): StatRecord {
  const size = sizeOf(inode);
  return {
    dev: inode.dev,
    ino: inode.ino,
    mode: inode.mode,
    nlink: inode.nlink,
    uid: inode.uid,
    gid: inode.gid,
    rdev: inode.kind === "device" ? inode.rdev : 0,
    size,
    blksize: BLOCK_BYTES,
    blocks: inode.kind === "symlink" ? 0 : Math.ceil(size / BLOCK_BYTES) * (BLOCK_BYTES / 512),
    atimeMs: inode.atimeMs,
    mtimeMs: inode.mtimeMs,
    ctimeMs: inode.ctimeMs,
    birthtimeMs: inode.birthtimeMs,
  };
}

function sizeOf(inode: Inode): number {
  if (inode.dev === PROC_DEVICE) return 0;
  switch (inode.kind) {
    case "file":
      return inode.size;
    case "symlink":
      return Buffer.byteLength(inode.target);
    case "directory":
      return DIRECTORY_BYTES;
    case "generated":
    case "device":
      return 0;
  }
}

/** The same for every path: space is not simulated. */
export function statfs(tree: Tree, caller: DiskCaller, path: string) {
  find(tree.root, caller, path, true);
  const TMPFS_MAGIC = 0x01021994;
  return { type: TMPFS_MAGIC, bsize: BLOCK_BYTES, blocks: 1 << 20, bfree: 1 << 19, files: 1 << 20 };
}

export function access(tree: Tree, caller: DiskCaller, path: string, mode: number): undefined {
  if ((mode & ~7) !== 0) throw new SystemFault("EINVAL");
  const { inode } = find(tree.root, caller, path, true);
  if (mode !== 0) require(caller, inode, mode);
}

export function readlink(tree: Tree, caller: DiskCaller, path: string): string {
  const { inode } = find(tree.root, caller, path, false);
  if (inode.kind !== "symlink") throw new SystemFault("EINVAL");
  return inode.target;
}

/** Sorted, as libuv hands them on. */
export function readdir(tree: Tree, caller: DiskCaller, path: string): DirectoryEntry[] {
  const { inode } = find(tree.root, caller, path, true);
  if (inode.kind !== "directory") throw new SystemFault("ENOTDIR");
  require(caller, inode, MAY_READ);
  const listed: DirectoryEntry[] = [];
  for (const { name, inode: named } of inode.list(caller)) listed.push({ name, type: named.mode & S_IFMT });
  return listed.sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The path without symlinks, `.` and `..`. */
export function realpath(tree: Tree, caller: DiskCaller, path: string): string {
  return presentPath(caller, find(tree.root, caller, path, true).entry);
}

/** getcwd. */
export function workingDirectory(caller: DiskCaller): string {
  return presentPath(caller, caller.cwd.entry);
}

/** Where an entry is now; undefined stands for the root. Reads each name on the way up, which a move would write. */
function presentPath(caller: DiskCaller, named: Entry | undefined): string {
  let entry = named;
  // Bounded by the depth of the tree.
  while (entry !== undefined) {
    caller.footprint.read(nameResource(entry.parent.resources, entry.name));
    entry = entry.parent.entry;
  }
  if (named === undefined) return "/";
  if (!named.linked) throw new SystemFault("ENOENT");
  return checked(pathOf(named.parent, named.name));
}

function checked(path: string): string {
  if (Buffer.byteLength(path) >= PATH_MAX_BYTES) throw new SystemFault("ENAMETOOLONG");
  return path;
}
