// proper-lockfile 4.1.2, a lock between processes: a directory is made, and its time kept fresh.
//
// Its pages promise: a lock is stale when it was not updated for `stale` ms, and may then be taken by another.

import { mkdir, utimes } from "node:fs/promises";
import { race } from "holdfast/explorer";
import { lock } from "proper-lockfile";
import { beAlone } from "./testing/holder.ts";

async function enter(): Promise<void> {
  let release: () => Promise<void>;
  try {
    release = await lock("/data", { stale: 5000, realpath: false });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ELOCKED") return;
    throw error;
  }
  await beAlone();
  await release();
}

/** Two processes come to a lock whose holder died a minute ago. */
export const staleLock = race({
  setup: async () => {
    await mkdir("/data.lock");
    const aMinuteAgo = new Date(Date.now() - 60_000);
    await utimes("/data.lock", aMinuteAgo, aMinuteAgo);
  },
  processes: { a: enter, b: enter },
});

/** Nobody has died. */
export const freshLock = race({ processes: { a: enter, b: enter, c: enter } });
