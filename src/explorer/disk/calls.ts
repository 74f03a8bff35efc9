// What a program can ask of the simulated kernel's file system, one system call each: the seam between the replaced
// `node:fs` (which composes calls into what Node's functions do) and the disk (which performs one call at once).
//
// Calls and results are plain data, so that they pass between threads and into a trace file unchanged.

/** Times are milliseconds since 1970 on the simulated clock, whole. */
export interface StatRecord {
  readonly dev: number;
  readonly ino: number;
  /** File type and permission bits, as `st_mode`. */
  readonly mode: number;
  readonly nlink: number;
  readonly uid: number;
  readonly gid: number;
  readonly rdev: number;
  readonly size: number;
  readonly blksize: number;
  readonly blocks: number;
  readonly atimeMs: number;
  readonly mtimeMs: number;
  readonly ctimeMs: number;
  readonly birthtimeMs: number;
}

/** One name in a directory; `type` is the `S_IFMT` part of the mode. `.` and `..` are not listed. */
export interface DirectoryEntry {
  readonly name: string;
  readonly type: number;
}

/**
 * Arguments and result of each call. Paths are absolute or relative to the caller's working directory, as given by the
 * program. Lengths, sizes and positions are bytes; a position of null is the descriptor's own.
 */
export interface FileCalls {
  open: { args: [path: string, flags: number, mode: number]; result: number };
  close: { args: [fd: number]; result: undefined };
  read: { args: [fd: number, length: number, position: number | null]; result: Uint8Array };
  write: { args: [fd: number, bytes: Uint8Array, position: number | null]; result: number };
  ftruncate: { args: [fd: number, length: number]; result: undefined };
  fsync: { args: [fd: number]; result: undefined };
  fdatasync: { args: [fd: number]; result: undefined };
  stat: { args: [path: string]; result: StatRecord };
  lstat: { args: [path: string]; result: StatRecord };
  fstat: { args: [fd: number]; result: StatRecord };
  statfs: {
    args: [path: string];
    result: { type: number; bsize: number; blocks: number; bfree: number; files: number };
  };
  access: { args: [path: string, mode: number]; result: undefined };
  mkdir: { args: [path: string, mode: number]; result: undefined };
  /** `prefix` plus six characters: the path of the directory made. */
  mkdtemp: { args: [prefix: string]; result: string };
  rmdir: { args: [path: string]; result: undefined };
  unlink: { args: [path: string]; result: undefined };
  rename: { args: [from: string, to: string]; result: undefined };
  link: { args: [existing: string, path: string]; result: undefined };
  symlink: { args: [target: string, path: string]; result: undefined };
  readlink: { args: [path: string]; result: string };
  realpath: { args: [path: string]; result: string };
  readdir: { args: [path: string]; result: DirectoryEntry[] };
  chmod: { args: [path: string, mode: number]; result: undefined };
  fchmod: { args: [fd: number, mode: number]; result: undefined };
  chown: { args: [path: string, uid: number, gid: number]; result: undefined };
  lchown: { args: [path: string, uid: number, gid: number]; result: undefined };
  fchown: { args: [fd: number, uid: number, gid: number]; result: undefined };
  /** Times in milliseconds. */
  utimes: { args: [path: string, atimeMs: number, mtimeMs: number]; result: undefined };
  lutimes: { args: [path: string, atimeMs: number, mtimeMs: number]; result: undefined };
  futimes: { args: [fd: number, atimeMs: number, mtimeMs: number]; result: undefined };
  /** A number that names the watch in notices and in `unwatch`. */
  watch: { args: [path: string, recursive: boolean]; result: number };
  unwatch: { args: [watch: number]; result: undefined };
}

export type FileCallName = keyof FileCalls;

/** A call as data: `op` names it, `args` are what it was given. */
export interface Call {
  readonly op: string;
  readonly args: readonly unknown[];
}

/** Why a call failed, as the kernel says it; the replaced modules make Node's error of it. */
export class SystemFault {
  readonly code: string;
  constructor(code: string) {
    this.code = code;
  }
}

/** A change under a watched path: what inotify tells, and Node hands to the watcher's listener. */
export interface WatchNotice {
  readonly watch: number;
  readonly event: "rename" | "change";
  /** Relative to the watched directory; the base name for a watched file. */
  readonly name: string;
}
