// One sync at a time in a folder: `sync`, `listen`, `up` and a start-up hook share this lock and one cursor (HUB-07).

import { type HeldLock, lockPath, tryAcquireLock } from "../coordination/index.ts";
import { HoldfastError } from "../errors.ts";
import type { Layout } from "../store/index.ts";

/** Takes the sync lock, or throws `SYNC_RUNNING` that names the lock's path, the holder's pid and since when. */
export async function takeSyncLock(layout: Layout, holder: string): Promise<HeldLock> {
  const path = lockPath(layout.locks, "sync");
  // One call that creates or fails: of any number of contenders, one gets it (HUB-01).
  const taken = tryAcquireLock(path, { scope: "sync", holder });
  if (!("sinceMs" in taken)) return taken;
  const since = new Date(taken.sinceMs).toISOString();
  throw new HoldfastError(
    "SYNC_RUNNING",
    `this folder is being synced already, by ${taken.holder} (pid ${taken.pid} on ${taken.host}) since ${since}; lock ${path}`,
    {
      hint: "Nothing needs doing: that sync brings everything in step. If it is `holdfast up`, it goes on by itself.",
      details: { path, pid: taken.pid, host: taken.host, holder: taken.holder, since },
    },
  );
}
