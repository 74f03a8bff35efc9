// Processes that wait for what does not come.

import { mkdir, rmdir, writeFile } from "node:fs/promises";
import { setTimeout as sleep } from "node:timers/promises";
import { race } from "holdfast/explorer";

async function takeLock(everyMs: number): Promise<void> {
  for (;;) {
    try {
      await mkdir("/lock");
      return;
    } catch {
      await sleep(everyMs);
    }
  }
}

async function work(): Promise<void> {
  await takeLock(5000);
  await writeFile("/work", "");
  await rmdir("/lock");
}

/** Whoever comes second asks for ever: the first never gives it back. */
export const asksForEver = race({
  name: "asksForEver",
  processes: { a: () => takeLock(5000), b: () => takeLock(5000) },
});

/** A stall ends, and with it the asking. */
export const asksWhileStalled = race({
  name: "asksWhileStalled",
  processes: { a: work, b: work },
  stalls: 1,
});
