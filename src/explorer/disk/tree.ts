// The tree of names: the state of a disk, and the steps from which the calls that change names are made.
//
// Each step notes its own footprint, keeps times and link counts, and tells the journal and the watches. So a call
// cannot change a name and forget one of them.

import type { DiskCaller } from "./caller.ts";
import { SystemFault } from "./calls.ts";
import type { Journal } from "./durability.ts";
import { type Birth, type Directory, Entry, type Inode } from "./inode.ts";
import { MAY_EXECUTE, MAY_WRITE, S_ISGID } from "./kernel-numbers.ts";
import { permits } from "./permissions.ts";
import { CLOCK, nameResource } from "./resources.ts";
import type { Watches } from "./watches.ts";

export interface Tree {
  readonly root: Directory;
  /** Every inode there ever was, for naming resources to people. */
  readonly inodes: Map<number, Inode>;
  readonly watches: Watches;
  /** Absent unless the disk tracks what is durable. */
  readonly journal: Journal | undefined;
}

/** The moment of a change. */
export function stampedNow(caller: DiskCaller): number {
  caller.footprint.read(CLOCK);
  return caller.now();
}

/** The inode's ctime is now: every change of an inode is such a change as well. */
export function stampChange(caller: DiskCaller, inode: Inode, nowMs: number): void {
  caller.footprint.add(inode.resources.stat);
  inode.ctimeMs = nowMs;
}

/**
 * Whether a name may be made here; for a name that is free. Whoever then fails for another reason has still seen that
 * the directory lives, and says so with `refuse`; whoever makes the name adds to the list, which tells it as well.
 */
export function requireMayCreate(caller: DiskCaller, directory: Directory): void {
  if (directory.dead) refuse(caller, directory, "ENOENT");
  if (!permits(caller, directory, MAY_WRITE | MAY_EXECUTE)) refuse(caller, directory, "EACCES");
}

/** Fails a call that would have made a name in the directory. */
export function refuse(caller: DiskCaller, directory: Directory, code: string): never {
  caller.footprint.read(directory.resources.list);
  throw new SystemFault(code);
}

/**
 * Number, mode, owner and time for a new inode. In a setgid directory it belongs to the directory's group; the
 * directory's mode is not noted as read for that, because setting that bit writes the directory's list.
 */
export function birth(caller: DiskCaller, directory: Directory, permissions: number, isDirectory: boolean): Birth {
  const inherits = (directory.mode & S_ISGID) !== 0;
  return {
    ino: caller.nextInode(),
    mode: (permissions & ~caller.umask) | (inherits && isDirectory ? S_ISGID : 0),
    uid: caller.uid,
    gid: inherits ? directory.gid : caller.gid,
    nowMs: stampedNow(caller),
  };
}

/** Puts a name into a directory. A new inode's link count already counts it; `link` counts up before. */
export function enter(tree: Tree, caller: DiskCaller, directory: Directory, name: string, inode: Inode): Entry {
  tree.inodes.set(inode.ino, inode);
  tree.journal?.enter(directory, name, inode);
  noteNameChange(caller, directory, name);
  stampNames(caller, directory, stampedNow(caller));
  const entry = new Entry(directory, name, inode);
  directory.entries.set(name, entry);
  inode.entry = entry;
  if (inode.kind === "directory") directory.nlink++;
  tree.watches.entered(caller, entry);
  return entry;
}

/** Takes a name out of its directory; a directory that loses its name has ended. */
export function remove(tree: Tree, caller: DiskCaller, entry: Entry): void {
  const { parent, inode, name } = entry;
  const nowMs = stampedNow(caller);
  tree.journal?.remove(parent, name);
  noteNameChange(caller, parent, name);
  stampNames(caller, parent, nowMs);
  parent.entries.delete(name);
  drop(caller, entry, nowMs);
  tree.watches.removed(caller, entry);
  forgetIfGone(tree, caller, inode);
}

/** Moves an entry, over the entry that has the new name if there is one. */
export function move(tree: Tree, caller: DiskCaller, entry: Entry, to: Directory, name: string): void {
  const from = entry.parent;
  const oldName = entry.name;
  const inode = entry.inode;
  const replaced = to.entries.get(name);
  const nowMs = stampedNow(caller);
  tree.journal?.move(entry, to, name);
  noteNameChange(caller, from, oldName);
  noteNameChange(caller, to, name);
  stampNames(caller, from, nowMs);
  stampNames(caller, to, nowMs);
  stampChange(caller, inode, nowMs);
  from.entries.delete(oldName);
  if (replaced !== undefined) drop(caller, replaced, nowMs);
  to.entries.set(name, entry);
  entry.parent = to;
  entry.name = name;
  inode.entry = entry;
  if (inode.kind === "directory" && from !== to) {
    caller.footprint.write(inode.resources.up);
    from.nlink--;
    to.nlink++;
  }
  tree.watches.moved(caller, entry, from, oldName, replaced);
  if (replaced !== undefined) forgetIfGone(tree, caller, replaced.inode);
}

/** An unlinked inode lives on while it is open; whoever lets go last ends it. */
export function forgetIfGone(tree: Tree, caller: DiskCaller, inode: Inode): void {
  if (inode.nlink === 0 && inode.opens === 0) tree.watches.gone(caller, inode);
}

/** The inode loses the name of `entry`, which is already out of the directory's map or about to be overwritten in it. */
function drop(caller: DiskCaller, entry: Entry, nowMs: number): void {
  const inode = entry.inode;
  entry.linked = false;
  // Not only added to: from now on a change through a descriptor notes that it has no name.
  caller.footprint.write(inode.resources.stat);
  inode.ctimeMs = nowMs;
  if (inode.kind !== "directory") {
    inode.nlink--;
    return;
  }
  // What was made in it before and what cannot be made in it now both depend on this moment.
  caller.footprint.write(inode.resources.list);
  if (inode.entries.size !== 0) throw new Error("a directory that is not empty was removed");
  inode.dead = true;
  inode.nlink = 0;
  entry.parent.nlink--;
}

function noteNameChange(caller: DiskCaller, directory: Directory, name: string): void {
  caller.footprint.write(nameResource(directory.resources, name));
  caller.footprint.add(directory.resources.list);
}

function stampNames(caller: DiskCaller, directory: Directory, nowMs: number): void {
  directory.mtimeMs = nowMs;
  stampChange(caller, directory, nowMs);
}
