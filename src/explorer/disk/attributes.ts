// Calls on mode, owner and times.

import type { DiskCaller } from "./caller.ts";
import { SystemFault } from "./calls.ts";
import type { Entry, Inode } from "./inode.ts";
import { PROC_DEVICE, S_IFMT, S_ISGID, S_ISUID, S_IXGRP } from "./kernel-numbers.ts";
import { find } from "./path-walk.ts";
import { requireOwner } from "./permissions.ts";
import { stampChange, stampedNow, type Tree } from "./tree.ts";

/** What a call was pointed at, by path or by descriptor. */
interface Target {
  readonly inode: Inode;
  readonly entry: Entry | undefined;
}

export function chmod(tree: Tree, caller: DiskCaller, path: string, mode: number): undefined {
  setMode(tree, caller, find(tree.root, caller, path, true), mode);
}

export function fchmod(tree: Tree, caller: DiskCaller, fd: number, mode: number): undefined {
  setMode(tree, caller, caller.files.get(fd), mode);
}

export function chown(tree: Tree, caller: DiskCaller, path: string, uid: number, gid: number): undefined {
  setOwner(tree, caller, find(tree.root, caller, path, true), uid, gid);
}

export function lchown(tree: Tree, caller: DiskCaller, path: string, uid: number, gid: number): undefined {
  setOwner(tree, caller, find(tree.root, caller, path, false), uid, gid);
}

export function fchown(tree: Tree, caller: DiskCaller, fd: number, uid: number, gid: number): undefined {
  setOwner(tree, caller, caller.files.get(fd), uid, gid);
}

export function utimes(tree: Tree, caller: DiskCaller, path: string, atimeMs: number, mtimeMs: number): undefined {
  setTimes(tree, caller, find(tree.root, caller, path, true), atimeMs, mtimeMs);
}

export function lutimes(tree: Tree, caller: DiskCaller, path: string, atimeMs: number, mtimeMs: number): undefined {
  setTimes(tree, caller, find(tree.root, caller, path, false), atimeMs, mtimeMs);
}

export function futimes(tree: Tree, caller: DiskCaller, fd: number, atimeMs: number, mtimeMs: number): undefined {
  setTimes(tree, caller, caller.files.get(fd), atimeMs, mtimeMs);
}

function setMode(tree: Tree, caller: DiskCaller, { inode, entry }: Target, mode: number): void {
  requireOwner(caller, inode);
  if (inode.dev === PROC_DEVICE) throw new SystemFault("EPERM");
  let permissions = mode & 0o7777;
  if (caller.uid !== 0 && caller.gid !== inode.gid) permissions &= ~S_ISGID;
  changeModeAndOwner(caller, inode, permissions, inode.uid, inode.gid);
  tree.watches.changed(caller, inode, entry);
}

function setOwner(tree: Tree, caller: DiskCaller, { inode, entry }: Target, uid: number, gid: number): void {
  if (caller.uid !== 0) {
    caller.footprint.read(inode.resources.meta);
    const mayKeep = (uid === -1 || uid === inode.uid) && (gid === -1 || gid === inode.gid || gid === caller.gid);
    if ((uid !== -1 || gid !== -1) && (inode.uid !== caller.uid || !mayKeep)) throw new SystemFault("EPERM");
  }
  let permissions = inode.mode & 0o7777;
  if (inode.kind !== "directory") {
    permissions &= ~S_ISUID;
    if ((permissions & S_IXGRP) !== 0) permissions &= ~S_ISGID;
  }
  const tells = uid !== -1 || gid !== -1 || permissions !== (inode.mode & 0o7777);
  changeModeAndOwner(caller, inode, permissions, uid === -1 ? inode.uid : uid, gid === -1 ? inode.gid : gid);
  if (tells) tree.watches.changed(caller, inode, entry);
}

function changeModeAndOwner(caller: DiskCaller, inode: Inode, permissions: number, uid: number, gid: number): void {
  caller.footprint.write(inode.resources.meta);
  // These bits act on calls that do not note having read the mode, because they are so rarely set.
  if (((inode.mode | permissions) & (S_ISUID | S_ISGID)) !== 0) {
    caller.footprint.write(inode.kind === "directory" ? inode.resources.list : inode.resources.data);
  }
  inode.mode = (inode.mode & S_IFMT) | permissions;
  inode.uid = uid;
  inode.gid = gid;
  stampChange(caller, inode, stampedNow(caller));
}

function setTimes(tree: Tree, caller: DiskCaller, { inode, entry }: Target, atimeMs: number, mtimeMs: number): void {
  requireOwner(caller, inode);
  caller.footprint.write(inode.resources.stat);
  inode.atimeMs = atimeMs;
  inode.mtimeMs = mtimeMs;
  inode.ctimeMs = stampedNow(caller);
  tree.watches.changed(caller, inode, entry);
}
