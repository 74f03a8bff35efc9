// What watchers of the disk are told, and when they are told nothing any more.

import { newItem, remove } from "./pending.ts";
import type { SimulatedProcess } from "./process.ts";
import type { World } from "./world.ts";

/**
 * Puts what has changed on its way to those who watch it, who hear of it by this time at the latest. That is a matter of the
 * one who changed it: what a watcher did meanwhile, that one does not see.
 */
export function tellWatchers(world: World, patienceMs: number): void {
  for (const { process: name, notice } of world.disk.takeNotices()) {
    const process = world.processes.find((one) => one.alive && one.name === name);
    if (process === undefined) continue;
    process.notices.push(newItem(world, process, "notice", process.nextNotice(), { notice, patienceMs }));
  }
}

/** Of a watch that was given up nothing is heard any more, not even what was on its way. */
export function dropNotices(world: World, process: SimulatedProcess, watch: number): void {
  for (const item of process.notices.filter(({ notice }) => notice?.watch === watch)) {
    remove(process.notices, item);
    world.noteCancelled(item);
  }
}
