// What people write: a race is a starting point, processes that run at once, and what must hold afterwards.

import type { RaceOptions } from "./options.ts";
import { ScenarioError } from "./scenario-error.ts";

export interface Race extends RaceOptions {
  /** For reports. Default: the name of the file. */
  readonly name?: string;
  /** Runs alone, before the processes. */
  readonly setup?: () => unknown;
  /** Each is a process of its own: it begins by calling its function, and ends when nothing keeps it alive. */
  readonly processes: Readonly<Record<string, () => unknown>>;
  /** Runs alone, when all processes have ended or died: throws when something is wrong. */
  readonly check?: () => unknown;
  /** Processes that may fail: by a rejection, an exception or an exit code. True: any. */
  readonly mayFail?: boolean | readonly string[];
}

const RACE = Symbol.for("holdfast.race");
export const MAX_PROCESSES = 50;

/** Where `race` was called. */
export interface Definition {
  readonly stack: string;
  /** How many were defined by the same line of code before: a function may define several. */
  readonly earlier: number;
}

/** A race that knows where it was written down. */
export interface DefinedRace extends Race {
  readonly [RACE]: Definition;
}

/**
 * Describes a race. Exported as the default of a file, `holdfast explore FILE` explores it; `explore(race)` does so from
 * a program or test.
 * @throws ScenarioError when it has no processes, or something in it is not what it has to be
 */
export function race(definition: Race): DefinedRace {
  return defined(definition, definedByPlace);
}
const definedByPlace = new Map<string, number>();

/** A `race` of its own, which counts anew. */
export function makeRace(): (definition: Race) => DefinedRace {
  const places = new Map<string, number>();
  return (definition) => defined(definition, places);
}

function defined(definition: Race, places: Map<string, number>): DefinedRace {
  const wrong = whatIsWrong(definition);
  if (wrong !== undefined) throw notARace(wrong);
  const [message, ...frames] = (new Error("race").stack ?? "").split("\n");
  // Without this function and the one that people call.
  const callers = frames.slice(2);
  const place = callers[0] ?? "";
  const earlier = places.get(place) ?? 0;
  places.set(place, earlier + 1);
  return { ...definition, [RACE]: { stack: [message, ...callers].join("\n"), earlier } };
}

/** As `race`, for code that the explorer has loaded itself, thousands of times: it need not say where it stands. */
export function raceInScenario(definition: Race): DefinedRace {
  const wrong = whatIsWrong(definition);
  if (wrong !== undefined) throw notARace(wrong);
  if (!Object.isExtensible(definition)) return { ...definition, [RACE]: NOWHERE };
  // A copy would cost as much as all else that happens here.
  return Object.assign(definition, MARKED);
}
const NOWHERE = { stack: "", earlier: 0 };
const MARKED = { [RACE]: NOWHERE };

function notARace(wrong: string): ScenarioError {
  return new ScenarioError(`this is no race: ${wrong}`, { hint: "See docs/explorer.md for what a race is made of." });
}

export function isRace(value: unknown): value is DefinedRace {
  return typeof value === "object" && value !== null && RACE in value;
}

/** Its stack begins with who called `race`. */
export function definitionOf(defined: DefinedRace): Definition {
  return defined[RACE];
}

/** Names of the processes, in the order in which they are written. */
export function processNames(defined: Race): string[] {
  return Object.keys(defined.processes);
}

function whatIsWrong(definition: unknown): string | undefined {
  if (typeof definition !== "object" || definition === null) return "it is not an object";
  const { setup, check, processes } = definition as Partial<Record<keyof Race, unknown>>;
  if (typeof processes !== "object" || processes === null) return "it has no processes";
  const names = Object.keys(processes);
  if (names.length === 0) return "it has no processes";
  if (names.length > MAX_PROCESSES) return `it has ${names.length} processes, and ${MAX_PROCESSES} is the most`;
  for (const name of names) {
    if (typeof (processes as Record<string, unknown>)[name] !== "function")
      return `the process ${name} is not a function`;
  }
  if (setup !== undefined && typeof setup !== "function") return "setup is not a function";
  if (check !== undefined && typeof check !== "function") return "check is not a function";
  return undefined;
}
