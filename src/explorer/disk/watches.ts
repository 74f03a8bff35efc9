// Watches: what inotify tells of changes, in the form that Node's `fs.watch` shows it.

import type { DiskCaller } from "./caller.ts";
import type { WatchNotice } from "./calls.ts";
import type { Directory, Entry, Inode } from "./inode.ts";
import type { Tree } from "./tree.ts";

/** A notice and the process whose watch it is for. */
export interface AddressedNotice {
  readonly process: string;
  readonly notice: WatchNotice;
}

export class Watches {
  take(): AddressedNotice[] {
    return [];
  }
  add(_tree: Tree, _caller: DiskCaller, _path: string, _recursive: boolean): number {
    throw new Error("watches are not simulated yet");
  }
  remove(_caller: DiskCaller, _watch: number): undefined {}
  removeAllOf(_caller: DiskCaller): void {}
  entered(_caller: DiskCaller, _entry: Entry): void {}
  removed(_caller: DiskCaller, _entry: Entry): void {}
  moved(_caller: DiskCaller, _entry: Entry, _from: Directory, _oldName: string, _replaced: Entry | undefined): void {}
  linkCountChanged(_caller: DiskCaller, _inode: Inode): void {}
  changed(_caller: DiskCaller, _inode: Inode, _entry: Entry | undefined): void {}
  closed(_caller: DiskCaller, _inode: Inode): void {}
  gone(_caller: DiskCaller, _inode: Inode): void {}
}
