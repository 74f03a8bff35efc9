// What is to be said of a run, once nothing more can happen in it.

import type { Race } from "../race.ts";
import type { Violation } from "../trace.ts";
import type { SimulatedProcess } from "../world/process.ts";
import type { World } from "../world/world.ts";
import { runAlone } from "./in-thread.ts";

/** Sets `world.violation` if something is wrong. */
export function judge(world: World, race: Race): void {
  if (world.violation !== undefined || world.abandoned !== undefined) return;
  const stuck = world.processes.filter((process) => process.index > 0 && process.alive && !world.idles(process));
  if (stuck.length > 0) {
    if (world.enabled().length > 0) {
      judgeUnfinished(world);
      return;
    }
    world.violation = { kind: "deadlock", process: (stuck[0] as SimulatedProcess).name, message: deadlock(stuck) };
    return;
  }
  if (race.check === undefined) return;
  world.stopRacing();
  const check = world.startProcess(0, "check", 1);
  runAlone(world, check);
  const failed = world.violation as Violation | undefined;
  if (failed !== undefined) world.violation = { ...failed, kind: "check", process: "" };
  else if (check.alive) {
    const message = "the check never ends: it waits for something that nothing will bring about";
    world.violation = { kind: "check", process: "", message };
  }
}

/** The run was cut for its length. Where somebody stood still, others may have had reason to try again so often. */
function judgeUnfinished(world: World): void {
  if (world.processes.some(({ stalledAt }) => stalledAt >= 0)) return;
  const next = world.enabled().find(({ fault }) => !fault)?.process;
  const name = next === undefined || next < 0 ? "" : (world.processes[next]?.name ?? "");
  const steps = world.eventNumber + 1;
  const message = `${name} goes on without an end: after ${steps} steps of this run there was still something to do`;
  world.violation = { kind: "unbounded", process: name, message };
}

function deadlock(stuck: readonly SimulatedProcess[]): string {
  const names = stuck.map(({ name }) => name).join(" and ");
  return stuck.length === 1
    ? `${names} waits for ever: nothing that is left to happen will wake it`
    : `${names} wait for ever: nothing that is left to happen will wake them`;
}
