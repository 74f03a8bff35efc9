// Trees from nothing and from other trees.

import { Journal } from "./durability.ts";
import { Device, Directory, Entry, type Inode, RegularFile, Symlink } from "./inode.ts";
import { S_IFMT } from "./kernel-numbers.ts";
import type { Tree } from "./tree.ts";
import { Watches } from "./watches.ts";

/** The disk's own inodes are below; callers number theirs from here on. */
export const FIRST_FREE_INODE = 16;
const NULL_DEVICE = 0x103;

export function freshTree(trackDurability: boolean): Tree {
  const facts = (ino: number, mode: number) => ({ ino, mode, uid: 0, gid: 0, nowMs: 0 });
  // Whoever the processes are, the disk is theirs: they may write at its root.
  const root = new Directory(facts(2, 0o777));
  const tree = emptyTree(root, trackDurability);
  const dev = new Directory(facts(5, 0o755));
  put(tree, root, "tmp", new Directory(facts(3, 0o1777)));
  put(tree, root, "home", new Directory(facts(4, 0o777)));
  put(tree, root, "dev", dev);
  put(tree, dev, "null", new Device(facts(6, 0o666), NULL_DEVICE));
  return tree;
}

export function emptyTree(root: Directory, trackDurability: boolean): Tree {
  return {
    root,
    inodes: new Map([[root.ino, root as Inode]]),
    watches: new Watches(),
    journal: trackDurability ? new Journal() : undefined,
  };
}

/** Puts a name into a tree that no process uses yet. */
export function put(tree: Tree, directory: Directory, name: string, inode: Inode): void {
  const entry = new Entry(directory, name, inode);
  directory.entries.set(name, entry);
  inode.entry = entry;
  if (inode.kind === "directory") directory.nlink++;
  tree.inodes.set(inode.ino, inode);
}

/** The names under the root again, all of them durable; so there must be nothing that is not. */
export function cloneTree(original: Tree): Tree {
  if (original.journal?.isClean === false) throw new Error("clone of a disk with unsynced changes; call syncAll first");
  const root = copyOf(original.root);
  if (root.kind !== "directory") throw new Error("the root is not a directory");
  const tree = emptyTree(root, original.journal !== undefined);
  const copies = new Map<Inode, Inode>();
  const fill = (from: Directory, to: Directory): void => {
    for (const { name, inode } of from.entries.values()) {
      let copy = copies.get(inode);
      if (copy === undefined) {
        copy = copyOf(inode);
        if (inode.nlink > 1) copies.set(inode, copy);
      }
      put(tree, to, name, copy);
      if (inode.kind === "directory" && copy.kind === "directory") fill(inode, copy);
    }
  };
  fill(original.root, root);
  return tree;
}

/** A new inode with the same facts and, for a file, the same content; a directory's copy is empty. */
export function copyOf(inode: Inode): Inode {
  const facts = {
    ino: inode.ino,
    mode: inode.mode & ~S_IFMT,
    uid: inode.uid,
    gid: inode.gid,
    nowMs: inode.birthtimeMs,
  };
  const copy = copyOfKind(inode, facts);
  copy.atimeMs = inode.atimeMs;
  copy.mtimeMs = inode.mtimeMs;
  copy.ctimeMs = inode.ctimeMs;
  if (inode.kind !== "directory") copy.nlink = inode.nlink;
  return copy;
}

function copyOfKind(inode: Inode, facts: ConstructorParameters<typeof RegularFile>[0]): Inode {
  switch (inode.kind) {
    case "file": {
      const copy = new RegularFile(facts);
      copy.takeOver(inode.share());
      return copy;
    }
    case "directory":
      return new Directory(facts);
    case "symlink":
      return new Symlink(facts, inode.target);
    case "device":
      return new Device(facts, inode.rdev);
    case "generated":
      throw new Error("what the kernel makes up is on no disk");
  }
}
