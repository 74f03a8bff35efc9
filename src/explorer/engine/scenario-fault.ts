// What the scenario is to blame for, told as its fault and with the place in its sources.

import type { Modules } from "../modules/modules.ts";
import { failureOf } from "../program/failure.ts";
import { TOO_LONG, withinTime } from "../program/time-limit.ts";
import { ScenarioError } from "../scenario-error.ts";
import { Refused } from "../world/host.ts";

/** While `loading`, all that is thrown by the code that is loaded is a fault of the scenario. */
export type Phase = "loading" | "running";

/** `thrown`, as a `ScenarioError` that says where, if the scenario is to blame for it; as it is otherwise. */
export function scenarioFault(thrown: unknown, modules: Modules | undefined, phase: Phase): unknown {
  const place = (stack: unknown): { at: string } | undefined => {
    const at = typeof stack === "string" ? modules?.positions.siteOf(stack) : undefined;
    return at === undefined ? undefined : { at };
  };
  if (thrown instanceof Refused) {
    const at = place(thrown.failure.stack);
    const hint = "Nothing can be told of a scenario that reaches out of the explorer.";
    return new ScenarioError(withPlace(thrown.message, at), { ...at, hint, cause: thrown });
  }
  if (thrown instanceof ScenarioError) {
    if (thrown.at !== undefined) return thrown;
    const { hint, cause } = thrown;
    const at = place(cause instanceof Error ? cause.stack : typeof cause === "string" ? cause : thrown.stack);
    return at === undefined
      ? thrown
      : new ScenarioError(withPlace(thrown.message, at), { ...at, ...(hint !== undefined && { hint }), cause });
  }
  if (phase === "running") return thrown;
  const { message, stack } = failureOf(thrown);
  const at = place(stack);
  // Without a frame of the scenario's own it is a defect of the explorer.
  if (at === undefined && thrown instanceof Error) return thrown;
  return new ScenarioError(withPlace(`the scenario's file cannot be loaded: ${message}`, at), {
    ...at,
    hint: "Nothing was explored. Its code runs once for each process, without any effect, before setup.",
    cause: thrown,
  });
}

/** To compile and run all that a scenario imports. */
const MAX_LOAD_MS = 60_000;

/** Calls `work`; what the scenario is to blame for leaves it as `scenarioFault` has it. */
export function blaming<T>(modules: Modules | undefined, phase: Phase, work: () => T): T {
  try {
    const result = phase === "loading" ? withinTime(MAX_LOAD_MS, work) : work();
    if (result !== TOO_LONG) return result;
    throw new ScenarioError("the scenario's file cannot be loaded: its code does not come to an end", {
      hint: `It was ended after ${MAX_LOAD_MS / 1000} s. Its code runs once for each process, before setup.`,
    });
  } catch (error) {
    throw scenarioFault(error, modules, phase);
  }
}

function withPlace(message: string, place: { at: string } | undefined): string {
  return place === undefined || message.includes(place.at) ? message : `${message} (${place.at})`;
}
