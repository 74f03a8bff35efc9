// Runs the steps of a trace file again, and says whether the same came of it.

import { ScenarioError } from "../scenario-error.ts";
import { TRACE_FORMAT, TRACE_VERSION, type Trace, type Violation } from "../trace.ts";
import { Exploration } from "./explore.ts";
import { targetOf } from "./target.ts";

export interface Replayed {
  /** What happened this time. */
  readonly trace: Trace;
  /** Whether it is the same run: the same steps with the same outcomes, and the same violation. */
  readonly same: boolean;
  /** The first step that was different; undefined if none was. */
  readonly differs?: number;
}

/** Reads a trace file's text. @throws ScenarioError when it is not one */
export function parseTrace(text: string): Trace {
  let parsed: Partial<Trace>;
  try {
    parsed = JSON.parse(text) as Partial<Trace>;
  } catch (cause) {
    throw new ScenarioError("this is no trace: it is not JSON", {
      hint: "Give a file that holdfast explore wrote.",
      cause,
    });
  }
  if (parsed?.format !== TRACE_FORMAT) {
    throw new ScenarioError("this is no trace of holdfast explore", {
      hint: "Give a file that holdfast explore wrote.",
    });
  }
  if (parsed.version !== TRACE_VERSION) {
    throw new ScenarioError(`this trace has version ${parsed.version}, and ${TRACE_VERSION} is known here`, {
      hint: "Explore the race again with this version of holdfast.",
    });
  }
  return parsed as Trace;
}

/** @throws ScenarioError when the scenario is not there any more, or takes other steps than the trace */
export async function replay(trace: Trace): Promise<Replayed> {
  if (trace.file === undefined) {
    throw new ScenarioError("the trace does not say which file it is of", {
      hint: "Export the race from a file, and explore that.",
    });
  }
  const target = targetOf(trace.file, {
    ...trace.options,
    ...(trace.exported !== undefined && { exported: trace.exported }),
  });
  const again = await new Exploration(target, trace.options).again(trace.steps.map((step) => step.choice));
  const at = trace.steps.findIndex((step, index) => !alike(step, again.steps[index]));
  const differs = at >= 0 ? at + 1 : again.steps.length > trace.steps.length ? trace.steps.length + 1 : undefined;
  const same = differs === undefined && sameViolation(trace.violation, again.violation);
  return { trace: again, same, ...(differs !== undefined && { differs }) };
}

function alike(a: Trace["steps"][number], b: Trace["steps"][number] | undefined): boolean {
  return b !== undefined && a.choice === b.choice && a.call === b.call && a.outcome === b.outcome;
}

function sameViolation(a: Violation, b: Violation): boolean {
  return a.kind === b.kind && a.process === b.process && a.message === b.message;
}
