// What can happen next in a process, and how late it may get by that.

import type { SimulatedProcess, WorldItem } from "./process.ts";
import { PROMPT_MS } from "./time.ts";

/** Adds what can happen next in a process that lives. */
export function addEnabled(
  processes: readonly SimulatedProcess[],
  process: SimulatedProcess,
  enabled: WorldItem[],
): void {
  for (const item of process.arrivals) {
    const ready = item.ready?.() ?? process.isFree;
    if (!ready || !(item.dueMs === undefined || mayPassUntil(processes, item.dueMs, process))) continue;
    // For a process that stands still nobody waits, and so not for what it would hear of, either.
    enabled.push(process.stalledUntilMs === undefined ? item : { ...item, patienceMs: Number.POSITIVE_INFINITY });
  }
  if (process.stalledUntilMs !== undefined) return;
  if (process.blockedOn !== undefined) {
    const { dueMs, ready } = process.blockedOn;
    if (ready?.() === true) enabled.push(withoutDue(process.blockedOn));
    else if (dueMs === undefined || mayPassUntil(processes, dueMs, process)) enabled.push(process.blockedOn);
    return;
  }
  for (const item of process.effects) enabled.push(item);
  const notice = process.notices[0];
  if (notice !== undefined) enabled.push(notice);
  const immediate = process.immediates[0];
  if (immediate !== undefined) enabled.push(immediate);
  const timer = process.timers[0];
  if (timer !== undefined && mayPassUntil(processes, timer.dueMs as number, process)) enabled.push(timer);
}

/** Whether it may get so late for a process without keeping another waiting for too long. */
export function mayPassUntil(processes: readonly SimulatedProcess[], timeMs: number, by: SimulatedProcess): boolean {
  for (const process of processes) {
    if (!process.alive) continue;
    if (process.stalledUntilMs !== undefined) {
      // A stall ends, too: without this, who waits for it would do so again and again.
      if (process.stalledUntilMs + PROMPT_MS < timeMs) return false;
      continue;
    }
    if (process.blockedOn !== undefined && process !== by && process.blockedOn.patienceMs < timeMs) return false;
    for (const item of process.effects) if (item.patienceMs < timeMs) return false;
    for (const item of process.notices) if (item.patienceMs < timeMs) return false;
    for (const item of process.immediates) if (item.patienceMs < timeMs) return false;
    for (const item of process.arrivals) if (item.patienceMs < timeMs) return false;
    const timer = process === by ? undefined : process.timers[0];
    if (timer !== undefined && timer.patienceMs < timeMs) return false;
  }
  return true;
}

/** It happens now, whatever it would have waited for. */
function withoutDue({ dueMs: _, ...item }: WorldItem): WorldItem {
  return item;
}
