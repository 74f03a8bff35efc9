// Every interleaving that can matter, and none twice: depth-first search with source sets and sleep sets.
//
// After Abdulla, Aronis, Jonsson and Sagonas, "Source Sets: A Foundation for Optimal Dynamic Partial Order Reduction"
// (J. ACM 64(4), 2017), algorithm 1. What is different here: an item is one step and not a thread (two operations under
// way in one process are two items, dependent because they share its memory); faults have no place of their own in a
// run, so they are tried wherever they can happen; and an item that an event took away before it happened (a cleared
// timer) races with that event though it never took place.

import type { Touched } from "../footprint.ts";
import { Causality, dependent, type Happened } from "./causality.ts";
import { type Chosen, mayBeLeftOut, type Reversal, reversalsOf } from "./reversals.ts";
import { type Cancelled, Diverged, type Execution, type Item, itemOf, type System } from "./system.ts";

/** A point on the path of the present run, where one item was chosen out of several. */
interface Point extends Chosen {
  enabled: readonly Item[];
  /** Ids still to be tried here; those already tried are asleep. */
  todo: number[];
  sleep: Happened[];
  chosen: Happened;
}

export type RunEnd = "complete" | "redundant" | "cut";

/** Picks what to try first of what is awake. Which does not bear on what is covered, as long as what may be left out comes last. */
export type Preference = (awake: readonly Item[], last: Item | undefined) => Item;

/** Goes on with the process that ran last, in the order in which things were asked for; what may not happen comes last. */
export const goOn: Preference = (awake, last) => {
  let best = awake[0] as Item;
  for (const item of awake) if (rank(item, last) < rank(best, last)) best = item;
  return best;
};

function rank(item: Item, last: Item | undefined): number {
  if (item.fault) return 3;
  if (item.optional === true) return 2;
  return item.process === last?.process ? 0 : 1;
}

/** A part of the tree that can be searched by itself: all runs that begin with these choices. */
export interface Job {
  readonly choices: readonly number[];
  /** What is asleep where each is made. */
  readonly asleep: readonly (readonly Happened[])[];
}

export class Exhaustive {
  readonly #system: System;
  readonly #maxSteps: number;
  readonly #prefer: Preference;
  readonly #path: Point[] = [];
  /** The events of `#path`, as causality reads them. */
  readonly #events: Happened[] = [];
  readonly #causality = new Causality();
  /** Points from here on were made in the present run. */
  #known = 0;
  #done = false;
  /** Causality is known of the events before. */
  #entered = 0;
  /** The choices before this belong to the owner of the job. */
  readonly #base: number;
  /** Each once, though many runs may find it. */
  readonly #outward = new Map<string, Reversal>();
  /** Jobs that others are at, by the position of the point that they hang from. */
  readonly #lent: number[] = [];

  constructor(system: System, options: { maxSteps: number; prefer?: Preference; job?: Job }) {
    this.#system = system;
    this.#maxSteps = options.maxSteps;
    this.#prefer = options.prefer ?? goOn;
    const { choices, asleep } = options.job ?? { choices: [], asleep: [] };
    this.#base = choices.length;
    this.#known = choices.length;
    for (const [at, id] of choices.entries()) {
      const chosen = { item: { id, process: -1, bornAt: -1, fault: false }, touched: [] };
      this.#path.push({ enabled: [], todo: [], sleep: [...(asleep[at] ?? [])], chosen });
    }
  }

  /** Nothing is left to try. */
  get done(): boolean {
    return this.#done;
  }

  /** Nothing can be done before a job that was lent comes back. */
  get waiting(): boolean {
    return !this.#done && this.#lent.includes(this.#path.length - 1) && this.#known === 0;
  }

