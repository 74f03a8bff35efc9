// For tests: preloaded into a real process, kills it as `kill -9` does at one exact point of a sync. No sleeping, no luck:
// the call that is the point is found by what it does, before or after it is done.
//
//   NODE_OPTIONS="--import .../killed-at.ts" HOLDFAST_KILLED_AT="noteWritten 2" holdfast sync      at the second such call

import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { StatementSync } from "node:sqlite";

/** Where a process can be killed. */
export type KillPoint =
  /** The entries of a page are in the store; nothing yet says so, and the cursor stands before them. */
  | "cursorBeforeSave"
  /** Half of what is to be added to a topic's file is written. */
  | "noteHalfWritten"
  /** All of it is written and flushed; what is recorded is that it is not. */
  | "noteWritten"
  /** A file was taken out of the folder, to be replaced or moved; nothing is in its place. */
  | "fileAside"
  /** A file has its name in the folder; nothing yet says so. */
  | "fileLaidOut"
  /** A version has its name in the store; the catalog does not know. */
  | "versionPublished";

/** The environment of a process that is to be killed at the `nth` time it comes to `point`. */
export function killedAt(point: KillPoint, nth = 1): NodeJS.ProcessEnv {
  return { NODE_OPTIONS: `--import ${import.meta.url}`, HOLDFAST_KILLED_AT: `${point} ${nth}` };
}

const [wanted, nth] = (process.env.HOLDFAST_KILLED_AT ?? "").split(" ");
let left = Number(nth);

function reached(point: KillPoint): void {
  if (point !== wanted) return;
  left -= 1;
  if (left === 0) process.kill(process.pid, "SIGKILL");
}

function isNote(fd: number): boolean {
  return fs.readlinkSync(`/proc/self/fd/${fd}`).includes("/.holdfast/notes/");
}

if (wanted !== undefined && wanted !== "") {
  const { writeSync, fdatasyncSync, linkSync, renameSync } = fs;
  const { run } = StatementSync.prototype;

  StatementSync.prototype.run = function (this: StatementSync, ...values: Parameters<typeof run>) {
    if (this.sourceSQL.includes("INTO meta") && (values[0] as unknown) === "cursor") reached("cursorBeforeSave");
    return run.apply(this, values);
  } as typeof run;

  fs.writeSync = ((fd: number, bytes: Uint8Array, at: number) => {
    if (isNote(fd)) {
      if (wanted === "noteHalfWritten" && left === 1) writeSync(fd, bytes, at, Math.ceil((bytes.length - at) / 2));
      reached("noteHalfWritten");
    }
    return writeSync(fd, bytes, at);
  }) as typeof writeSync;

  fs.fdatasyncSync = (fd) => {
    fdatasyncSync(fd);
    if (isNote(fd)) reached("noteWritten");
  };

  fs.renameSync = (from, to) => {
    renameSync(from, to);
    if (String(to).includes("/.holdfast/aside/")) reached("fileAside");
    if (/\/\.holdfast\/data\/[^/]+\/[^/]+\/\d+$/.test(String(to))) reached("versionPublished");
  };

  fs.linkSync = (from, to) => {
    linkSync(from, to);
    if (!String(to).includes("/.holdfast/")) reached("fileLaidOut");
  };

  syncBuiltinESMExports();
}
