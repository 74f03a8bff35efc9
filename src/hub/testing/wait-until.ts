// For tests: waits for what is to become true, instead of sleeping and hoping.

import { setTimeout as delay } from "node:timers/promises";

/** Resolves when `condition` is true; throws after `deadlineMs`. */
export async function until(condition: () => Promise<boolean> | boolean, deadlineMs = 10_000): Promise<void> {
  const endMs = performance.now() + deadlineMs;
  while (!(await condition())) {
    if (performance.now() > endMs) throw new Error(`not true within ${deadlineMs} ms: ${condition}`);
    await delay(5);
  }
}
