// Who may do what: Linux's classic permission bits. Root is not asked, and then nothing is read.

import type { DiskCaller } from "./caller.ts";
import { SystemFault } from "./calls.ts";
import type { Directory, Inode } from "./inode.ts";
import { MAY_EXECUTE, MAY_WRITE, PROC_DEVICE, S_ISVTX } from "./kernel-numbers.ts";

/** Whether the caller has all of `wanted` (`MAY_*`) on the inode. */
export function permits(caller: DiskCaller, inode: Inode, wanted: number): boolean {
  if (caller.uid === 0) {
    if ((wanted & MAY_EXECUTE) === 0 || inode.kind === "directory") return true;
    caller.footprint.read(inode.resources.meta);
    return (inode.mode & 0o111) !== 0;
  }
  caller.footprint.read(inode.resources.meta);
  const shift = caller.uid === inode.uid ? 6 : caller.gid === inode.gid ? 3 : 0;
  return ((inode.mode >> shift) & wanted) === wanted;
}

export function require(caller: DiskCaller, inode: Inode, wanted: number): void {
  if (!permits(caller, inode, wanted)) throw new SystemFault("EACCES");
}

export function requireOwner(caller: DiskCaller, inode: Inode): void {
  if (caller.uid === 0) return;
  caller.footprint.read(inode.resources.meta);
  if (caller.uid !== inode.uid) throw new SystemFault("EPERM");
}

/** For taking a name out of a directory; in a sticky one (/tmp) only the owner of either may. */
export function requireMayRemove(caller: DiskCaller, directory: Directory, inode: Inode): void {
  if (caller.uid === 0) {
    if (directory.dev === PROC_DEVICE) throw new SystemFault("EPERM");
    return;
  }
  require(caller, directory, MAY_WRITE | MAY_EXECUTE);
  if ((directory.mode & S_ISVTX) === 0) return;
  caller.footprint.read(inode.resources.meta);
  if (inode.uid !== caller.uid && directory.uid !== caller.uid) throw new SystemFault("EPERM");
}
