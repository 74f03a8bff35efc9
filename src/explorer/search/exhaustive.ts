// Every interleaving that can matter, and none twice: depth-first search with source sets and sleep sets.
//
// After Abdulla, Aronis, Jonsson and Sagonas, "Source Sets: A Foundation for Optimal Dynamic Partial Order Reduction"
// (J. ACM 64(4), 2017), algorithm 1. What is different here: an item is one step and not a thread (two operations under
// way in one process are two items, dependent because they share its memory); faults have no place of their own in a
// run, so they are tried wherever they can happen; and an item that an event took away before it happened (a cleared
// timer) races with that event though it never took place.

import { meet, type Touched } from "../footprint.ts";
import { Causality, dependent, type Happened } from "./causality.ts";
import { type Cancelled, Diverged, type Execution, type Item, itemOf, type System } from "./system.ts";

/** A point on the path of the present run, where one item was chosen out of several. */
interface Point {
  enabled: readonly Item[];
  /** Ids still to be tried here; those already tried are asleep. */
  todo: number[];
  /** What was tried here, or came here asleep: any run that begins so again is equivalent to one that was made. */
  sleep: Happened[];
  chosen: Happened;
}

export type RunEnd = "complete" | "redundant" | "cut";

/** Picks what to try first of what is awake; the choice does not bear on what is covered. */
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

/** A race found in a job that is to be reversed before its beginning: it is for the owner of that part of the tree. */
export interface Outward {
  readonly position: number;
  readonly first: readonly number[];
  readonly wanted: number;
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
  readonly #outward = new Map<string, Outward>();
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
  takeOutward(): Outward[] {
    const outward = [...this.#outward.values()];
    this.#outward.clear();
    return outward;
  }

  /** Gives away the part of the tree that is nearest to the root, if there is any. */
  lend(): Job | undefined {
    for (let position = this.#base; position < this.#path.length; position++) {
      const point = this.#path[position] as Point;
      const item = awakeOf(point);
      if (item === undefined) continue;
      const above = this.#path.slice(0, position);
      const before = above.map(({ chosen }) => chosen.item.id);
      // What is under way at this point comes before the job, too; what is only about to be comes after it.
      const underWay = position < this.#path.length - 1 ? [point.chosen] : [];
      const asleep = [...above.map(({ sleep }) => [...sleep]), [...point.sleep, ...underWay]];
      const job: Job = { choices: [...before, item.id], asleep };
      point.sleep.push(this.#tryOnce(before, item.id));
      this.#lent.push(position);
      return job;
    }
    return undefined;
  }

  /** A job is done: what it found that concerns this part of the tree. */
  giveBack(job: Pick<Job, "choices">, outward: readonly Outward[]): void {
    this.#lent.splice(this.#lent.indexOf(job.choices.length - 1), 1);
    for (const { position, first, wanted } of outward) this.#reverse(position, first, wanted);
    if (this.#known === 0) this.#next(false);
  }

  /** What an item touches when it is chosen there. */
  #tryOnce(before: readonly number[], id: number): Happened {
    const execution = this.#system.begin();
    try {
      for (const choice of before) execution.perform(itemOf(execution.enabled(), choice) as Item);
      const item = itemOf(execution.enabled(), id);
      if (item === undefined) throw new Diverged(before.length, "a step that was possible before is not possible now");
      return { item, touched: execution.perform(item) };
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
    for (let position = from; position < this.#events.length; position++) {
      const { item } = this.#events[position] as Happened;
      const direct = this.#causality.enter(this.#events, position);
      if (position < this.#base - 1) continue;
      for (const earlier of direct) {
        if (item.bornAt !== earlier) this.#reverse(earlier, this.#instead(earlier, position), item.id);
      }
      if (item.dueMs !== undefined) this.#reverseForTimer(position, direct);
      this.#reverseForSleepers(position);
    }
    for (const { item, byEvent } of cancelled) {
      if (item.bornAt >= byEvent) continue;
      // What it would have touched is not known: it may have come before all that followed, or after any of that.
      const others = this.#instead(byEvent, this.#events.length);
      this.#reverse(byEvent, [item.id], item.id);
      if (others.length > 0) this.#reverse(byEvent, others, item.id);
    }
  }

  /**
   * A timer comes after what could not wait for it. Where that was brought about by an event that the timer need not wait
   * for, there is a race with that event, though others are between: without it they are not there.
   */
  #reverseForTimer(position: number, direct: readonly number[]): void {
    const { item, touched } = this.#events[position] as Happened;
    for (let earlier = 0; earlier < position; earlier++) {
      if (direct.includes(earlier) || !meet((this.#events[earlier] as Happened).touched, touched)) continue;
      if (earlier === item.bornAt || this.#causality.isBefore(earlier, item.bornAt)) continue;
      this.#reverse(earlier, this.#instead(earlier, position), item.id);
    }
  }

  /**
   * What may be left out, and is asleep where an event was chosen that takes it away or wakes it, was tried elsewhere, but
   * not after a later event that would have woken it: that one is to come first.
   */
  #reverseForSleepers(position: number): void {
    const event = this.#events[position] as Happened;
    for (let earlier = 0; earlier < position; earlier++) {
      const { sleep, chosen } = this.#path[earlier] as Point;
      const woken = sleep.some((one) => mayBeLeftOut(one.item) && dependent(one, chosen) && dependent(one, event));
      if (!woken || this.#causality.isBefore(earlier, position)) continue;
      this.#reverse(earlier, this.#instead(earlier, position), event.item.id);
    }
  }

  /**
   * Ids that can begin a run in which the event at `earlier` comes after the one at `later`: of the events between that
   * do not need the earlier one, and the later one itself, those that need none of the others.
   */
  #instead(earlier: number, later: number): number[] {
    const kept: number[] = [];
    const first: number[] = [];
    for (let at = earlier + 1; at <= later && at < this.#events.length; at++) {
      if (at !== later && this.#causality.isBefore(earlier, at)) continue;
      if (!kept.some((one) => this.#causality.isBefore(one, at))) first.push((this.#events[at] as Happened).item.id);
      kept.push(at);
    }
    return first;
  }

  #reverse(position: number, first: readonly number[], wanted: number): void {
    if (position < this.#base) {
      this.#outward.set(`${position} ${wanted} ${first.join()}`, { position, first, wanted });
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

/** Runs with it and runs without it are not each other's reordering: no race between events leads from one to the other. */
function mayBeLeftOut(item: Item): boolean {
  return item.fault || item.optional === true;
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
