// Runs a scenario in this thread: the fast way, for processes that meet in asynchronous calls only.

import type { RaceOptions } from "../options.ts";
import { processNames, type Race } from "../race.ts";
import { ScenarioError } from "../scenario-error.ts";
import type { Execution, System } from "../search/system.ts";
import type { SimulatedProcess, WorldItem } from "../world/process.ts";
import { World } from "../world/world.ts";
import { judge } from "./judge.ts";
import { aloneGuarded, REST_MS } from "./restless.ts";
import type { Scenario } from "./scenario.ts";
import { Sightings } from "./terms.ts";

/** Setup and check may do so much; more is a loop. */
const MAX_STEPS_ALONE = 100_000;
/** That, for people. */
export const MANY = "100,000";

export interface ScenarioSystem extends System {
  /** The world of the run that is under way, or was last. */
  readonly world: World | undefined;
  /** What came up in runs before that one. */
  readonly seen: Sightings;
  /** Forgets what it has learned of the programs. */
  forget(): void;
  dispose(): void;
}

export class InThread implements ScenarioSystem {
  readonly #scenario: Scenario;
  readonly #options: RaceOptions;
  /** The world of the run that is under way, or was last. */
  world: World | undefined;
  /** Is told of each world before its processes start. */
  prepare: ((world: World) => void) | undefined;

  /** Whether, in any run, not all parts of what a power loss can take were tried. */
  readonly seen = new Sightings();

  constructor(scenario: Scenario, options: RaceOptions) {
    this.#scenario = scenario;
    this.#options = options;
  }

  begin(): Execution {
    const scenario = this.#scenario;
    const world = new World(this.#options, {
      threaded: false,
      start: (process, port) => {
        const role = process.index > 0 ? process.index : process.incarnation === 0 ? "setup" : "check";
        return scenario.program(role, process, port);
      },
      finish: (finished) => judge(finished, scenario.race),
      mayFail: (name) => mayFail(scenario.race, name),
    });
    this.seen.note(this.world);
    this.world = world;
    begin(world, processNames(scenario.race));
    return world;
  }

  forget(): void {}
  dispose(): void {}
}

export function mayFail({ mayFail: may }: Race, process: string): boolean {
  return may === true || (Array.isArray(may) && may.includes(process));
}

/** Setup runs alone, then all processes start. */
export function begin(world: World, names: readonly string[], limitMs = REST_MS): void {
  const how = aloneGuarded(world, limitMs, () => runAlone(world, world.startProcess(0, "setup")));
  if (world.abandoned !== undefined) return;
  if (world.violation !== undefined) {
    const { message, stack } = world.violation;
    throw new ScenarioError(`setup failed: ${message}`, {
      hint: "Nothing was explored. Mend setup first.",
      cause: stack,
    });
  }
  if (how === "goes on") throw new ScenarioError("setup does not end", { hint: `It has done ${MANY} steps.` });
  if (how === "waits")
    throw new ScenarioError("setup never ends", { hint: "It waits for something that nothing will bring about." });
  world.startRacing(names.length);
  for (const [at, name] of names.entries()) world.startProcess(at + 1, name);
  // What they touch before the first step comes before all steps, in every order: it is none of the first one's.
  world.footprint.take();
}

function nextOf(process: SimulatedProcess): WorldItem | undefined {
  if (process.blockedOn !== undefined) return process.blockedOn;
  const { effects, arrivals, notices, immediates, timers } = process;
  return effects[0] ?? arrivals[0] ?? notices[0] ?? immediates[0] ?? timers[0];
}

/**
 * What a process asks for happens at once, in the order in which it was asked for. Returns whether the process has ended,
 * or why it has not: it asks for nothing any more, or goes on and on.
 */
export function runAlone(world: World, process: SimulatedProcess): "ended" | "waits" | "goes on" {
  for (let steps = 0; process.alive; steps++) {
    const item =
      nextOf(process) ??
      world.processes
        .filter((one) => one.alive)
        .map(nextOf)
        .find(Boolean);
    if (item === undefined || world.violation !== undefined || world.abandoned !== undefined) return "waits";
    if (steps > MAX_STEPS_ALONE) return "goes on";
    world.perform(item);
  }
  return "ended";
}
