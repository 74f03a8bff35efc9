// Small random scenarios over files and timers, and the end states that a search reaches in them.

import { AsyncLocalStorage } from "node:async_hooks";
import type * as fsPromises from "node:fs/promises";
import { makeEnvironment } from "../../program/builtins.ts";
import { outsideOfJobs } from "../../program/drain.ts";
import { Lots } from "../../program/lots.ts";
import type { Program } from "../../program/program.ts";
import { race } from "../../race.ts";
import { Bounded } from "../../search/bounded.ts";
import { Wandering } from "../../search/wandering.ts";
import { BEGINNING_MS } from "../../world/time.ts";
import { InThread } from "../in-thread.ts";
import { runningProgram, SharedScenario } from "../scenario.ts";

const PATHS = ["/x", "/y", "/d", "/d/z"];
const MAX_STEPS = 200;

/** One thing that a process does. */
export interface Deed {
  readonly what: string;
  readonly path: string;
  readonly other: string;
  /** Under way at once with the one before. */
  readonly together: boolean;
}
export interface RandomScenario {
  readonly processes: readonly (readonly Deed[])[];
  readonly crashes: number;
  readonly stalls?: number;
  readonly powerLoss?: boolean;
  readonly restart: "maybe" | "always" | "never";
}

const WEIGHTED = [
  ..."mkdir mkdir rmdir unlink access stat readdir rename link".split(" "),
  ..."create append read sleep race-timer".split(" "),
];

/** Few names, and much that moves them: what a call meets depends on what came before it. */
const CLASHING = "mkdir mkdir rmdir unlink access stat readdir rename rename rename link append create".split(" ");
const CLASHING_PATHS = ["/x", "/d", "/d", "/d/z"];

export function clashingScenario(seed: number): RandomScenario {
  return drawnScenario(new Lots(seed), CLASHING, CLASHING_PATHS);
}

export function randomScenario(seed: number): RandomScenario {
  return drawnScenario(new Lots(seed), WEIGHTED, PATHS);
}

function drawnScenario(lots: Lots, deeds: readonly string[], paths: readonly string[]): RandomScenario {
  const pick = <T>(from: readonly T[]): T => from[lots.below(from.length)] as T;
  const count = lots.below(3) === 0 ? 3 : 2;
  const deed = (at: number): Deed => ({
    what: pick(deeds),
    path: pick(paths),
    other: pick(paths),
    together: at > 0 && lots.below(5) === 0,
  });
  const most = count === 3 ? 2 : 3;
  const processes = Array.from({ length: count }, () =>
    Array.from({ length: 1 + lots.below(most) }, (_, at) => deed(at)),
  );
  const crashes = count === 2 && lots.below(4) === 0 ? 1 : 0;
  return { processes, crashes, restart: pick(["maybe", "always", "never"] as const) };
}

/** What can be seen of a run when it is over: what each process got to know, and the disk. */
export interface EndStates {
  readonly ends: ReadonlySet<string>;
  readonly runs: number;
  /** The search was given up after this many runs. */
  readonly whole: boolean;
}

/** With more faults, waits longer than anybody is kept waiting, and processes that fail with things under way. */
export function faultyScenario(seed: number): RandomScenario {
  const lots = new Lots(seed ^ 0x5eed);
  const { processes, restart } = randomScenario(seed);
  const rougher = (deed: Deed): Deed => {
    const drawn = lots.below(10);
    return drawn === 0 ? { ...deed, what: "nap" } : drawn === 1 ? { ...deed, what: "fail" } : deed;
  };
  return {
    processes: processes.map((deeds) => deeds.slice(0, 2).map(rougher)),
    crashes: lots.below(3),
    stalls: lots.below(2),
    powerLoss: lots.below(4) === 0,
    restart,
  };
}

