// Calls on what is in a file: read, write, ftruncate, fsync.

import type { DiskCaller } from "./caller.ts";
import { SystemFault } from "./calls.ts";
import type { Entry, GeneratedFile, RegularFile } from "./inode.ts";
import { MAX_FILE_BYTES, PROC_DEVICE, S_ISGID, S_ISUID, S_IXGRP } from "./kernel-numbers.ts";
import type { OpenFile } from "./open-files.ts";
import { stampChange, stampedNow, type Tree } from "./tree.ts";

const NOTHING: Uint8Array = new Uint8Array(0);

export function read(_tree: Tree, caller: DiskCaller, fd: number, length: number, position: number | null): Uint8Array {
  const file = caller.files.get(fd);
  if (!file.readable) throw new SystemFault("EBADF");
  const { inode } = file;
  if (inode.kind === "directory") throw new SystemFault("EISDIR");
  if (position !== null && position < 0) throw new SystemFault("EINVAL");
  if (length === 0) return NOTHING;
  const from = position ?? file.position;
  let bytes = NOTHING;
  if (inode.kind === "file") {
    caller.footprint.read(inode.resources.data);
    bytes = inode.slice(from, length);
  } else if (inode.kind === "generated") {
    bytes = readGenerated(caller, file, inode, from, length);
  }
  if (position === null) file.position += bytes.length;
  return bytes;
}

/** As the kernel's seq_file does: made up when reading begins, and whenever it does not go on where it was left. */
function readGenerated(
  caller: DiskCaller,
  file: OpenFile,
  inode: GeneratedFile,
  from: number,
  length: number,
): Uint8Array {
  const goesOn = from !== 0 && file.generated?.readTo === from;
  const bytes = goesOn && file.generated !== undefined ? file.generated.bytes : inode.content(caller);
  const read = bytes.slice(from, from + length);
  file.generated = { bytes, readTo: from + read.length };
  return read;
}

export function write(tree: Tree, caller: DiskCaller, fd: number, bytes: Uint8Array, position: number | null): number {
  const file = caller.files.get(fd);
  if (!file.writable) throw new SystemFault("EBADF");
  if (position !== null && position < 0) throw new SystemFault("EINVAL");
  if (file.inode.kind !== "file" || bytes.length === 0) return bytes.length;
  writeFile(tree, caller, file, file.inode, bytes, position);
  return bytes.length;
}

function writeFile(
  tree: Tree,
  caller: DiskCaller,
  file: OpenFile,
  inode: RegularFile,
  bytes: Uint8Array,
  position: number | null,
): void {
  caller.footprint.write(inode.resources.data);
  // Linux appends even when a position is given.
  const at = file.append ? inode.size : (position ?? file.position);
  if (at + bytes.length > MAX_FILE_BYTES) throw new SystemFault("EFBIG");
  tree.journal?.write(inode, at, bytes);
  inode.write(at, bytes);
  if (position === null) file.position = at + bytes.length;
  noteContentChange(tree, caller, inode, file.entry);
  if (file.durable) tree.journal?.syncFile(inode);
}

export function ftruncate(tree: Tree, caller: DiskCaller, fd: number, length: number): undefined {
  const file = caller.files.get(fd);
  if (length < 0 || !file.writable || file.inode.kind !== "file") throw new SystemFault("EINVAL");
  if (length > MAX_FILE_BYTES) throw new SystemFault("EFBIG");
  resizeFile(tree, caller, file.inode, file.entry, length);
}

/** Cuts or extends with zeros. To the size it has already, only the times change. */
export function resizeFile(
  tree: Tree,
  caller: DiskCaller,
  inode: RegularFile,
  entry: Entry | undefined,
  size: number,
): void {
  if (size === inode.size) {
    caller.footprint.read(inode.resources.data);
  } else {
    caller.footprint.write(inode.resources.data);
    tree.journal?.resize(inode, size);
    inode.resize(size);
  }
  noteContentChange(tree, caller, inode, entry);
}

function noteContentChange(tree: Tree, caller: DiskCaller, inode: RegularFile, entry: Entry | undefined): void {
  const nowMs = stampedNow(caller);
  stampChange(caller, inode, nowMs);
  inode.mtimeMs = nowMs;
  if (caller.uid !== 0 && (inode.mode & (S_ISUID | S_ISGID)) !== 0) dropPrivilegeBits(caller, inode);
  tree.watches.changed(caller, inode, entry);
}

/**
 * What an unprivileged write does to setuid and setgid. Where there are none the mode is not noted as read, because
 * both setting and dropping them writes the content's resource: cut to the size that it has, a file is else only read.
 */
function dropPrivilegeBits(caller: DiskCaller, inode: RegularFile): void {
  caller.footprint.write(inode.resources.meta);
  caller.footprint.write(inode.resources.data);
  inode.mode &= ~S_ISUID;
  if ((inode.mode & S_IXGRP) !== 0) inode.mode &= ~S_ISGID;
}

/** Without a journal nothing can be lost, and there is nothing to see. */
export function fsync(tree: Tree, caller: DiskCaller, fd: number): undefined {
  const { inode } = caller.files.get(fd);
  if (inode.kind === "device" || inode.dev === PROC_DEVICE) throw new SystemFault("EINVAL");
  if (tree.journal === undefined) return;
  if (inode.kind === "file") {
    caller.footprint.read(inode.resources.data);
    tree.journal.syncFile(inode);
  } else if (inode.kind === "directory") {
    caller.footprint.read(inode.resources.list);
    tree.journal.syncDirectory(inode);
  }
}
