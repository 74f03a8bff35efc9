// Making bytes and names survive a power loss. The rest of the store never calls fsync itself.
//
// POSIX promises nothing about a file until it is fsynced, nor about a name until its directory is. A few files are
// fsynced one by one; many at once are flushed with one syncfs(2) of their file system (through `sync -f`, which Node
// has no call for), which costs what the data costs instead of one journal commit for each.

import { execFile } from "node:child_process";
import { closeSync, constants, fdatasyncSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { systemCode } from "../errors.ts";

/** From this many paths on, one syncfs is cheaper than an fsync each (measured: 0.2 ms an fsync, 3 ms a syncfs). */
const SYNCFS_FROM = 24;
const SYNCFS_DEADLINE_MS = 60_000;

const run = promisify(execFile);

/** Flushes a file's or a directory's own data. */
export function fsyncPath(path: string): void {
  const fd = openSync(path, constants.O_RDONLY);
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/**
 * Flushes all `paths` (files and directories of one file system), or everything below `root` on its file system when
 * there are many. On return all of it survives a power loss.
 */
export async function flush(paths: readonly string[], root: string): Promise<void> {
  if (paths.length >= SYNCFS_FROM && (await syncFileSystem(root))) return;
  for (const path of paths) fsyncPath(path);
}

let syncfsWorks = process.platform === "linux";

async function syncFileSystem(root: string): Promise<boolean> {
  if (!syncfsWorks) return false;
  try {
    await run("sync", ["-f", root], { timeout: SYNCFS_DEADLINE_MS });
    return true;
  } catch (error) {
    // No such program, or one without `-f`: fall back for good. Anything else (an I/O error) falls back for now: the
    // fsyncs that follow report it for the file it concerns.
    if (systemCode(error) === "ENOENT") syncfsWorks = false;
    return false;
  }
}

export interface WriteOptions {
  /** Default 0o666 less the umask. */
  readonly mode?: number;
  /** False where the file can be derived again: not flushed, but still never seen half-written. */
  readonly durable?: boolean;
}

let temporaryNames = 0;

/** Replaces `path` by `data` in one step: a reader, and a crash, sees the old content or the new. */
export function replaceFile(path: string, data: string | Uint8Array, options: WriteOptions = {}): void {
  temporaryNames += 1;
  const temporary = join(dirname(path), `.tmp-${process.pid}-${temporaryNames}`);
  const durable = options.durable ?? true;
  const fd = openSync(temporary, "w", options.mode ?? 0o666);
  try {
    try {
      writeFileSync(fd, data);
      if (durable) fdatasyncSync(fd);
    } finally {
      closeSync(fd);
    }
    renameSync(temporary, path);
  } catch (error) {
    // A full disk least of all wants what is left of it.
    rmSync(temporary, { force: true });
    throw error;
  }
  if (durable) fsyncPath(dirname(path));
}
