// A check that never ends: whether that is a finding, or a fault of the scenario.
//
// A check may wait for what the processes bring about in some orders only. Then what they did in the others is to blame,
// and it is a violation as any other. What does not come about in whatever order they run one after the other is not
// theirs to bring about, and the scenario is at fault: to call that a race would send people looking for one. It is all the
// same whether the check waits to be woken, or looks again and again.

import { ScenarioError } from "../scenario-error.ts";
import { Bounded } from "../search/bounded.ts";
import type { Violation } from "../trace.ts";
import { MANY, type ScenarioSystem } from "./in-thread.ts";

const NEVER_ENDS = "the check never ends";
/** So many orders of the processes are tried. */
const MAX_ORDERS = 30;

/** `how` it does not end: it asks for nothing any more, or goes on and on. */
export function endlessCheck(how: "waits" | "goes on"): Violation {
  const why = how === "waits" ? "it waits for" : `after ${MANY} steps it still looks for`;
  return { kind: "check", process: "", message: `${NEVER_ENDS}: ${why} what nothing will bring about` };
}

/** Whether it is said of the check that it never ends. */
export function neverEnds({ kind, message }: Violation): boolean {
  return kind === "check" && message.startsWith(NEVER_ENDS);
}

/** Yields after each run; returns whether the check came to an end where the processes ran one after the other. */
export function* endsInSomeOrder(system: ScenarioSystem, maxSteps: number): Generator<undefined, boolean> {
  const search = new Bounded(system, { maxSteps, preemptions: 0 });
  for (let runs = 0; !search.done && runs < MAX_ORDERS; runs++) {
    search.run();
    const { violation } = system.world ?? {};
    if (violation === undefined || (violation.kind === "check" && !neverEnds(violation))) return true;
    yield undefined;
  }
  return false;
}

export function checkAtFault(message: string): ScenarioError {
  return new ScenarioError(message, {
    hint: "So it does in whatever order the processes run one after the other. Mend the check, or what it waits for.",
  });
}
