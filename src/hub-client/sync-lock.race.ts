// The hub connection's story: sync was guarded by a look and a write, and 16 of 16 contenders got in. Here two contend
// for the shipped sync lock at once: never are both inside, and who is not let in is told who is.

import { mkdir } from "node:fs/promises";
import { race } from "holdfast/explorer";
import { goInside } from "../coordination/races/inside.ts";
import { isHoldfastError } from "../errors.ts";
import type { Layout } from "../store/index.ts";
import { takeSyncLock } from "./sync-lock.ts";

async function sync(): Promise<void> {
  try {
    const lock = await takeSyncLock({ locks: "/locks" } as Layout, "race");
    goInside();
    await lock.release();
  } catch (error) {
    if (!isHoldfastError(error, "SYNC_RUNNING")) throw error;
  }
}

export default race({
  setup: () => mkdir("/locks"),
  processes: { a: sync, b: sync },
});
