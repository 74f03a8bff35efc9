// Who gives a lock back and takes it again goes by what it remembers, not by a listing: whatever the others do meanwhile,
// never are two inside.

import { linkSync } from "node:fs";
import { race } from "holdfast/explorer";
import { HeldLock, tryAcquireLock } from "../lock.ts";
import { forceRelease } from "../lock-reports.ts";
import { goInside, tryOnce } from "./inside.ts";

/** What is remembered may be of a hold that was taken away: its mark, made late, is of a generation long past. */
export const takenAway = race({
  setup: () => {
    tryAcquireLock("/lock"); // of a process that is dead
  },
  processes: {
    robbed: async () => {
      const lock = tryAcquireLock("/lock");
      if (!(lock instanceof HeldLock)) return;
      await lock.release(); // it was not inside: who takes locks away by force may meet who is
      await tryOnce();
    },
    robber: async () => {
      forceRelease("/lock", 2);
      const lock = tryAcquireLock("/lock");
      if (!(lock instanceof HeldLock)) return;
      goInside();
      lock.assertHeld();
      await lock.release();
    },
  },
});

/**
 * What is remembered is two holds behind: the first who took the lock after it was taken away was killed before it had swept,
 * and the mark is made after the second has looked for what to sweep. Then 2 can be made once more, beside a holder of 3.
 */
export const twoBehind = race({
  setup: () => {
    tryAcquireLock("/dead");
  },
  processes: {
    robbed: async () => {
      const lock = tryAcquireLock("/lock");
      if (!(lock instanceof HeldLock) || lock.generation > 1) return;
      linkSync("/dead/1", "/lock/2"); // by one that took it for dead, and was killed right then
      await lock.release();
      await tryOnce();
    },
    other: () => tryOnce(),
  },
});
