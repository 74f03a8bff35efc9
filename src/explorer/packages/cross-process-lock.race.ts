// cross-process-lock 2.2.0, a lock between processes: a file that says who holds it.
//
// Its page promises: "creates a lock for the given file for the actual process".

import { writeFile } from "node:fs/promises";
import { lock } from "cross-process-lock";
import { race } from "holdfast/explorer";
import { beAlone } from "./testing/holder.ts";

async function enter(): Promise<void> {
  const unlock = await lock("/file.txt");
  await beAlone();
  await unlock();
}

/** Nobody has died, nothing is stale: two processes want the lock at once. */
export const freshLock = race({ setup: () => writeFile("/file.txt", ""), processes: { a: enter, b: enter } });
