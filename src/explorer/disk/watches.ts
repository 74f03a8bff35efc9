// Watches: what inotify tells of changes, in the form that Node's `fs.watch` shows it.
//
// A watch on a directory tells of its names, under their names, and of itself under its own; a watch on a file tells of
// the file. As in the kernel, a write through a descriptor is told to the directory that the file was opened in, also
// when the name is gone. A recursive watch tells of every name below, files and directories that come and go and files
// that change: what Node's own emulation aims at.
//
// Whoever makes a notice writes the watch's resource, so that their order is part of what the search keeps apart. A
// change that makes none has to meet the call that would begin or end a watch; that call notes all it watches for this.

import type { Resource } from "../footprint.ts";
import type { DiskCaller } from "./caller.ts";
import type { WatchNotice } from "./calls.ts";
import type { Directory, Entry, Inode } from "./inode.ts";
import { MAY_READ } from "./kernel-numbers.ts";
import { find } from "./path-walk.ts";
import { require } from "./permissions.ts";
import { NAMELESS, TREE_SHAPE, watchResource } from "./resources.ts";
import type { Tree } from "./tree.ts";

/** A notice and the process whose watch it is for. */
export interface AddressedNotice {
  readonly process: string;
  readonly notice: WatchNotice;
}

interface Watch {
  readonly process: string;
  readonly id: number;
  readonly resource: Resource;
  readonly inode: Inode;
  readonly recursive: boolean;
  /** The last part of the path that was given: under this name it tells of the watched inode itself. */
  readonly ownName: string;
}

type Event = WatchNotice["event"];

export class Watches {
  private readonly watches = new Set<Watch>();
  /** Those that tell of an inode and, for a directory, of its names; recursive ones of a directory are not here. */
  private readonly byInode = new Map<Inode, Watch[]>();
  private readonly recursive = new Set<Watch>();
  private notices: AddressedNotice[] = [];

  take(): AddressedNotice[] {
    if (this.notices.length === 0) return this.notices;
    const taken = this.notices;
    this.notices = [];
    return taken;
  }

  add(tree: Tree, caller: DiskCaller, path: string, recursive: boolean): number {
    const { inode } = find(tree.root, caller, path, true);
    require(caller, inode, MAY_READ);
    const id = caller.nextWatch();
    const resource = watchResource(caller.process, id);
    // libuv has one watch for an inode in a process, under the path that came first.
    const sibling = this.byInode.get(inode)?.find(({ process }) => process === caller.process);
    const ownName = sibling?.ownName ?? path.slice(path.lastIndexOf("/") + 1);
    const wholeTree = recursive && inode.kind === "directory";
    const watch: Watch = { process: caller.process, id, resource, inode, recursive: wholeTree, ownName };
    noteWatched(caller, watch);
    this.watches.add(watch);
    if (wholeTree) this.recursive.add(watch);
    else this.byInode.set(inode, [...(this.byInode.get(inode) ?? []), watch]);
    return id;
  }

  /** Closing what is closed already is nothing, as in Node. */
  remove(caller: DiskCaller, id: number): undefined {
    for (const watch of this.watches) {
      if (watch.process !== caller.process || watch.id !== id) continue;
      noteWatched(caller, watch);
      this.forget(watch);
    }
  }

  removeAllOf(caller: DiskCaller): void {
    for (const watch of this.watches) if (watch.process === caller.process) this.remove(caller, watch.id);
  }

  // What has happened. Each is told after the tree was changed.