/** The scenario, ready to be searched; and what its processes got to know in the last run. */
export function systemOf(scenario: RandomScenario): { readonly system: InThread; readonly told: () => string } {
  const current = new AsyncLocalStorage<Program>();
  const environment = makeEnvironment(() => current.getStore() as Program, {}, BEGINNING_MS);
  environment.reset(process, new Lots(1));
  let logs: string[] = [];
  const definition = race({
    mayFail: true,
    setup: () => {
      logs = scenario.processes.map(() => "");
    },
    processes: Object.fromEntries(
      scenario.processes.map((deeds, index) => {
        const tell = (text: string) => {
          logs[index] += `${text};`;
        };
        return [`p${index}`, () => perform(deeds, environment, tell)];
      }),
    ),
  });
  const { crashes, stalls = 0, powerLoss = false, restart } = scenario;
  const options = { crashes, stalls, powerLoss, restart };
  const system = new InThread(new SharedScenario(definition, current), options);
  return { system, told: () => logs.join(" | ") };
}

/** Runs a search where its programs can be run. */
export async function searching<T>(work: () => T): Promise<T> {
  return await outsideOfJobs((kind, error) => runningProgram()?.uncaught(kind, error), work);
}

export async function endStates(
  scenario: RandomScenario,
  how: "reduced" | "brute",
  maxRuns: number,
): Promise<EndStates> {
  const { system, told } = systemOf(scenario);
  const search =
    how === "reduced"
      ? new Wandering(system, { maxSteps: MAX_STEPS, seed: 1 })
      : new Bounded(system, { maxSteps: MAX_STEPS });
  const ends = new Set<string>();
  let runs = 0;
  await searching(() => {
    while (!search.done && runs < maxRuns) {
      runs += 1;
      if (search.run() === "redundant") continue;
      const disk = system.world?.disk.dump().map((inode) => JSON.stringify(inode));
      ends.add(`${told()} || ${system.world?.violation?.kind ?? ""} || ${disk?.join(", ")}`);
    }
  });
  return { ends, runs, whole: search.done };
}

type Environment = ReturnType<typeof makeEnvironment>;

async function perform(deeds: readonly Deed[], environment: Environment, tell: (text: string) => void): Promise<void> {
  const under: Promise<void>[] = [];
  for (const deed of deeds) {
    if (!deed.together) await Promise.all(under.splice(0));
    under.push(
      once(deed, environment).then(
        (result) => tell(`${deed.what} ${result}`),
        (error: NodeJS.ErrnoException) => tell(`${deed.what} ${error.code}`),
      ),
    );
  }
  await Promise.all(under);
}

async function once({ what, path, other }: Deed, environment: Environment): Promise<unknown> {
  const fs = environment.builtin("fs/promises") as typeof fsPromises;
  const { setTimeout, clearTimeout } = environment.globals as typeof globalThis;
  switch (what) {
    case "stat": {
      const { size, nlink, mtimeMs } = await fs.stat(path);
      return `${size} ${nlink} ${mtimeMs - BEGINNING_MS}`;
    }
    case "readdir":
      return (await fs.readdir("/")).join();
    case "rename":
    case "link":
      return await fs[what](path, other);
    case "create":
      return await (await fs.open(path, "wx")).close();
    case "append":
      return await fs.appendFile(path, other);
    case "read":
      return await fs.readFile(path, "utf8");
    case "sleep":
      return await new Promise((resolve) => setTimeout(resolve, path.length * 10));
    case "nap":
      return await new Promise((resolve) => setTimeout(resolve, 500 + path.length));
    case "fail":
      // Nobody awaits this one: the process ends, whatever else it has under way.
      void Promise.reject(new Error(`${path} failed`));
      return await fs.access(path);
    case "race-timer":
      // A timer that something else may take away before it fires.
      return await new Promise((resolve) => {
        const timer = setTimeout(() => resolve("late"), 10);
        const answered = (answer: string) => () => {
          clearTimeout(timer);
          resolve(answer);
        };
        fs.access(path).then(answered("there"), answered("gone"));
      });
    default:
      return await fs[what as "mkdir"](path);
  }
}
