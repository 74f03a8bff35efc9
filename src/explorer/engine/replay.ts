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
  /** Whether anything was wrong this time. If not, the violation of `trace` says so. */
  readonly violated: boolean;
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
  if (!isWhole(parsed)) {
    throw new ScenarioError("this trace is damaged: parts of it are missing", {
      hint: "Explore the race again; what is left of the file cannot be run.",
    });
  }
  return parsed;
}

/** As far as running it again goes. */
function isWhole(parsed: Partial<Trace>): parsed is Trace {
  const { file, exported, options, violation, steps } = parsed;
  const texts = [file ?? "", exported ?? "", violation?.kind, violation?.process, violation?.message];
  return (
    texts.every((text) => typeof text === "string") &&
    typeof options === "object" &&
    options !== null &&
    Array.isArray(steps) &&
    steps.every((step: Partial<Trace["steps"][number]> | null) => typeof step?.choice === "string")
  );
}

/** @throws ScenarioError when the scenario is not there any more, or cannot be run */
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
  const { trace: again, violated } = await new Exploration(target, trace.options).again(trace);
  const at = trace.steps.findIndex((step, index) => !alike(step, again.steps[index]));
  const differs = at >= 0 ? at + 1 : again.steps.length > trace.steps.length ? trace.steps.length + 1 : undefined;
  const same = violated && differs === undefined && sameViolation(trace.violation, again.violation);
  return { trace: again, same, violated, ...(differs !== undefined && { differs }) };
}

function alike(a: Trace["steps"][number], b: Trace["steps"][number] | undefined): boolean {
  return b !== undefined && a.choice === b.choice && a.call === b.call && a.outcome === b.outcome;
}

function sameViolation(a: Violation, b: Violation): boolean {
  return a.kind === b.kind && a.process === b.process && a.message === b.message;
}
