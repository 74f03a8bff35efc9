// The schedules of a scenario, each by what was chosen in it: all there are, and those that the traces of a reduced search
// stand for.

import { createHash } from "node:crypto";
import { Lots } from "../../program/lots.ts";
import { Bounded } from "../../search/bounded.ts";
import type { Causality } from "../../search/causality.ts";
import { Exhaustive, type Job } from "../../search/exhaustive.ts";
import { Extensions, type Orders, together } from "../../search/extensions.ts";
import type { System } from "../../search/system.ts";
import { drawing, Wandering } from "../../search/wandering.ts";
import { packJob, unpackJob } from "../searcher-protocol.ts";

const MAX_STEPS = 200;

/** Undefined when there are more than `most`. */
export function allSchedules(system: System, most: number): Set<string> | undefined {
  const search = new Bounded(system, { maxSteps: MAX_STEPS });
  const schedules = new Set<string>();
  while (!search.done) {
    search.run();
    schedules.add(search.choices.join());
    if (schedules.size > most) return undefined;
  }
  return schedules;
}

/** The schedules that traces stand for; with those that two traces stand for, and how many orders were counted. */
export interface Covered {
  readonly schedules: ReadonlySet<string>;
  readonly twice: readonly string[];
  readonly counted: Orders;
  readonly traces: number;
}

/** Every order of the steps of every trace. */
export function coveredSchedules(system: System): Covered {
  const search = new Wandering(system, { maxSteps: MAX_STEPS, seed: 1 });
  const covered = new Covering();
  while (!search.done) covered.run(search);
  return covered;
}

/** The same, where parts of the search, and of these, are lent out whenever `lend` says so, and searched by turns. */
export function coveredTogether(system: System, lend: () => boolean): Covered {
  const root = new Wandering(system, { maxSteps: MAX_STEPS, seed: 2 });
  const covered = new Covering();
  const away: { job: Job; search: Exhaustive; owner: Exhaustive | Wandering }[] = [];
  while (!root.done) {
    for (const search of [root, ...away.map((one) => one.search)]) {
      if (!search.done && !search.waiting) covered.run(search);
      const job = lend() && !search.done ? search.lend() : undefined;
      if (job === undefined) continue;
      // As it gets to another thread.
      const sent = unpackJob(structuredClone(packJob(job)));
      away.push({ job, search: new Exhaustive(system, { maxSteps: MAX_STEPS, job: sent }), owner: search });
    }
    for (const one of away.filter(({ search }) => search.done)) {
      away.splice(away.indexOf(one), 1);
      one.owner.giveBack(one.job, one.search.takeOutward());
    }
  }
  return covered;
}

/** How many traces each of several orders of the search comes to; undefined when one makes more than `most` runs. */
export function tracesByOrder(system: System, seed: number, most: number): number[] | undefined {
  const counts: number[] = [];
  for (const search of ordersOfSearch(system, seed)) {
    let [runs, traces] = [0, 0];
    while (!search.done) {
      runs += 1;
      if (runs > most) return undefined;
      if (search.run() !== "redundant") traces += 1;
    }
    counts.push(traces);
  }
  return counts;
}

/** Depth first, as it comes and as drawn; and wandering. */
function* ordersOfSearch(system: System, seed: number): Iterable<Exhaustive | Wandering> {
  yield new Exhaustive(system, { maxSteps: MAX_STEPS });
  for (let at = 1; at <= 3; at++) {
    yield new Exhaustive(system, { maxSteps: MAX_STEPS, prefer: drawing(new Lots(seed + at)) });
    yield new Wandering(system, { maxSteps: MAX_STEPS, seed: seed + at });
  }
}

/** The same for all orders of the steps of a trace, and for no others. */
export function traceOf({ choices, events, causality }: NonNullable<Exhaustive["lastRun"]>): string {
  const lines = Array.from({ length: events }, (_, at) => {
    const before = choices.filter((_, earlier) => earlier < at && causality.isBefore(earlier, at));
    return `${choices[at]} after ${before.sort((a, b) => a - b).join(" ")}`;
  });
  return createHash("sha256").update(lines.sort().join("\n")).digest("base64");
}

class Covering implements Covered {
  readonly schedules = new Set<string>();
  readonly twice: string[] = [];
  readonly #extensions = new Extensions();
  counted: Orders = { count: 0n, exact: true };
  traces = 0;

  run(search: Exhaustive | Wandering): void {
    if (search.run() === "redundant") return;
    this.traces += 1;
    const { choices, events, causality } = search.lastRun as NonNullable<typeof search.lastRun>;
    this.counted = together(this.counted, this.#extensions.count(causality, events));
    for (const order of orders(causality, [...choices.keys()], [])) {
      const schedule = order.map((at) => choices[at]).join();
      if (this.schedules.has(schedule)) this.twice.push(schedule);
      this.schedules.add(schedule);
    }
  }
}

function* orders(causality: Causality, left: readonly number[], done: readonly number[]): Iterable<readonly number[]> {
  if (left.length === 0) yield done;
  for (const at of left) {
    if (left.some((other) => causality.isBefore(other, at))) continue;
    yield* orders(
      causality,
      left.filter((other) => other !== at),
      [...done, at],
    );
  }
}
