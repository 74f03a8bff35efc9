// A holder beats while it is inside, and another tries the lock. Either may be killed at any step: never are two inside, and
// nobody takes the lock from a holder that lives. And a beat that comes after the lock was taken away harms no successor.

import { mkdirSync, rmdirSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { race } from "holdfast/explorer";
import { isHoldfastError } from "../../errors.ts";
import { HeldLock, tryAcquireLock } from "../lock.ts";
import { forceRelease } from "../lock-reports.ts";
import { clearAfterTheDead, tryOnceAfterTheDead } from "./inside.ts";

/** One beat, after a second of it. */
const STAYS_MS = 1_500;
const options = { leaseMs: 3_000 };

export const killed = race({
  crashes: 1,
  restart: "never",
  processes: {
    holder: async () => {
      const lock = tryAcquireLock("/lock", options);
      if (!(lock instanceof HeldLock)) return;
      clearAfterTheDead(lock);
      mkdirSync("/inside");
      await pause(STAYS_MS);
      lock.assertHeld();
      rmdirSync("/inside");
      await lock.release();
    },
    taker: () => tryOnceAfterTheDead(),
  },
});

export const takenAway = race({
  processes: {
    robbed: async () => {
      const lock = tryAcquireLock("/lock", options);
      if (!(lock instanceof HeldLock)) return;
      await pause(STAYS_MS);
      try {
        lock.assertHeld();
      } catch (error) {
        if (!isHoldfastError(error, "LOCK_LOST")) throw error;
      }
      await lock.release();
    },
    robber: async () => {
      forceRelease("/lock", 1);
      const lock = tryAcquireLock("/lock");
      if (!(lock instanceof HeldLock)) return;
      lock.assertHeld();
      await lock.release();
    },
  },
});
