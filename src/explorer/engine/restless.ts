// Programs that do not come to rest: a loop without an effect, in which nobody else gets a turn, and neither does the
// explorer. In a thread of its own such a program is waited for in vain, and given up. In the explorer's thread it has to
// be ended from without; what is known then is the way there, and threads are used to go it again.

import { afterUnwinding } from "../program/drain.ts";
import { Program } from "../program/program.ts";
import { TOO_LONG, withinTime } from "../program/time-limit.ts";
import { ScenarioError } from "../scenario-error.ts";
import type { World } from "../world/world.ts";
import { abandonRunning } from "./scenario.ts";
import type { Found } from "./shrink.ts";

/** A program that is not at rest after so long never is. */
export const REST_MS = 5000;
/** When a scenario has been seen to have such programs, they are waited for no longer than this. */
export const REST_AGAIN_MS = 1500;

/** A process did not come to rest after these choices. */
export class Restless extends Error {
  override name = "Restless";
  readonly choices: readonly number[];
  readonly process: string;
  constructor(process: string, choices: readonly number[]) {
    super(`${process} does not come to rest`);
    this.process = process;
    this.choices = choices;
  }
}

export function restless({ process, choices }: Restless): Found {
  return { choices, violation: { kind: "unbounded", process, message: RESTLESS } };
}

/** Nothing is wrong with any program: it took long all the same, and the work that was ended is lost. */
export class TookLong extends Error {
  override name = "TookLong";
}

export const RESTLESS = "it does not come to rest: a loop in which it waits for nothing";

/** Does a part of the search, whose programs run in this thread. @throws Restless, TookLong */
export function guarded<T>(limitMs: number, world: () => World | undefined, work: () => T): T {
  const result = withinTime(limitMs, work);
  if (result !== TOO_LONG) return result;
  afterUnwinding();
  Program.siteOf = undefined;
  const ended = abandonRunning();
  const present = world();
  // A program that got an error for this, and tries again, and again.
  if (present?.abandoned !== undefined) throw present.abandoned;
  if (ended === undefined || ended.forMs < limitMs / 2) throw new TookLong("a run took long");
  const { name } = ended.program;
  if (present?.racing !== true) throw doesNotEnd(name, limitMs);
  throw new Restless(name, [...present.choices]);
}

/** Runs setup or the check, where processes have threads of their own. */
export function aloneGuarded(world: World, work: () => void): void {
  if (!world.threaded) {
    work();
    return;
  }
  if (withinTime(REST_MS, work) !== TOO_LONG) return;
  afterUnwinding();
  Program.siteOf = undefined;
  throw doesNotEnd(abandonRunning()?.program.name ?? "setup", REST_MS);
}

function doesNotEnd(name: string, limitMs: number): ScenarioError {
  return new ScenarioError(`${name} does not end`, { hint: `It ran for ${limitMs / 1000} s without any effect.` });
}
