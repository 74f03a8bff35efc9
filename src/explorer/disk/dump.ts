// A canonical picture of a tree.

import type { Directory, Inode, RegularFile } from "./inode.ts";
import { S_IFMT } from "./kernel-numbers.ts";

export interface DumpedInode {
  readonly path: string;
  readonly type: Inode["kind"];
  /** Permission bits. */
  readonly mode: number;
  readonly nlink: number;
  readonly uid: number;
  readonly gid: number;
  /** Paths with the same number are the same inode: the first one's place in the dump. */
  readonly same: number;
  /** Latin-1, so that bytes can be told apart. */
  readonly content?: string;
  readonly target?: string;
}

export function dumpTree(root: Directory): DumpedInode[] {
  const dumped: DumpedInode[] = [];
  const places = new Map<Inode, number>();
  // Bounded by the number of names on the disk.
  const visit = (path: string, inode: Inode): void => {
    const place = places.get(inode) ?? dumped.length;
    places.set(inode, place);
    dumped.push(picture(path, inode, place));
    if (inode.kind !== "directory") return;
    const names = [...inode.entries.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
    for (const entry of names) visit(`${path === "/" ? "" : path}/${entry.name}`, entry.inode);
  };
  visit("/", root);
  return dumped;
}

function picture(path: string, inode: Inode, same: number): DumpedInode {
  const { nlink, uid, gid } = inode;
  const base = { path, type: inode.kind, mode: inode.mode & ~S_IFMT, nlink, uid, gid, same };
  if (inode.kind === "file") return { ...base, content: contentOf(inode) };
  if (inode.kind === "symlink") return { ...base, target: inode.target };
  return base;
}

export function contentOf(file: RegularFile): string {
  return Buffer.from(file.slice(0, file.size)).toString("latin1");
}
