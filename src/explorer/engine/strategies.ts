// The ways of searching, behind one face.

import type { RaceOptions } from "../options.ts";
import { ScenarioError } from "../scenario-error.ts";
import { Bounded } from "../search/bounded.ts";
import { Pct, RandomWalk } from "../search/drawn.ts";
import { Exhaustive, type Job } from "../search/exhaustive.ts";
import { Extensions, type Orders, together } from "../search/extensions.ts";
import type { System } from "../search/system.ts";
import { Wandering } from "../search/wandering.ts";

export interface Search {
  /** Makes one run. */
  run(): void;
  /** Nothing is left to try; never, where lots are drawn. */
  readonly done: boolean;
  /** Ids of what was chosen in the last run. */
  readonly choices: readonly number[];
  /** Complete runs that differ. */
  readonly traces: number;
  /** Orders of steps that they stand for; undefined where nothing stands for more than itself. */
  readonly orders: Orders | undefined;
  /** Why what is covered is not all there is. */
  readonly cutOffBy: readonly string[];
  /** Set where parts of the search can be lent to other threads. */
  readonly shared?: Shared;
}

/** A search that several threads share. */
export interface Shared {
  /** What is searched here, and from which parts are lent. */
  readonly tree: Wandering;
  /** Borrowed, and searched before the tree is gone on with. */
  part: Exhaustive | undefined;
  borrow(job: Job): void;
}

export function makeSearch(system: System, options: RaceOptions, maxSteps: number): Search {
  const seed = options.seed ?? 1;
  switch (options.strategy ?? "exhaustive") {
    case "exhaustive":
      return options.preemptions === undefined
        ? exhaustive(system, { maxSteps, seed })
        : bounded(system, maxSteps, options.preemptions);
    case "pct":
      return drawn(new Pct(system, { maxSteps, seed }));
    case "random":
      return drawn(new RandomWalk(system, { maxSteps, seed }));
    default:
      throw new ScenarioError(`${options.strategy} is no strategy`, { hint: "Choose exhaustive, pct or random." });
  }
}

function exhaustive(system: System, { maxSteps, seed }: { maxSteps: number; seed: number }): Search {
  const tree = new Wandering(system, { maxSteps, seed });
  const shared: Shared = {
    tree,
    part: undefined,
    borrow(job) {
      this.part = new Exhaustive(system, { maxSteps, job });
    },
  };
  let last: Exhaustive | Wandering = tree;
  const extensions = new Extensions();
  let [traces, cut] = [0, 0];
  let orders: Orders = { count: 0n, exact: true };
  return {
    shared,
    run() {
      const search = shared.part ?? tree;
      last = search;
      const end = search.run();
      if (end === "redundant") return;
      if (end === "cut") cut += 1;
      traces += 1;
      const { lastRun } = search;
      if (lastRun !== undefined) orders = together(orders, extensions.count(lastRun.causality, lastRun.events));
    },
    get done() {
      return tree.done;
    },
    get choices() {
      return last.lastRun?.choices ?? [];
    },
    get traces() {
      return traces;
    },
    get orders() {
      return orders;
    },
    get cutOffBy() {
      return cutRuns(cut, maxSteps);
    },
  };
}

function cutRuns(count: number, maxSteps: number): string[] {
  return count > 0 ? [`${count} runs of more than ${maxSteps} steps`] : [];
}

function bounded(system: System, maxSteps: number, preemptions: number): Search {
  const search = new Bounded(system, { maxSteps, preemptions });
  let [runs, cut] = [0, 0];
  return {
    run() {
      if (search.run() === "cut") cut += 1;
      runs += 1;
    },
    get done() {
      return search.done;
    },
    get choices() {
      return search.choices;
    },
    get traces() {
      return runs;
    },
    get orders() {
      return { count: BigInt(runs), exact: true };
    },
    get cutOffBy() {
      return [...(search.cutByBound ? [`at most ${preemptions} preemptions`] : []), ...cutRuns(cut, maxSteps)];
    },
  };
}

function drawn(search: Pct | RandomWalk): Search {
  return {
    run: () => void search.run(),
    done: false,
    get choices() {
      return search.choices;
    },
    traces: 0,
    orders: undefined,
    cutOffBy: ["drawn by lot"],
  };
}
