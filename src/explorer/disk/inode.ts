// What the disk is made of: inodes, and the entries that give them names.

import type { DiskCaller } from "./caller.ts";
import { DISK_DEVICE, S_IFCHR, S_IFDIR, S_IFLNK, S_IFREG } from "./kernel-numbers.ts";
import { type InodeResources, nameResource, resourcesOf } from "./resources.ts";

export type Inode = RegularFile | GeneratedFile | Directory | Symlink | Device;

/** Who makes an inode, and when. */
export interface Birth {
  readonly ino: number;
  /** Permission bits only. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly nowMs: number;
}

/**
 * A name in a directory. It stays the same object when it is renamed, and an open file holds the one it was opened by:
 * that is how Linux knows which directory's watchers to tell of a write.
 */
export class Entry {
  parent: Directory;
  name: string;
  readonly inode: Inode;
  /** False once removed; parent and name then tell where it was. */
  linked = true;
  constructor(parent: Directory, name: string, inode: Inode) {
    this.parent = parent;
    this.name = name;
    this.inode = inode;
  }
}

class InodeBase {
  readonly resources: InodeResources;
  mode: number;
  uid: number;
  gid: number;
  nlink = 1;
  /** Not changed by reading: the disk is as if mounted `noatime`. */
  atimeMs: number;
  mtimeMs: number;
  ctimeMs: number;
  birthtimeMs: number;
  /** Descriptors open on it. */
  opens = 0;
  /** The name it was given last, for people; for a directory, the only one. */
  entry: Entry | undefined = undefined;

  constructor(type: number, birth: Birth) {
    this.resources = resourcesOf(birth.ino);
    this.mode = type | birth.mode;
    this.uid = birth.uid;
    this.gid = birth.gid;
    this.atimeMs = birth.nowMs;
    this.mtimeMs = birth.nowMs;
    this.ctimeMs = birth.nowMs;
    this.birthtimeMs = birth.nowMs;
  }
  get ino(): number {
    return this.resources.ino;
  }
  /** Which file system it is of: nothing is moved or linked from one to another. */
  get dev(): number {
    return DISK_DEVICE;
  }
}

const NO_BYTES = new Uint8Array(0);

export class RegularFile extends InodeBase {
  readonly kind = "file" as const;
  size = 0;
  /** At least `size` long; zero beyond it. */
  private bytes: Uint8Array = NO_BYTES;
  /** Whether nobody else holds `bytes`; if not, it is copied before it is changed. */
  private owned = false;

  constructor(birth: Birth) {
    super(S_IFREG, birth);
  }
  /** A copy of the bytes from `position`, at most `length`. */
  slice(position: number, length: number): Uint8Array {
    return this.bytes.slice(Math.min(position, this.size), Math.min(position + length, this.size));
  }
  write(position: number, written: Uint8Array): void {
    const end = position + written.length;
    this.makeOwned(end);
    this.bytes.set(written, position);
    if (end > this.size) this.size = end;
  }
  resize(size: number): void {
    if (size < this.size) {
      if (size === 0) this.bytes = NO_BYTES;
      else {
        this.makeOwned(this.size);
        this.bytes.fill(0, size, this.size);
      }
    } else this.makeOwned(size);
    this.size = size;
    if (size === 0) this.owned = false;
  }
  /** The whole content without a copy; both sides copy before they change it. */
  share(): Uint8Array {
    this.owned = false;
    return this.bytes.subarray(0, this.size);
  }
  takeOver(shared: Uint8Array): void {
    this.bytes = shared;
    this.size = shared.length;
    this.owned = false;
  }
  private makeOwned(length: number): void {
    if (this.owned && length <= this.bytes.length) return;
    const grown = new Uint8Array(
      length <= this.bytes.length ? this.bytes.length : Math.max(length, this.bytes.length * 2),
    );
    grown.set(this.bytes);
    this.bytes = grown;
    this.owned = true;
  }
}

/** A file that the kernel makes up when it is read: of /proc. Nobody may write it. */
export abstract class GeneratedFile extends InodeBase {
  readonly kind = "generated" as const;
  constructor(birth: Birth) {
    super(S_IFREG, birth);
  }
  /** The whole content as it is now, and what it depends on noted. */
  abstract content(caller: DiskCaller): Uint8Array;
}

/** A file system of its own at a name in a directory. */
export interface Mount {
  readonly name: string;
  readonly entry: Entry;
}

export class Directory extends InodeBase {
  readonly kind = "directory" as const;
  /** The names that the disk has here; what is mounted is no part of it. */
  readonly entries = new Map<string, Entry>();
  mount: Mount | undefined = undefined;
  /** Removed: nothing can be made in it any more, though it may still be somebody's working directory. */
  dead = false;
  constructor(birth: Birth) {
    super(S_IFDIR, birth);
    this.nlink = 2;
  }
  /** What a name means here. */
  lookUp(caller: DiskCaller, name: string): Entry | undefined {
    caller.footprint.read(nameResource(this.resources, name));
    const entry = this.entries.get(name);
    return entry === undefined && this.mount?.name === name ? this.mount.entry : entry;
  }
  /** All that is here. */
  list(caller: DiskCaller): Entry[] {
    caller.footprint.read(this.resources.list);
    const listed = [...this.entries.values()];
    if (this.mount !== undefined) listed.push(this.mount.entry);
    return listed;
  }
}

export class Symlink extends InodeBase {
  readonly kind = "symlink" as const;
  readonly target: string;
  constructor(birth: Birth, target: string) {
    super(S_IFLNK, birth);
    this.target = target;
  }
}

/** Reads as empty and swallows what is written: /dev/null. */
export class Device extends InodeBase {
  readonly kind = "device" as const;
  readonly rdev: number;
  constructor(birth: Birth, rdev: number) {
    super(S_IFCHR, birth);
    this.rdev = rdev;
  }
}

/** The absolute path of a name, or where it was. Names above may have gone too: for people, not for lookups. */
export function pathOf(directory: Directory, name?: string): string {
  const names: string[] = name === undefined ? [] : [name];
  let at = directory.entry;
  // Bounded by the depth of the tree, which has no cycles.
  while (at !== undefined) {
    names.push(at.name);
    at = at.parent.entry;
  }
  return `/${names.reverse().join("/")}`;
}
