// Makes a finding small: the fewest preemptions that still show it, then the fewest switches, then the fewest steps.
//
// Found by search, not by cutting: all runs with no preemption, then with one, and so on. The first bound at which the
// violation shows is the fewest there can be.

import { Bounded } from "../search/bounded.ts";
import type { Violation } from "../trace.ts";
import type { ScenarioSystem } from "./in-thread.ts";
import { stopwatch } from "./time-used.ts";

export interface Found {
  readonly choices: readonly number[];
  readonly violation: Violation;
  /** Of a run that never ends: from here on nothing but the loop goes on. */
  readonly loopsFrom?: number | undefined;
}

export interface ShrinkLimits {
  readonly maxSteps: number;
  readonly runs: number;
  readonly ms: number;
  /** Ends it with the smallest so far. */
  readonly signal?: AbortSignal;
}

/** How long fewer switches are looked for, once the fewest preemptions are known. */
const POLISHING_MS = 2000;

/** Yields to the caller after each run, so that it can let other things happen; returns the smallest run found. */
export function* shrink(system: ScenarioSystem, found: Found, limits: ShrinkLimits): Generator<undefined, Found> {
  const spentMs = stopwatch();
  let mostMs = limits.ms;
  let runs = 0;
  for (let preemptions = 0; ; preemptions++) {
    const search = new Bounded(system, { maxSteps: limits.maxSteps, preemptions });
    let best: { found: Found; switches: number } | undefined;
    while (!search.done) {
      const enough = runs++ > limits.runs || spentMs() > mostMs || limits.signal?.aborted === true;
      if (enough) return best?.found ?? found;
      search.run();
      const violation = system.world?.violation;
      if (violation?.kind === found.violation.kind) {
        const switches = search.switches;
        const shorter = best === undefined || search.choices.length < best.found.choices.length;
        if (best === undefined || switches < best.switches || (switches === best.switches && shorter)) {
          // The fewest preemptions are certain now; fewer switches and steps are worth a moment, not the whole time.
          if (best === undefined) mostMs = Math.min(mostMs, spentMs() + POLISHING_MS);
          best = { found: { choices: search.choices, violation, loopsFrom: system.world?.loopsFrom }, switches };
        }
      }
      yield undefined;
    }
    if (best !== undefined) return best.found;
    if (!search.cutByBound) return found;
  }
}
