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
import { workedMs } from "./time-used.ts";

/** A program that is not at rest after so long never is. */
export const REST_MS = 5000;
/** When a scenario has been seen to have such programs, they are waited for no longer than this. */
export const REST_AGAIN_MS = 1500;

/** A program that was ended from without is to blame only if it has worked for so long: else the machine gave it no time. */
const MOST_WORK_MS = 3000;
/** Of a time that was made longer it must have worked for this part: the longer the time, the surer the verdict. */
const LEAST_SHARE = 0.25;
/** Unless it has stood still for so long: it waits for what never comes. */
export const STILL_MS = 60_000;

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

/** It did not come to rest, and did when the same run was made again: programs may be slow at first. */
export class CameToRest extends TookLong {
  override name = "CameToRest";
}

export const RESTLESS = "it does not come to rest: a loop in which it waits for nothing";

/** Does a part of the search, whose programs run in this thread. @throws Restless, TookLong */
export function guarded<T>(limitMs: number, world: () => World | undefined, work: () => T): T {
  const result = within(limitMs, work);
  if (!(result instanceof Ended)) return result;
  const present = world();
  // A program that got an error for this, and tries again, and again.
  if (present?.abandoned !== undefined) throw present.abandoned;
  const name = result.toBlame;
  if (name === undefined) throw new TookLong("a run took long");
  if (present?.racing !== true) throw doesNotEnd(name, limitMs);
  throw new Restless(name, [...present.choices]);
}

/** Work that was ended from without. */
class Ended {
  /** The program that kept it from coming to an end; undefined if there was none. */
  readonly toBlame: string | undefined;
  constructor(toBlame: string | undefined) {
    this.toBlame = toBlame;
  }
}

function within<T>(limitMs: number, work: () => T): T | Ended {
  const [beganMs, workedBeforeMs] = [performance.now(), workedMs()];
  const result = withinTime(limitMs, work);
  if (result !== TOO_LONG) return result;
  const [tookMs, workMs] = [performance.now() - beganMs, workedMs() - workedBeforeMs];
  afterUnwinding();
  Program.siteOf = undefined;
  const ended = abandonRunning();
  if (ended === undefined) return new Ended(undefined);
  // What was done before it had its turn cannot have been more than the time that this took.
  const itsWorkMs = workMs - Math.max(0, tookMs - ended.forMs);
  const mostWorkMs = Math.max(Math.min(MOST_WORK_MS, limitMs / 2), limitMs * LEAST_SHARE);
  const isToBlame = ended.forMs >= limitMs / 2 && (itsWorkMs >= mostWorkMs || ended.forMs >= STILL_MS);
  return new Ended(isToBlame ? ended.program.name : undefined);
}

/** Runs setup or the check, where processes have threads of their own. @throws TookLong */
export function aloneGuarded<T>(world: World, limitMs: number, work: () => T): T {
  if (!world.threaded) return work();
  const result = within(limitMs, work);
  if (!(result instanceof Ended)) return result;
  if (world.abandoned !== undefined) throw world.abandoned;
  if (result.toBlame === undefined) throw new TookLong("setup or the check took long");
  throw doesNotEnd(result.toBlame, limitMs);
}

function doesNotEnd(name: string, limitMs: number): ScenarioError {
  return new ScenarioError(`${name} does not end`, { hint: `It ran for ${limitMs / 1000} s without any effect.` });
}