  entered(caller: DiskCaller, entry: Entry): void {
    if (this.watches.size === 0) return;
    this.tellOfName(caller, "rename", entry.parent, entry.name);
  }
  removed(caller: DiskCaller, entry: Entry): void {
    if (this.watches.size === 0) return;
    if (entry.inode.kind !== "directory") this.tellOfItself(caller, "change", entry.inode);
    else this.noteOwn(caller, entry.inode);
    this.tellOfName(caller, "rename", entry.parent, entry.name);
  }
  moved(caller: DiskCaller, entry: Entry, from: Directory, oldName: string, replaced: Entry | undefined): void {
    if (this.watches.size === 0) return;
    const { inode, parent, name } = entry;
    // A write through a descriptor is told to another directory from now on.
    if (this.recursive.size > 0 || this.byInode.has(from) || this.byInode.has(parent)) {
      caller.footprint.write(inode.resources.stat);
    }
    if (inode.kind === "directory" && this.recursive.size > 0) caller.footprint.write(TREE_SHAPE);
    this.tellOfName(caller, "rename", from, oldName);
    this.tellOfName(caller, "rename", parent, name);
    if (replaced !== undefined) this.tellOfItself(caller, changeOf(replaced.inode), replaced.inode);
    this.tellOfItself(caller, "rename", inode);
  }
  linkCountChanged(caller: DiskCaller, inode: Inode): void {
    if (this.watches.size > 0) this.tellOfItself(caller, "change", inode);
  }
  /** Content or attributes, through the name `entry`. */
  changed(caller: DiskCaller, inode: Inode, entry: Entry | undefined): void {
    if (entry?.linked === false) caller.footprint.read(NAMELESS);
    if (this.watches.size === 0) return;
    if (entry !== undefined) {
      this.tellOfName(caller, changeOf(inode), entry.parent, entry.name, inode.kind === "directory");
    }
    this.tellOfItself(caller, changeOf(inode), inode);
  }
  /** Whether a close is the end of the inode, which `gone` tells, depends on who removed its name, and who else closes. */
  closed(caller: DiskCaller, inode: Inode): void {
    if (this.watches.size > 0) this.noteOwn(caller, inode);
  }
  /** No name and no descriptor any more: deleted, and ignored from now on, which are two notices. */
  gone(caller: DiskCaller, inode: Inode): void {
    if (this.watches.size === 0) return;
    this.tellOfItself(caller, "rename", inode);
    this.tellOfItself(caller, "rename", inode);
    // As when one begins: who is still to change what had its name here cannot be listed.
    if (this.byInode.delete(inode)) caller.footprint.add(NAMELESS);
  }

  private noteOwn(caller: DiskCaller, inode: Inode): void {
    for (const watch of this.byInode.get(inode) ?? []) caller.footprint.write(watch.resource);
  }

  private tellOfItself(caller: DiskCaller, event: Event, inode: Inode): void {
    for (const watch of this.byInode.get(inode) ?? []) this.tell(caller, watch, event, watch.ownName);
  }

  private tellOfName(caller: DiskCaller, event: Event, directory: Directory, name: string, notBelow = false): void {
    for (const watch of this.byInode.get(directory) ?? []) this.tell(caller, watch, event, name);
    if (this.recursive.size === 0) return;
    caller.footprint.read(TREE_SHAPE);
    if (notBelow) return;
    for (const watch of this.recursive) {
      const path = pathBelow(watch.inode, directory, name);
      if (path !== undefined) this.tell(caller, watch, event, path);
    }
  }

  private tell(caller: DiskCaller, watch: Watch, event: Event, name: string): void {
    caller.footprint.write(watch.resource);
    this.notices.push({ process: watch.process, notice: { watch: watch.id, event, name } });
  }

  private forget(watch: Watch): void {
    this.watches.delete(watch);
    this.recursive.delete(watch);
    const others = (this.byInode.get(watch.inode) ?? []).filter((other) => other !== watch);
    if (others.length > 0) this.byInode.set(watch.inode, others);
    else this.byInode.delete(watch.inode);
  }
}

/** libuv takes the bit that says "this is a directory" for more than a change. */
function changeOf(inode: Inode): Event {
  return inode.kind === "directory" ? "rename" : "change";
}

/** The name's path relative to `above`, if it is below. */
function pathBelow(above: Inode, directory: Directory, name: string): string | undefined {
  let path = name;
  let at = directory;
  // Bounded by the depth of the tree.
  while (at !== above) {
    const entry = at.entry;
    if (entry === undefined) return undefined;
    path = `${entry.name}/${path}`;
    at = entry.parent;
  }
  return path;
}

/**
 * Every change that would make a notice stamps the inode, or adds to the list, or says that its name is gone. With a
 * recursive watch so much more is noted by others that beginning or ending one meets everything.
 */
function noteWatched(caller: DiskCaller, { resource, inode, recursive }: Watch): void {
  const { footprint } = caller;
  if (recursive) {
    footprint.all();
    return;
  }
  footprint.write(resource);
  footprint.add(NAMELESS);
  footprint.read(inode.resources.stat);
  if (inode.kind !== "directory") return;
  footprint.read(inode.resources.list);
  for (const entry of inode.entries.values()) footprint.read(entry.inode.resources.stat);
}
