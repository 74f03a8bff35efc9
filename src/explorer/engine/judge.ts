// What is to be said of a run, once nothing more can happen in it.

import type { Race } from "../race.ts";
import type { Violation } from "../trace.ts";
import { leftBehind, leftHeld } from "../world/left-behind.ts";
import type { SimulatedProcess } from "../world/process.ts";
import type { World } from "../world/world.ts";
import { endless } from "./endless.ts";
import { endlessCheck } from "./endless-check.ts";
import { runAlone } from "./in-thread.ts";
import { aloneGuarded, REST_MS } from "./restless.ts";

/** Sets `world.violation` if something is wrong. */
export function judge(world: World, race: Race, limitMs = REST_MS): void {
  if (world.violation !== undefined || world.abandoned !== undefined) return;
  if (world.enabled().length > 0) {
    // It was cut off.
    world.violation = endless(world);
    return;
  }
  const stuck = world.processes.filter((process) => process.index > 0 && process.alive && !world.idles(process));
  if (stuck.length > 0) {
    for (const process of stuck) {
      if (process.refused !== undefined) world.left ??= leftBehind(world, process, process.refused);
    }
    if (world.left !== undefined) {
      world.violation = leftHeld(world.left);
      return;
    }
    world.violation = { kind: "deadlock", process: (stuck[0] as SimulatedProcess).name, message: deadlock(stuck) };
    return;
  }
  if (race.check === undefined) return;
  world.stopRacing();
  const how = aloneGuarded(world, limitMs, () => runAlone(world, world.startProcess(0, "check", 1)));
  const failed = world.violation as Violation | undefined;
  if (failed !== undefined) world.violation = { ...failed, kind: "check", process: "" };
  else if (how !== "ended") world.violation = endlessCheck(how);
}

function deadlock(stuck: readonly SimulatedProcess[]): string {
  const names = stuck.map(({ name }) => name).join(" and ");
  return stuck.length === 1
    ? `${names} waits for ever: nothing that is left to happen will wake it`
    : `${names} wait for ever: nothing that is left to happen will wake them`;
}
