// A search as the explorer makes it, but run by run, and without what comes after a finding.

import { InThread } from "../../src/explorer/engine/in-thread.ts";
import { runningProgram } from "../../src/explorer/engine/scenario.ts";
import { makeSearch, type Search } from "../../src/explorer/engine/strategies.ts";
import { targetOf } from "../../src/explorer/engine/target.ts";
import type { RaceOptions } from "../../src/explorer/options.ts";
import { outsideOfJobs } from "../../src/explorer/program/drain.ts";
import type { Execution, System } from "../../src/explorer/search/system.ts";
import { scenarioFile } from "./settings.ts";

const MAX_STEPS = 2_000;

export interface Scenario {
  /** The file in `scenarios`, and the export. */
  readonly file: string;
  readonly exported: string;
}

export function systemOf({ file, exported }: Scenario, options: RaceOptions): InThread {
  return new InThread(targetOf(scenarioFile(file), { ...options, exported }).scenario, options);
}

/** Calls `afterRun` after each run, until it returns true or nothing is left to try. */
export async function search(
  scenario: Scenario,
  options: RaceOptions,
  afterRun: (search: Search, system: InThread) => boolean,
): Promise<void> {
  const system = systemOf(scenario, options);
  const searching = makeSearch(system, options, MAX_STEPS);
  await withPrograms(() => {
    while (!searching.done) {
      searching.run();
      if (system.world?.abandoned !== undefined) throw system.world.abandoned;
      if (afterRun(searching, system)) return;
    }
  });
}

/** Runs what runs programs: outside of promise jobs, and with an ear for what they throw. */
export function withPrograms<T>(run: () => T): Promise<T> {
  return outsideOfJobs((kind, error) => runningProgram()?.uncaught(kind, error), run);
}

/** The first run that breaks something; undefined when so many do not. */
export async function firstViolation(
  scenario: Scenario,
  options: RaceOptions,
  maxRuns: number,
): Promise<{ runs: number; ms: number } | undefined> {
  let runs = 0;
  let isFound = false;
  const startedAt = performance.now();
  await search(scenario, options, (_search, system) => {
    runs += 1;
    isFound = system.world?.violation !== undefined;
    return isFound || runs >= maxRuns;
  });
  return isFound ? { runs, ms: performance.now() - startedAt } : undefined;
}

/**
 * The fewest switches from one process to another that any run with a violation has: all runs with none, then all with
 * one, and so on. Undefined when `maxRuns` do not tell.
 */
export async function fewestSwitches(scenario: Scenario, maxRuns: number): Promise<number | undefined> {
  const system = systemOf(scenario, { isolate: false });
  return await withPrograms(() => {
    let runs = 0;
    for (let most = 0; ; most += 1) {
      const walk = new Switching(system, most);
      while (!walk.done) {
        if (runs > maxRuns) return undefined;
        runs += 1;
        if (walk.run() && system.world?.violation !== undefined) return most;
      }
    }
  });
}

/** Brute force over all runs with at most so many switches. */
class Switching {
  readonly #system: System;
  readonly #most: number;
  /** Which of what was possible is taken, at each step. */
  readonly #path: { at: number; count: number }[] = [];
  done = false;

  constructor(system: System, most: number) {
    this.#system = system;
    this.#most = most;
  }

  /** False when the run had to be given up: nothing could go on without another switch. */
  run(): boolean {
    const execution = this.#system.begin();
    try {
      const isWhole = this.#walk(execution);
      if (isWhole) execution.finish();
      return isWhole;
    } finally {
      execution.close();
      this.#next();
    }
  }

  #walk(execution: Execution): boolean {
    let last = -1;
    let switches = 0;
    for (let step = 0; ; step += 1) {
      const enabled = execution.enabled();
      if (enabled.length === 0) return true;
      const possible = enabled.filter(({ process }) => last < 0 || process === last || switches < this.#most);
      const point = this.#path[step] ?? { at: 0, count: possible.length };
      this.#path[step] = point;
      const item = possible[point.at];
      if (item === undefined) return false;
      if (last >= 0 && item.process !== last) switches += 1;
      last = item.process;
      execution.perform(item);
    }
  }

  #next(): void {
    for (let point = this.#path.pop(); point !== undefined; point = this.#path.pop()) {
      if (point.at + 1 >= point.count) continue;
      this.#path.push({ at: point.at + 1, count: point.count });
      return;
    }
    this.done = true;
  }
}
