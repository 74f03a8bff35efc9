import { setImmediate as nextTurn } from "node:timers/promises";

/** How long work may hold the thread before whoever waits for it gets a turn, ms. */
const SLICE_MS = 8;

/** For a loop that would hold the thread for long: `await giveTurn()` in every round gives others a turn every 8 ms. */
export function turnGiver(): () => Promise<void> | undefined {
  let sinceMs = performance.now();
  return () => {
    if (performance.now() - sinceMs < SLICE_MS) return undefined;
    return nextTurn().then(() => {
      sinceMs = performance.now();
    });
  };
}
