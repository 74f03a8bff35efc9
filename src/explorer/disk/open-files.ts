// A process's descriptors. There is no fork, so a descriptor's offset belongs to one process alone.

import { SystemFault } from "./calls.ts";
import type { Entry, Inode } from "./inode.ts";
import { MAX_DESCRIPTORS } from "./kernel-numbers.ts";

export interface OpenFile {
  readonly inode: Inode;
  /** The name it was opened by; undefined for the root directory. */
  readonly entry: Entry | undefined;
  readonly readable: boolean;
  readonly writable: boolean;
  readonly append: boolean;
  /** O_SYNC or O_DSYNC: a write is durable when it returns. */
  readonly durable: boolean;
  position: number;
  /** Of a file that is made up when it is read: what was made up last, and how far it was read. */
  generated: { readonly bytes: Uint8Array; readTo: number } | undefined;
}

/** Below are what a Node process has open before its program runs. */
const FIRST_DESCRIPTOR = 17;

export class OpenFiles {
  private readonly files: (OpenFile | undefined)[] = [];

  /** The lowest free number. */
  add(file: OpenFile): number {
    let index = this.files.indexOf(undefined);
    if (index === -1) index = this.files.length;
    if (index >= MAX_DESCRIPTORS) throw new SystemFault("EMFILE");
    this.files[index] = file;
    return FIRST_DESCRIPTOR + index;
  }
  get(fd: number): OpenFile {
    const file = this.files[fd - FIRST_DESCRIPTOR];
    if (file === undefined) throw new SystemFault("EBADF");
    return file;
  }
  remove(fd: number): OpenFile {
    const file = this.get(fd);
    this.files[fd - FIRST_DESCRIPTOR] = undefined;
    return file;
  }
  /** Every open number, ascending. */
  numbers(): number[] {
    return this.files.flatMap((file, index) => (file === undefined ? [] : [FIRST_DESCRIPTOR + index]));
  }
}
