// Whether a run that was cut off would ever have come to an end: it is carried on, with turns for every process.
//
// A process that waits for another by looking again and again makes runs without end as long as the other gets no turn.
// That is the schedule's doing, and nothing is wrong. What goes on though everybody has had many turns does not end.

import type { Touched } from "../footprint.ts";
import type { Violation } from "../trace.ts";
import type { Observer } from "../world/host.ts";
import { leftBehind, leftHeld, namesWaitedFor } from "../world/left-behind.ts";
import type { SimulatedProcess, WorldItem } from "../world/process.ts";
import type { World } from "../world/world.ts";
import { callText, outcomeText } from "./wording.ts";

/** A run that goes on for so many more steps, with turns for all, does not end. */
export const MAX_MORE_STEPS = 20_000;
/** What goes on is told from so many of its last steps. */
const LAST_STEPS = 500;
/** Of what a loop does, so much is told. */
const MAX_TOLD = 4;

/** What is wrong with a run that was cut off; undefined if it comes to an end. */
export function endless(world: World): Violation | undefined {
  const { cancelled, turns } = world;
  const [cancelledBefore, taken] = [cancelled.length, turns.length];
  const loops = carryOn(world);
  const ended = fairest(world, 0) === undefined;
  // What was done here is no part of the run.
  cancelled.length = cancelledBefore;
  turns.length = taken;
  world.violation = undefined;
  if (ended || loops.length === 0) return undefined;
  const looping = new Set(loops.map(({ process }) => process.index));
  world.loopsFrom = 1 + turns.findLastIndex((index) => !looping.has(index));
  for (const { process, calls } of loops) {
    const answered = [...calls.values()].map(({ item, outcome }) => ({ call: item.call, outcome }));
    for (const path of namesWaitedFor(answered)) {
      world.left = leftBehind(world, process, path);
      if (world.left !== undefined) return leftHeld(world.left);
    }
  }
  return unbounded(loops);
}

function carryOn(world: World): Loop[] {
  const seen = new LoopObserver();
  for (let step = 0; step < MAX_MORE_STEPS; step++) {
    if (step === MAX_MORE_STEPS - LAST_STEPS) world.observer = seen;
    const item = fairest(world, world.turns.at(-1) ?? 0);
    if (item === undefined) break;
    world.perform(item);
  }
  world.observer = undefined;
  return [...seen.loops.values()].filter(({ process }) => process.alive);
}

/** Of the process after the one that had its turn, what has waited for longest. */
function fairest(world: World, last: number): WorldItem | undefined {
  const count = world.processes.length;
  let best: WorldItem | undefined;
  let bestRank = Number.POSITIVE_INFINITY;
  for (const item of world.enabled()) {
    if (item.fault) continue;
    const distance = (item.process - last - 1 + 2 * count) % count;
    const rank = item.optional === true ? count + distance : distance;
    const older = best !== undefined && rank === bestRank && item.bornAt < best.bornAt;
    if (rank < bestRank || older) [best, bestRank] = [item, rank];
  }
  return best;
}

/** A process, and each thing that it does again and again, with what came of it last. */
interface Loop {
  readonly process: SimulatedProcess;
  readonly calls: Map<string, { readonly text: string; readonly item: WorldItem; readonly outcome: unknown }>;
}

class LoopObserver implements Observer {
  readonly loops = new Map<number, Loop>();
  happening(item: WorldItem, process: SimulatedProcess | undefined) {
    const text = callText(item, process);
    return (outcome: unknown, _touched: Touched): void => {
      if (process === undefined) return;
      const loop = this.loops.get(process.index) ?? { process, calls: new Map() };
      this.loops.set(process.index, loop);
      loop.calls.set(text, { text, item, outcome });
    };
  }
}

function unbounded(loops: readonly Loop[]): Violation {
  const names = loops.map(({ process }) => process.name).join(" and ");
  const doings = loops
    .flatMap(({ calls }) => [...calls.values()])
    .map(({ text, item, outcome }) => {
      const came = outcomeText(item, outcome);
      return came.failed ? `${text} (${came.text})` : text;
    });
  const told = doings.slice(0, MAX_TOLD).join(", ") + (doings.length > MAX_TOLD ? ", ..." : "");
  const goes = loops.length === 1 ? "goes" : "go";
  return {
    kind: "unbounded",
    process: (loops[0] as Loop).process.name,
    message: `${names} ${goes} on for ever: after ${MAX_MORE_STEPS} more steps, with turns for all, it is still ${told}`,
  };
}
