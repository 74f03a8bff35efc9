// From the run in which something was wrong to what is told of it: whose fault it is, the smallest run that shows it, and its
// trace.

import { ScenarioError } from "../scenario-error.ts";
import { TRACE_FORMAT, TRACE_VERSION, type Trace, type Violation } from "../trace.ts";
import { checkAtFault, endsInSomeOrder, neverEnds } from "./endless-check.ts";
import type { ScenarioSystem } from "./in-thread.ts";
import { byId, type Choose, record, switchesIn } from "./recording.ts";
import { CameToRest, RESTLESS } from "./restless.ts";
import { type Found, shrink } from "./shrink.ts";
import { type ExploreOptions, pick, type Target } from "./terms.ts";

/** A run of more steps than this does not end. */
export const MAX_STEPS = 2000;
/** Of a run that never ends a few rounds of what goes on are enough. */
const LOOP_STEPS_SHOWN = 20;
/** What may be spent on making a finding small. */
const SHRINK_RUNS = 200_000;
const SHRINK_MS = 10_000;

/** What runs are made with. */
export interface Stage {
  readonly system: ScenarioSystem;
  readonly target: Target;
  readonly options: ExploreOptions;
  /** Calls `step` where programs can run, until it returns true. */
  inChunks(step: () => boolean): Promise<void>;
}

/** A run that was made again. */
export interface Again {
  readonly trace: Trace;
  /** Whether something was wrong this time too; if not, the trace's violation says that. */
  readonly violated: boolean;
}

const NONE: Violation = { kind: "check", process: "", message: "nothing was wrong this time" };

function stepsToShow({ loopsFrom }: Found): number {
  return loopsFrom === undefined ? MAX_STEPS : Math.min(MAX_STEPS, loopsFrom + LOOP_STEPS_SHOWN);
}

/** @throws what made a run worthless: it needs another way of running, or reached out of the simulation */
export function giveUpIfAbandoned({ world }: ScenarioSystem): void {
  if (world?.abandoned !== undefined) throw world.abandoned;
}

/** A check that never ends: @throws ScenarioError if the scenario is to blame, and not what the processes did */
export async function blameCheck({ system, inChunks }: Stage, violation: Violation): Promise<void> {
  if (!neverEnds(violation)) return;
  const trying = endsInSomeOrder(system, MAX_STEPS);
  let ends = false;
  await inChunks(() => {
    const next = trying.next();
    giveUpIfAbandoned(system);
    if (next.done === true) ends = next.value;
    return next.done === true;
  });
  if (!ends) throw checkAtFault(violation.message);
}

/** The trace of the smallest run that shows it. @throws ScenarioError when the check is not deterministic; CameToRest */
export async function smallest(stage: Stage, found: Found): Promise<Trace> {
  if (found.violation.kind === "nondeterminism") return traceOf(stage, [], found.violation, 0);
  const least = await shrunk(stage, found);
  const { trace, violated } = await recorded(stage, byId(least.choices), stepsToShow(least));
  if (violated) return trace;
  if (least.violation.message === RESTLESS) throw new CameToRest("a run took long at first");
  const again = "when the same run was made again";
  if (least.violation.kind === "check") {
    throw new ScenarioError(`the check is not deterministic: it failed, and did not ${again}`, {
      hint: "What it looks at must be in files, or in its own process: nothing else is the same in every run.",
      cause: least.violation.stack ?? least.violation.message,
    });
  }
  const message = `it did not happen ${again}: ${least.violation.message}`;
  return { ...trace, violation: { kind: "nondeterminism", process: least.violation.process, message } };
}

async function shrunk({ system, options: { signal }, inChunks }: Stage, found: Found): Promise<Found> {
  const limits = {
    maxSteps: stepsToShow(found),
    runs: SHRINK_RUNS,
    ms: SHRINK_MS,
    ...(signal !== undefined && { signal }),
  };
  const shrinking = shrink(system, found, limits);
  let least = found;
  await inChunks(() => {
    const next = shrinking.next();
    if (next.done === true) least = next.value;
    return next.done === true;
  });
  return least;
}

/** Makes one run, and writes down what happens in it. */
export async function recorded(stage: Stage, choose: Choose, maxSteps: number): Promise<Again> {
  const { system, target, inChunks } = stage;
  let again: Again | undefined;
  await inChunks(() => {
    const { modules } = target;
    const siteOf = (stack: string): string | undefined => modules?.positions.siteOf(stack);
    const { steps, violation, preemptions } = record(system, choose, siteOf, maxSteps);
    giveUpIfAbandoned(system);
    again = { trace: traceOf(stage, steps, violation ?? NONE, preemptions), violated: violation !== undefined };
    return true;
  });
  return again as unknown as Again;
}

function traceOf({ target, options }: Stage, steps: Trace["steps"], violation: Violation, preemptions: number): Trace {
  const { file, exported, modules } = target;
  const stack =
    violation.stack === undefined ? undefined : (modules?.positions.mapStack(violation.stack) ?? violation.stack);
  return {
    format: TRACE_FORMAT,
    version: TRACE_VERSION,
    ...(file !== undefined && { file }),
    ...(exported !== undefined && { exported }),
    options: pick(options),
    violation: { ...violation, ...(stack !== undefined && { stack }) },
    steps,
    switches: switchesIn(steps),
    preemptions,
  };
}
