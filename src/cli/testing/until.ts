// Waiting for what other processes bring about.

import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";

const LOOK_MS = 25;

/** Looks again and again until it is so; fails after `limitMs`. A look that throws says that it is not so yet. */
export async function until(isSo: () => Promise<boolean> | boolean, what: string, limitMs = 20_000): Promise<void> {
  const startedMs = performance.now();
  let failure: unknown;
  while (performance.now() - startedMs < limitMs) {
    try {
      if (await isSo()) return;
    } catch (error) {
      failure = error;
    }
    await sleep(LOOK_MS);
  }
  assert.fail(`${what}: not after ${limitMs} ms${failure === undefined ? "" : ` (${String(failure)})`}`);
}
