// lockfile 1.0.4, a lock between processes: a file that can be created once.
//
// Its page promises: "if there was not an error, then the file was created, and won't be deleted until we unlock it",
// and that a lock older than `stale` ms has expired.

import { writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { race } from "holdfast/explorer";
import { type LockOptions, lock, lockSync, unlock, unlockSync } from "lockfile";
import { beAlone, beAloneSync } from "./testing/holder.ts";

const LOCK = "/app.lock";
const STALE: LockOptions = { stale: 5000 };

async function aLockOfLongAgo(): Promise<void> {
  await writeFile(LOCK, "");
  await sleep(60_000);
}

async function enter(): Promise<void> {
  try {
    await promisify<string, LockOptions, void>(lock)(LOCK, { ...STALE });
  } catch (error) {
    if (isHeldByAnother(error)) return;
    throw error;
  }
  await beAlone();
  await promisify(unlock)(LOCK);
}

function enterSync(): void {
  try {
    lockSync(LOCK, { ...STALE });
  } catch (error) {
    if (isHeldByAnother(error)) return;
    throw error;
  }
  beAloneSync();
  unlockSync(LOCK);
}

/** ENOENT: `lockSync` looks at a lock that was there, and is gone by then. */
function isHeldByAnother(error: unknown): boolean {
  const { code } = error as NodeJS.ErrnoException;
  return code === "EEXIST" || code === "ENOENT";
}

/** Two processes come to a lock whose holder died a minute ago: one lock is taken to break another, which is looked at again. */
export const staleLock = race({ setup: aLockOfLongAgo, processes: { a: enter, b: enter } });

/** The same for the synchronous form, which looks once, and then removes whatever is there. */
export const staleLockSync = race({ setup: aLockOfLongAgo, processes: { a: enterSync, b: enterSync } });