  /** Races for the owner of the job, since the last time. */
  takeOutward(): Reversal[] {
    const outward = [...this.#outward.values()];
    this.#outward.clear();
    return outward;
  }

  /** Gives away the part of the tree that is nearest to the root, if there is any. */
  lend(): Job | undefined {
    const job = this.take(() => 0);
    if (job !== undefined) this.tried(job, this.#tryOnce(job.choices));
    return job;
  }

  /**
   * Gives away a part of the tree: what is left at one of the points of the present path. Which one, `choose` says: of so
   * many, from the root on. Whoever takes it says what its last choice has `tried` before anything else is done here.
   */
  take(choose: (count: number) => number): Job | undefined {
    const left: number[] = [];
    for (let at = this.#base; at < this.#path.length; at++) {
      const { todo, sleep } = this.#path[at] as Point;
      if (todo.some((id) => !includes(sleep, id))) left.push(at);
    }
    return left.length === 0 ? undefined : this.#takeAt(left[choose(left.length)] as number);
  }

  #takeAt(position: number): Job | undefined {
    const point = this.#path[position] as Point;
    const item = awakeOf(point);
    if (item === undefined) return undefined;
    const above = this.#path.slice(0, position);
    // What is under way at this point comes before the job, too; what is only about to be comes after it.
    const underWay = position < this.#path.length - 1 ? [point.chosen] : [];
    this.#lent.push(position);
    return {
      choices: [...above.map(({ chosen }) => chosen.item.id), item.id],
      asleep: [...above.map(({ sleep }) => [...sleep]), [...point.sleep, ...underWay]],
    };
  }

  tried(job: Job, what: Happened): void {
    (this.#path[job.choices.length - 1] as Point).sleep.push(what);
  }

  /** Of a job that has made a run: what its last choice was, and what it touched. */
  jobTried: Happened | undefined;

  /** A job is done: what it found that concerns this part of the tree. */
  giveBack(job: Pick<Job, "choices">, outward: readonly Reversal[]): void {
    this.#lent.splice(this.#lent.indexOf(job.choices.length - 1), 1);
    for (const reversal of outward) this.#reverse(reversal);
    if (this.#known === 0) this.#next(false);
  }

  /** What the last choice touches when it is made there. */
  #tryOnce(choices: readonly number[]): Happened {
    const execution = this.#system.begin();
    try {
      for (const [at, id] of choices.entries()) {
        const item = itemOf(execution.enabled(), id);
        if (item === undefined) throw new Diverged(at, "a step that was possible before is not possible now");
        const touched = execution.perform(item);
        if (at === choices.length - 1) return { item, touched };
      }
      throw new Error("a job has a choice");
    } finally {
      execution.close();
    }
  }

  /** What was chosen in the last run, and its causality: valid until the next. */
  lastRun: { choices: number[]; events: number; causality: Causality } | undefined;

  /** Makes one more run. `redundant`: it came to where all that could follow was covered before. */
  run(): RunEnd {
    const execution = this.#system.begin();
    let end: RunEnd;
    try {
      this.#again(execution);
      end = this.#onward(execution);
      if (end !== "redundant") execution.finish();
    } finally {
      execution.close();
    }
    this.#findRaces(execution.cancelled);
    this.jobTried ??= this.#events[this.#base - 1];
    const choices = this.#events.map((event) => event.item.id);
    this.lastRun = { choices, events: choices.length, causality: this.#causality };
    this.#next(true);
    return end;
  }

  /** Takes the known part of the path once more. */
  #again(execution: Execution): void {
    for (let position = 0; position < this.#known; position++) {
      const point = this.#path[position] as Point;
      const item = itemOf(execution.enabled(), point.chosen.item.id);
      if (item === undefined) throw new Diverged(position, "a step that was possible before is not possible now");
      const touched = execution.perform(item);
      if (position === this.#known - 1 || this.#events.length <= position) {
        point.chosen = { item, touched };
        this.#events[position] = point.chosen;
      } else if (!alike(touched, point.chosen.touched)) {
        throw new Diverged(position, "a step touched something else than before");
      }
    }
  }

  #onward(execution: Execution): RunEnd {
    for (;;) {
      const enabled = execution.enabled();
      if (enabled.length === 0) return "complete";
      const position = this.#path.length;
      if (position >= this.#maxSteps) return "cut";
      const parent = this.#path[position - 1];
      const sleep = parent === undefined ? [] : parent.sleep.filter((one) => !dependent(one, parent.chosen));
      const awake = sleep.length === 0 ? enabled : enabled.filter((item) => !includes(sleep, item.id));
      if (awake.length === 0) return "redundant";
      const item = this.#prefer(awake, parent?.chosen.item);
      const todo: number[] = [];
      for (const one of awake) if (mayBeLeftOut(one) && one !== item) todo.push(one.id);
      const copy = enabled.slice();
      const chosen = { item, touched: execution.perform(item) };
      this.#path.push({ enabled: copy, todo, sleep, chosen });
      this.#events.push(chosen);
    }
  }

  /** Of two events that could have come the other way round, sees to it that they will. */
  #findRaces(cancelled: readonly Cancelled[]): void {
    const from = this.#entered;
    this.#entered = 0;
    const run = { events: this.#events, points: this.#path, causality: this.#causality };
    for (const reversal of reversalsOf(run, { from, base: this.#base, cancelled })) this.#reverse(reversal);
  }

  #reverse(reversal: Reversal): void {
    const { position, first, wanted } = reversal;
    if (position < this.#base) {
      this.#outward.set(`${position} ${wanted} ${first.join()}`, reversal);
      return;
    }
    const point = this.#path[position] as Point;
    const possible = (id: number): boolean => itemOf(point.enabled, id) !== undefined;
    for (const id of first) {
      if (id === point.chosen.item.id || point.todo.includes(id) || includes(point.sleep, id)) return;
    }
    // None is possible when it is the earlier event that makes them so: a timer that waits for it.
    const id = first.includes(wanted) && possible(wanted) ? wanted : first.find(possible);
    if (id !== undefined) point.todo.push(id);
  }

  /** Goes back to the last point where something is left to try; waits at one whose jobs are not all back. */
  #next(tried: boolean): void {
    let justTried = tried;
    for (;;) {
      const point = this.#path[this.#path.length - 1];
      if (point === undefined || this.#path.length < this.#base) {
        this.#done = true;
        return;
      }
      if (justTried) point.sleep.push(point.chosen);
      justTried = true;
      const item = this.#path.length === this.#base ? undefined : awakeOf(point);
      if (item !== undefined) {
        point.chosen = { item, touched: [] };
        this.#known = this.#path.length;
        this.#entered = this.#known - 1;
        return;
      }
      if (this.#lent.includes(this.#path.length - 1)) {
        this.#known = 0;
        return;
      }
      this.#path.pop();
      this.#events.pop();
    }
  }
}

function awakeOf(point: Point): Item | undefined {
  for (let id = point.todo.shift(); id !== undefined; id = point.todo.shift()) {
    if (!includes(point.sleep, id)) return itemOf(point.enabled, id);
  }
  return undefined;
}

function includes(events: readonly Happened[], id: number): boolean {
  for (const event of events) if (event.item.id === id) return true;
  return false;
}

function alike(a: Touched, b: Touched): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}
