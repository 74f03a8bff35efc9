// A name that a process waits for to go, left by one that is no more: a lock that was never released.

import { type Call, SystemFault } from "../disk/calls.ts";
import type { Step, Violation } from "../trace.ts";
import { makerOf, type SimulatedProcess } from "./process.ts";
import type { World } from "./world.ts";

/** What stands in the way, and what became of its maker. */
export interface LeftBehind {
  readonly path: string;
  readonly by: string;
  readonly wasKilled: boolean;
  readonly waiting: string;
}

/** A call, and what came of it. */
export interface Answered {
  readonly call: Call | undefined;
  readonly outcome: unknown;
}

const LOOKS = new Set(["access", "stat", "lstat"]);

/** Names that a process which does these calls again and again waits for to go. */
export function namesWaitedFor(calls: readonly Answered[]): string[] {
  const refused = calls.flatMap(({ call, outcome }) => {
    const taken = outcome instanceof SystemFault && outcome.code === "EEXIST";
    return taken && call !== undefined ? [nameOf(call)] : [];
  });
  if (refused.length > 0) return refused;
  const asked = calls.flatMap(({ call, outcome }) => (call === undefined ? [] : [{ call, outcome }]));
  const names = new Set(asked.map(({ call }) => nameOf(call)));
  const looksOnly = asked.every(({ call, outcome }) => LOOKS.has(call.op) && !(outcome instanceof SystemFault));
  return looksOnly && names.size === 1 ? [...names] : [];
}

/** What a call would make: the last of its paths. */
export function nameOf({ args }: Call): string {
  return args.findLast((arg): arg is string => typeof arg === "string") ?? "";
}

/** If the name is there, and who made it is no more. */
export function leftBehind(world: World, waiting: SimulatedProcess, path: string): LeftBehind | undefined {
  const made = makerOf(inodeNumber(world, waiting, path));
  const present = made === undefined ? undefined : world.processes[made.index];
  if (made === undefined || present === undefined) return undefined;
  const ofAnotherLife = present.incarnation !== made.incarnation;
  if (present.alive && !ofAnotherLife) return undefined;
  const wasKilled = made.index > 0 && (ofAnotherLife || present.exitCode === undefined);
  return { path, by: made.index === 0 ? "setup" : present.name, wasKilled, waiting: waiting.name };
}

function inodeNumber(world: World, looking: SimulatedProcess, path: string): number {
  try {
    return Number(world.disk.perform(looking, "lstat", [path]).ino);
  } catch {
    return -1;
  }
}

export function leftHeld(left: LeftBehind, step?: Step): Violation {
  const made = `${left.by} made ${left.path}${step === undefined ? "" : ` in step ${step.number}`}`;
  const end = left.wasKilled ? "was killed" : "ended";
  return {
    kind: "left-held",
    process: left.by === "setup" ? left.waiting : left.by,
    message: `${made} and ${end} without removing it: ${left.waiting} waits for ever for it to go`,
  };
}

/** The step in which it was made. */
export function stepOf({ path, by }: LeftBehind, steps: readonly Step[]): Step | undefined {
  return steps.findLast(
    ({ process, failed, touched }) =>
      process === by && !failed && touched.some(({ what, access }) => what === path && access !== "read"),
  );
}
