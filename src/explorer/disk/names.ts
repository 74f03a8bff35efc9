// Calls that make and remove names: mkdir, rmdir, unlink, link, symlink.

import type { DiskCaller } from "./caller.ts";
import { SystemFault } from "./calls.ts";
import { Directory, type Inode, Symlink } from "./inode.ts";
import { MAY_READ, MAY_WRITE, PATH_MAX_BYTES, S_ISGID, S_ISUID, S_IXGRP } from "./kernel-numbers.ts";
import { find, Walk } from "./path-walk.ts";
import { permits, requireMayRemove } from "./permissions.ts";
import { birth, enter, refuse, remove, requireMayCreate, stampChange, stampedNow, type Tree } from "./tree.ts";

/** Where a new name goes; fails if the path names something already. */
function placeForNew(tree: Tree, caller: DiskCaller, path: string, wants: "directory" | "other"): Walk {
  const walk = new Walk(tree.root, caller, path);
  if (walk.lastKind !== "name") throw new SystemFault("EEXIST");
  const { slash } = walk;
  // A symlink at the end is not followed, not even with a slash after it: it takes the name.
  walk.slash = false;
  if (walk.find(false) !== undefined) throw new SystemFault("EEXIST");
  if (slash && wants === "other") throw new SystemFault("ENOENT");
  return walk;
}

export function mkdir(tree: Tree, caller: DiskCaller, path: string, mode: number): undefined {
  const { directory, last } = placeForNew(tree, caller, path, "directory");
  requireMayCreate(caller, directory);
  enter(tree, caller, directory, last, new Directory(birth(caller, directory, mode & 0o1777, true)));
}

/** As often as the C library would at least; a scenario whose names collide so often means to. */
const MAX_DRAWS = 100;

export function mkdtemp(tree: Tree, caller: DiskCaller, prefix: string): string {
  for (let draw = 0; draw < MAX_DRAWS; draw++) {
    const path = prefix + caller.randomName();
    try {
      mkdir(tree, caller, path, 0o700);
      return path;
    } catch (fault) {
      if (!(fault instanceof SystemFault) || fault.code !== "EEXIST") throw fault;
    }
  }
  throw new SystemFault("EEXIST");
}

export function symlink(tree: Tree, caller: DiskCaller, target: string, path: string): undefined {
  if (target === "") throw new SystemFault("ENOENT");
  if (Buffer.byteLength(target) >= PATH_MAX_BYTES) throw new SystemFault("ENAMETOOLONG");
  const { directory, last } = placeForNew(tree, caller, path, "other");
  requireMayCreate(caller, directory);
  const facts = { ...birth(caller, directory, 0, false), mode: 0o777 };
  enter(tree, caller, directory, last, new Symlink(facts, target));
}

export function link(tree: Tree, caller: DiskCaller, existing: string, path: string): undefined {
  const { inode } = find(tree.root, caller, existing, false);
  const { directory, last } = placeForNew(tree, caller, path, "other");
  if (directory.dead) refuse(caller, directory, "ENOENT");
  if (inode.dev !== directory.dev) refuse(caller, directory, "EXDEV");
  if (!mayLink(caller, inode)) refuse(caller, directory, "EPERM");
  requireMayCreate(caller, directory);
  if (inode.kind === "directory") refuse(caller, directory, "EPERM");
  inode.nlink++;
  stampChange(caller, inode, stampedNow(caller));
  tree.watches.linkCountChanged(caller, inode);
  enter(tree, caller, directory, last, inode);
}

/** Linux's `protected_hardlinks`, which every distribution turns on. */
function mayLink(caller: DiskCaller, inode: Inode): boolean {
  if (caller.uid === 0) return true;
  caller.footprint.read(inode.resources.meta);
  if (caller.uid === inode.uid) return true;
  const setgid = (inode.mode & S_ISGID) !== 0 && (inode.mode & S_IXGRP) !== 0;
  if (inode.kind !== "file" || (inode.mode & S_ISUID) !== 0 || setgid) return false;
  return permits(caller, inode, MAY_READ | MAY_WRITE);
}

export function rmdir(tree: Tree, caller: DiskCaller, path: string): undefined {
  const walk = new Walk(tree.root, caller, path);
  if (walk.lastKind === "dotdot") throw new SystemFault("ENOTEMPTY");
  if (walk.lastKind === "dot") throw new SystemFault("EINVAL");
  if (walk.lastKind === "root") throw new SystemFault("EBUSY");
  walk.slash = false;
  const inode = walk.find(false);
  if (inode === undefined || walk.entry === undefined) throw new SystemFault("ENOENT");
  requireMayRemove(caller, walk.directory, inode);
  if (inode.kind !== "directory") throw new SystemFault("ENOTDIR");
  if (inode.dev !== walk.directory.dev) throw new SystemFault("EBUSY");
  requireEmpty(caller, inode);
  remove(tree, caller, walk.entry);
}

export function requireEmpty(caller: DiskCaller, directory: Directory): void {
  caller.footprint.read(directory.resources.list);
  if (directory.entries.size !== 0) throw new SystemFault("ENOTEMPTY");
}

export function unlink(tree: Tree, caller: DiskCaller, path: string): undefined {
  const walk = new Walk(tree.root, caller, path);
  if (walk.lastKind !== "name") throw new SystemFault("EISDIR");
  const { slash } = walk;
  walk.slash = false;
  const inode = walk.find(false);
  if (inode === undefined || walk.entry === undefined) throw new SystemFault("ENOENT");
  if (slash) throw new SystemFault(inode.kind === "directory" ? "EISDIR" : "ENOTDIR");
  requireMayRemove(caller, walk.directory, inode);
  if (inode.kind === "directory") throw new SystemFault("EISDIR");
  remove(tree, caller, walk.entry);
}
