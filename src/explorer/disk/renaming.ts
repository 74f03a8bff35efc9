// rename: the one call that touches two names at once.

import type { DiskCaller } from "./caller.ts";
import { SystemFault } from "./calls.ts";
import type { Directory } from "./inode.ts";
import { MAY_WRITE } from "./kernel-numbers.ts";
import { requireEmpty } from "./names.ts";
import { lookUp, Walk } from "./path-walk.ts";
import { permits, requireMayRemove } from "./permissions.ts";
import { move, refuse, requireMayCreate, type Tree } from "./tree.ts";

export function rename(tree: Tree, caller: DiskCaller, from: string, to: string): undefined {
  const source = new Walk(tree.root, caller, from);
  const target = new Walk(tree.root, caller, to);
  if (source.lastKind !== "name" || target.lastKind !== "name") throw new SystemFault("EBUSY");
  if (source.directory.dev !== target.directory.dev) throw new SystemFault("EXDEV");
  const moved = lookUp(caller, source.directory, source.last);
  if (moved === undefined) throw new SystemFault("ENOENT");
  const replaced = lookUp(caller, target.directory, target.last);
  const inode = moved.inode;
  if (inode.kind !== "directory" && (source.slash || target.slash)) throw new SystemFault("ENOTDIR");
  if (
    inode.kind === "directory" &&
    source.directory !== target.directory &&
    isWithin(caller, target.directory, inode)
  ) {
    throw new SystemFault("EINVAL");
  }
  // Noted step by step, too: what is not under it may fail otherwise, also where it is not empty.
  if (replaced?.inode.kind === "directory" && isWithin(caller, source.directory, replaced.inode)) {
    // It is not empty: the source is in it.
    requireEmpty(caller, replaced.inode);
  }
  if (replaced?.inode === inode) return;

  requireMayRemove(caller, source.directory, inode);
  if (replaced === undefined) {
    requireMayCreate(caller, target.directory);
  } else {
    requireMayRemove(caller, target.directory, replaced.inode);
    if (inode.kind === "directory" && replaced.inode.kind !== "directory") throw new SystemFault("ENOTDIR");
    if (inode.kind !== "directory" && replaced.inode.kind === "directory") throw new SystemFault("EISDIR");
  }
  // The directory's `..` is changed.
  if (inode.kind === "directory" && source.directory !== target.directory && !permits(caller, inode, MAY_WRITE)) {
    refuse(caller, target.directory, "EACCES");
  }
  const { dev } = source.directory;
  if (inode.dev !== dev || (replaced !== undefined && replaced.inode.dev !== dev)) throw new SystemFault("EBUSY");
  if (replaced?.inode.kind === "directory") requireEmpty(caller, replaced.inode);
  move(tree, caller, moved, target.directory, target.last);
}

/** Whether `directory` is `above` or under it, reading each step up: another move may change the answer. */
function isWithin(caller: DiskCaller, directory: Directory, above: Directory): boolean {
  let at: Directory | undefined = directory;
  // Bounded by the depth of the tree, which this check keeps free of cycles.
  while (at !== undefined) {
    if (at === above) return true;
    caller.footprint.read(at.resources.up);
    at = at.entry?.parent;
  }
  return false;
}
