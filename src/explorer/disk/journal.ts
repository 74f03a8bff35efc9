// What would be left after a power loss: the durable state, and the changes since.

import type { Directory, Entry, Inode, RegularFile } from "./inode.ts";

export class Journal {
  enter(_directory: Directory, _name: string, _inode: Inode): void {}
  remove(_directory: Directory, _name: string, _inode: Inode): void {}
  move(_entry: Entry, _to: Directory, _name: string): void {}
  ended(_directory: Directory): void {}
  write(_file: RegularFile, _position: number, _bytes: Uint8Array): void {}
  resize(_file: RegularFile, _size: number): void {}
  syncFile(_file: RegularFile): void {}
  syncDirectory(_directory: Directory): void {}
}
