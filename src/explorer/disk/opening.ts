// open and close.

import type { DiskCaller } from "./caller.ts";
import { SystemFault } from "./calls.ts";
import { resizeFile } from "./content.ts";
import { type Entry, type Inode, RegularFile } from "./inode.ts";
import {
  MAY_READ,
  MAY_WRITE,
  O_ACCMODE,
  O_APPEND,
  O_CREAT,
  O_DIRECTORY,
  O_DSYNC,
  O_EXCL,
  O_NOFOLLOW,
  O_RDWR,
  O_TRUNC,
  O_WRONLY,
} from "./kernel-numbers.ts";
import { Walk } from "./path-walk.ts";
import { require } from "./permissions.ts";
import { birth, enter, forgetIfGone, requireMayCreate, type Tree } from "./tree.ts";

export function open(tree: Tree, caller: DiskCaller, path: string, flags: number, mode: number): number {
  const creates = (flags & O_CREAT) !== 0;
  if (creates && (flags & O_DIRECTORY) !== 0) throw new SystemFault("EINVAL");
  const walk = new Walk(tree.root, caller, path);
  const follow = (flags & O_NOFOLLOW) === 0 && (flags & (O_CREAT | O_EXCL)) !== (O_CREAT | O_EXCL);
  const inode = walk.find(follow, creates);
  if (inode === undefined) {
    if (!creates) throw new SystemFault("ENOENT");
    return addDescriptor(caller, flags, createFile(tree, caller, walk, mode));
  }
  if (creates) {
    if ((flags & O_EXCL) !== 0) throw new SystemFault("EEXIST");
    if (inode.kind === "directory") throw new SystemFault("EISDIR");
  }
  if ((flags & O_DIRECTORY) !== 0 && inode.kind !== "directory") throw new SystemFault("ENOTDIR");
  requireMayOpen(caller, inode, flags);
  const fd = addDescriptor(caller, flags, { inode, entry: walk.entry });
  if ((flags & O_TRUNC) !== 0 && inode.kind === "file") resizeFile(tree, caller, inode, walk.entry, 0);
  return fd;
}

function createFile(tree: Tree, caller: DiskCaller, walk: Walk, mode: number): { inode: Inode; entry: Entry } {
  requireMayCreate(caller, walk.directory);
  const inode = new RegularFile(birth(caller, walk.directory, mode & 0o7777, false));
  return { inode, entry: enter(tree, caller, walk.directory, walk.last, inode) };
}

function requireMayOpen(caller: DiskCaller, inode: Inode, flags: number): void {
  if (inode.kind === "symlink") throw new SystemFault("ELOOP");
  const access = flags & O_ACCMODE;
  const writes = access !== 0 || (flags & O_TRUNC) !== 0;
  if (inode.kind === "directory" && writes) throw new SystemFault("EISDIR");
  require(caller, inode, (writes ? MAY_WRITE : 0) | (access !== O_WRONLY ? MAY_READ : 0));
}

function addDescriptor(caller: DiskCaller, flags: number, to: { inode: Inode; entry: Entry | undefined }): number {
  const access = flags & O_ACCMODE;
  const fd = caller.files.add({
    inode: to.inode,
    entry: to.entry,
    readable: access === 0 || access === O_RDWR,
    writable: access === O_WRONLY || access === O_RDWR,
    append: (flags & O_APPEND) !== 0,
    durable: (flags & O_DSYNC) !== 0,
    position: 0,
    generated: undefined,
  });
  to.inode.opens++;
  return fd;
}

export function close(tree: Tree, caller: DiskCaller, fd: number): undefined {
  const { inode } = caller.files.remove(fd);
  inode.opens--;
  tree.watches.closed(caller, inode);
  forgetIfGone(tree, caller, inode);
}
