// Reading a database of a workspace that cannot be written. SQLite has to write even to read (its index of the log), so a
// copy is read instead, in the system's temporary folder.

import { copyFileSync, mkdtempSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HoldfastError, systemCode } from "../errors.ts";

/** Each failure means that somebody wrote meanwhile, somewhere where the disk can be written. */
const MAX_ATTEMPTS = 100;
const LOG = "-wal";

/**
 * Runs `use` with a path at which a copy of the database `path`, as it is at one moment, lies; nothing lies there when
 * there is none. The copy's files are removed afterwards; what `use` has opened stays readable until it is closed.
 * Throws `NO_PERMISSION`, `DISK_FULL`, `LOCK_TIMEOUT` when somebody writes without a pause.
 */
export function withDatabaseCopy<T>(path: string, use: (copy: string) => T): T {
  const dir = mkdtempSync(join(tmpdir(), "holdfast-read-"));
  try {
    const copy = join(dir, "copy.db");
    copyAtRest(path, copy);
    return use(copy);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

function copyAtRest(path: string, copy: string): void {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const before = stampOf(path);
    for (const suffix of ["", LOG]) copyIfThere(path + suffix, copy + suffix);
    if (stampOf(path) === before) return;
  }
  throw new HoldfastError("LOCK_TIMEOUT", `${path} is written without a pause, and cannot be read meanwhile`, {
    hint: "Run the command again, or where the workspace can be written.",
    details: { path },
  });
}

function copyIfThere(from: string, to: string): void {
  try {
    copyFileSync(from, to);
  } catch (error) {
    if (systemCode(error) !== "ENOENT") throw error;
    rmSync(to, { force: true }); // what an earlier attempt found is gone
  }
}

function stampOf(path: string): string {
  return ["", LOG]
    .map((suffix) => statSync(path + suffix, { throwIfNoEntry: false, bigint: true }))
    .map((status) => (status === undefined ? "none" : `${status.ino} ${status.size} ${status.mtimeNs}`))
    .join("; ");
}
