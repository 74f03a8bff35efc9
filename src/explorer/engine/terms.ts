// What an exploration is asked, and what its verdict rests on.

import type { Modules } from "../modules/modules.ts";
import type { RaceOptions } from "../options.ts";
import { PROMPT_MS, STALL_MS } from "../world/time.ts";
import type { World } from "../world/world.ts";
import type { Scenario } from "./scenario.ts";

export interface ExploreOptions extends RaceOptions {
  /** The export that holds the race, for a file. Default: `default`, or the only one. */
  readonly exported?: string;
  /** Ends the search; what was covered so far is reported. */
  readonly signal?: AbortSignal;
  /** Threads that search, with that of the caller. Default: one for each core. */
  readonly cores?: number;
  /** Called about twenty times a second. */
  readonly onProgress?: (progress: Progress) => void;
}

export interface Progress {
  readonly runs: number;
  readonly traces: number;
  readonly elapsedMs: number;
  readonly shrinking: boolean;
}

/** What is explored: where it is written, and how its programs are made. */
export interface Target {
  readonly file?: string;
  readonly exported?: string;
  readonly modules?: Modules;
  readonly scenario: Scenario;
}

const OPTION_NAMES = [
  "crashes",
  "restart",
  "reusePids",
  "stalls",
  "powerLoss",
  "network",
  "isolate",
  "strategy",
  "preemptions",
  "budget",
  "seed",
] as const;

/** The options of a race, and nothing else of it. */
export function pick(options: RaceOptions): RaceOptions {
  return Object.fromEntries(
    OPTION_NAMES.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]),
  );
}

/** What came up in any run, and a verdict has to mention. */
export class Sightings {
  /** Not all parts of what a power loss can take were tried. */
  cutPowerLoss = false;
  /** Somebody waited: how long steps may take at the most bears on what was tried. */
  timePassed = false;

  /** Looks at a run that is over. */
  note(world: World | undefined): void {
    if (world === undefined) return;
    this.cutPowerLoss ||= world.faults.cutPowerLoss;
    this.timePassed ||= world.timePassed;
  }
  add({ cutPowerLoss, timePassed }: Pick<Sightings, "cutPowerLoss" | "timePassed">): void {
    this.cutPowerLoss ||= cutPowerLoss;
    this.timePassed ||= timePassed;
  }
}

/** The bounds and assumptions of a verdict, one phrase each. */
export function boundsOf(options: RaceOptions, { timePassed }: Pick<Sightings, "timePassed">): string[] {
  const { crashes, restart, reusePids, stalls, powerLoss, network, isolate } = options;
  const bounds: string[] = [];
  if (crashes) bounds.push(`${crashes} ${crashes === 1 ? "process" : "processes"} killed`);
  if (stalls) bounds.push(`${stalls} ${stalls === 1 ? "process" : "processes"} stalled for ${STALL_MS / 1000} s`);
  if (powerLoss) bounds.push("one power loss");
  if (reusePids && restart !== "never" && (crashes || powerLoss)) bounds.push("started again with the same pid");
  for (const [fault, times] of Object.entries(network ?? {})) bounds.push(`network: ${times} ${fault}`);
  if (timePassed) bounds.push(`no other step takes longer than ${PROMPT_MS} ms`);
  if (isolate === false) bounds.push("processes that share nothing in memory");
  return bounds;
}
