// What `stat`, `statfs` and `readdir` give: the classes that Node gives, filled from the kernel's records.

import { constants, Dirent } from "node:fs";
import type { DirectoryEntry, StatRecord } from "../disk/calls.ts";

const { S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG, S_IFSOCK } = constants;

abstract class AnyStats {
  abstract _checkModeProperty(type: number): boolean;

  isDirectory(): boolean {
    return this._checkModeProperty(S_IFDIR);
  }
  isFile(): boolean {
    return this._checkModeProperty(S_IFREG);
  }
  isBlockDevice(): boolean {
    return this._checkModeProperty(S_IFBLK);
  }
  isCharacterDevice(): boolean {
    return this._checkModeProperty(S_IFCHR);
  }
  isSymbolicLink(): boolean {
    return this._checkModeProperty(S_IFLNK);
  }
  isFIFO(): boolean {
    return this._checkModeProperty(S_IFIFO);
  }
  isSocket(): boolean {
    return this._checkModeProperty(S_IFSOCK);
  }
}

/** `fs.Stats`; made of the numbers, in Node's order. */
export class Stats extends AnyStats {
  dev: number;
  mode: number;
  nlink: number;
  uid: number;
  gid: number;
  rdev: number;
  blksize: number;
  ino: number;
  size: number;
  blocks: number;
  atimeMs: number;
  mtimeMs: number;
  ctimeMs: number;
  birthtimeMs: number;

  constructor(
    dev: number,
    mode: number,
    nlink: number,
    uid: number,
    gid: number,
    rdev: number,
    blksize: number,
    ino: number,
    size: number,
    blocks: number,
    atimeMs: number,
    mtimeMs: number,
    ctimeMs: number,
    birthtimeMs: number,
  ) {
    super();
    this.dev = dev;
    this.mode = mode;
    this.nlink = nlink;
    this.uid = uid;
    this.gid = gid;
    this.rdev = rdev;
    this.blksize = blksize;
    this.ino = ino;
    this.size = size;
    this.blocks = blocks;
    this.atimeMs = atimeMs;
    this.mtimeMs = mtimeMs;
    this.ctimeMs = ctimeMs;
    this.birthtimeMs = birthtimeMs;
  }

  override _checkModeProperty(type: number): boolean {
    return (this.mode & S_IFMT) === type;
  }
}

/** What `{ bigint: true }` gives. */
export class BigIntStats extends AnyStats {
  mode = 0n;

  override _checkModeProperty(type: number): boolean {
    return (this.mode & BigInt(S_IFMT)) === BigInt(type);
  }
}

// Dates are made when asked for, and then are the object's own, as Node's are.
for (const { prototype } of [Stats, BigIntStats]) {
  for (const field of ["atime", "mtime", "ctime", "birthtime"]) {
    const own = (stats: object, value: unknown): void => {
      Object.defineProperty(stats, field, { value, writable: true, enumerable: true, configurable: true });
    };
    Object.defineProperty(prototype, field, {
      enumerable: true,
      configurable: true,
      get(this: Record<string, unknown>): Date {
        const date = new Date(Math.round(Number(this[`${field}Ms`])));
        own(this, date);
        return date;
      },
      set(this: object, value: unknown): void {
        own(this, value);
      },
    });
  }
}

export function statsOf(record: StatRecord, bigint: unknown): Stats | BigIntStats {
  if (bigint) return bigStatsOf(record);
  return new Stats(
    record.dev,
    record.mode,
    record.nlink,
    record.uid,
    record.gid,
    record.rdev,
    record.blksize,
    record.ino,
    record.size,
    record.blocks,
    record.atimeMs,
    record.mtimeMs,
    record.ctimeMs,
    record.birthtimeMs,
  );
}

const NS_PER_MS = 1_000_000n;

function bigStatsOf(record: StatRecord): BigIntStats {
  const { dev, mode, nlink, uid, gid, rdev, blksize, ino, size, blocks } = record;
  const stats = new BigIntStats();
  const numbers = { dev, mode, nlink, uid, gid, rdev, blksize, ino, size, blocks };
  const times = {
    atime: record.atimeMs,
    mtime: record.mtimeMs,
    ctime: record.ctimeMs,
    birthtime: record.birthtimeMs,
  };
  const fields: [string, bigint][] = Object.entries(numbers).map(([name, value]) => [name, BigInt(value)]);
  for (const [name, ms] of Object.entries(times)) fields.push([`${name}Ms`, BigInt(Math.floor(ms))]);
  for (const [name, ms] of Object.entries(times)) fields.push([`${name}Ns`, BigInt(Math.floor(ms)) * NS_PER_MS]);
  return Object.assign(stats, Object.fromEntries(fields));
}

export class StatFs {
  constructor(record: { type: number; bsize: number; blocks: number; bfree: number; files: number }, bigint: boolean) {
    const { type, bsize, blocks, bfree, files } = record;
    const numbers = { type, bsize, frsize: bsize, blocks, bfree, bavail: bfree, files, ffree: files };
    for (const [name, value] of Object.entries(numbers)) {
      (this as Record<string, unknown>)[name] = bigint ? BigInt(value) : value;
    }
  }
}

/** Node's numbers of the types of a `Dirent`: `UV_DIRENT_...` of its constants. */
const DIRENT_TYPES: ReadonlyMap<number, number> = new Map([
  [S_IFREG, 1],
  [S_IFDIR, 2],
  [S_IFLNK, 3],
  [S_IFIFO, 4],
  [S_IFSOCK, 5],
  [S_IFCHR, 6],
  [S_IFBLK, 7],
]);
const UNKNOWN_TYPE = 0;

type DirentClass = new (name: string | Buffer, type: number, parentPath: string | Uint8Array) => Dirent;

export function direntOf(entry: DirectoryEntry, parentPath: string | Uint8Array, encoding: unknown): Dirent {
  const type = DIRENT_TYPES.get(entry.type) ?? UNKNOWN_TYPE;
  return new (Dirent as unknown as DirentClass)(encoded(entry.name, encoding), type, parentPath);
}

/** A name or a path in the encoding that was asked for. */
export function encoded(text: string, encoding: unknown): string | Buffer {
  if (encoding === undefined || encoding === null || encoding === "utf8" || encoding === "utf-8") return text;
  const bytes = Buffer.from(text);
  return encoding === "buffer" ? bytes : bytes.toString(encoding as BufferEncoding);
}
