// Makes a run again with everything written down: the steps of a trace.

import { ADD, READ, type Touched } from "../footprint.ts";
import { Program } from "../program/program.ts";
import { goOn } from "../search/exhaustive.ts";
import { itemOf, type System, WAITED_FOR } from "../search/system.ts";
import type { Step, TouchedResource, Violation } from "../trace.ts";
import type { Observer } from "../world/host.ts";
import { leftHeld, stepOf } from "../world/left-behind.ts";
import { isOfHistories } from "../world/notes.ts";
import type { SimulatedProcess, WorldItem } from "../world/process.ts";
import { BEGINNING_MS } from "../world/time.ts";
import type { World } from "../world/world.ts";
import { callText, outcomeText } from "./wording.ts";

export interface Recorded {
  readonly steps: Step[];
  readonly violation: Violation | undefined;
  /** Switches away from a process that could have gone on. */
  readonly preemptions: number;
}

export function switchesIn(steps: readonly Step[]): number {
  return steps.filter((step, at) => at > 0 && steps[at - 1]?.process !== step.process).length;
}

/** The name of a choice in a trace: the same in every run, for people and for `replay`. */
export function choiceName(item: WorldItem, world: World): string {
  if (item.told !== undefined) return item.told.choice;
  const name = item.process < 0 ? "" : (world.processes[item.process]?.nameOfThisLife ?? "");
  return item.token > 0
    ? `${name}.${item.token}`
    : `${item.kind} ${name}${item.kind === "power-loss" ? item.id % 10_000 : ""}`.trim();
}

/** What to do next; undefined: what was asked for first. */
export type Choose = (world: World, step: number) => WorldItem | undefined;

/** Takes the steps of a trace, by their names; from the first one that cannot be taken on, as it comes. */
export function byName(choices: readonly string[]): Choose {
  let strayed = false;
  return (world, step) => {
    const wanted = choices[step];
    if (strayed || wanted === undefined) return undefined;
    const item = world.enabled().find((one) => choiceName(one, world) === wanted);
    strayed = item === undefined;
    return item;
  };
}

export function byId(choices: readonly number[]): Choose {
  return (world, step) => {
    const id = choices[step];
    return id === undefined ? undefined : (itemOf(world.enabled(), id) as WorldItem | undefined);
  };
}

/** Runs once, choosing as told; what is left when the choices end happens in the order in which it was asked for. */
export function record(
  system: System,
  choose: Choose,
  site: (stack: string) => string | undefined,
  maxSteps: number,
): Recorded {
  const recorder = new Recorder();
  let preemptions = 0;
  let last: WorldItem | undefined;
  Program.siteOf = site;
  try {
    const world = system.begin() as World;
    world.observer = recorder;
    try {
      for (let step = 0; step < maxSteps; step++) {
        const enabled = world.enabled();
        if (enabled.length === 0) break;
        const item = choose(world, step) ?? (goOn(enabled, last) as WorldItem);
        const couldGoOn = enabled.some((one) => !one.fault && one.process === last?.process);
        if (last !== undefined && !item.fault && item.process !== last.process && couldGoOn) preemptions += 1;
        last = item;
        world.perform(item);
      }
      world.observer = undefined;
      world.finish();
    } finally {
      world.close();
    }
    const { left } = world;
    const violation = left === undefined ? world.violation : leftHeld(left, stepOf(left, recorder.steps));
    return { steps: recorder.steps, violation, preemptions };
  } finally {
    Program.siteOf = undefined;
  }
}

class Recorder implements Observer {
  readonly steps: Step[] = [];
  readonly #sites = new Map<number, string>();

  happening(item: WorldItem, process: SimulatedProcess | undefined, world: World) {
    const call = callText(item, process);
    const choice = choiceName(item, world);
    const site = item.site ?? this.#sites.get(item.process);
    if (site !== undefined) this.#sites.set(item.process, site);
    return (outcome: unknown, touched: Touched): void => {
      const told = outcomeText(item, outcome);
      this.steps.push({
        number: this.steps.length + 1,
        kind: item.kind,
        process: process?.name ?? "",
        choice,
        call,
        outcome: told.text,
        failed: told.failed,
        atMs: (process?.timeMs ?? world.latestMs) - BEGINNING_MS,
        touched: resources(touched, world),
        ...(site !== undefined && item.kind === "effect" && { site }),
      });
    };
  }
}

function resources(touched: Touched, world: World): TouchedResource[] {
  const named = new Map<string, TouchedResource>();
  for (const touch of touched) {
    if (touch < 0 || touch >> 2 === WAITED_FOR || isOfHistories(touch >> 2)) continue;
    const what = world.disk.describe(touch >> 2);
    const access = (touch & 3) === READ ? "read" : (touch & 3) === ADD ? "add" : "write";
    if (access !== "read" || !named.has(what)) named.set(what, { what, access });
  }
  return [...named.values()];
}
