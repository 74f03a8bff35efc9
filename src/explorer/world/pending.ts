// What a process waits for, one item each, and the lists of them.

import type { SimulatedProcess, WorldItem } from "./process.ts";
import { PROMPT_MS } from "./time.ts";
import type { World } from "./world.ts";

/**
 * An item of a process, brought about by what happens now. It may wait for as long as that could have waited: whatever can
 * come before a step can come before what the step brings about.
 */
export function newItem(
  world: World,
  process: SimulatedProcess,
  kind: WorldItem["kind"],
  token: number,
  { patienceMs = process.timeMs + PROMPT_MS, ...more }: Partial<WorldItem> = {},
): WorldItem {
  return {
    id: process.itemId(token),
    process: process.index,
    bornAt: world.racing ? world.eventNumber : -1,
    fault: false,
    kind,
    token,
    call: undefined,
    site: undefined,
    sinceMs: process.timeMs,
    ...more,
    patienceMs: Math.max(patienceMs, world.presentPatienceMs),
  };
}

export function remove(list: WorldItem[], item: WorldItem): void {
  const at = list.findIndex(({ id }) => id === item.id);
  if (at >= 0) list.splice(at, 1);
}

/** By time, and those of one time in the order in which they were set. */
export function insert(timers: WorldItem[], item: WorldItem): void {
  let at = timers.length;
  while (at > 0 && dueOf(timers[at - 1]) > dueOf(item)) at -= 1;
  timers.splice(at, 0, item);
}

function dueOf(timer: WorldItem | undefined): number {
  return timer?.dueMs ?? 0;
}
