// The exhaustive search, in an order in which races show early: at first each run takes another turn somewhere along the one
// before, and only then all that was left out is made up for.
//
// Depth first, a race that takes an early turn comes after all that can be varied behind it. Which runs are made in the end
// is the same: a turn that is taken early is a job (see exhaustive.ts), as those that are lent to other threads.

import { Lots } from "../program/lots.ts";
import type { Happened } from "./causality.ts";
import { Exhaustive, type Job, type Preference, type RunEnd } from "./exhaustive.ts";
import { mayBeLeftOut, type Reversal } from "./reversals.ts";
import type { System } from "./system.ts";

/** Where so many runs in different places have shown nothing, the order does not matter. */
const MAX_TURNS = 512;
/** Steps of runs whose remainder is kept for later, in all. */
const MAX_STEPS_KEPT = 100_000;

/** Part of the tree, searched by itself. */
interface Part {
  readonly search: Exhaustive;
  readonly job: Job | undefined;
  readonly of: Part | undefined;
}

export class Wandering {
  readonly #system: System;
  readonly #maxSteps: number;
  readonly #lots: Lots;
  readonly #prefer: Preference;
  /** Each was taken out of an earlier one: the last owns nothing that another has. */
  readonly #parts: Part[] = [];
  /** The part out of which each job was taken that others are at, by its choices. */
  readonly #lent = new Map<string, Part>();
  #turns = 0;
  #stepsKept = 0;
  #last: Exhaustive;

  constructor(system: System, options: { maxSteps: number; seed: number }) {
    this.#system = system;
    this.#maxSteps = options.maxSteps;
    this.#lots = new Lots(options.seed);
    this.#prefer = drawing(this.#lots);
    this.#last = this.#add(undefined, undefined).search;
  }

  get done(): boolean {
    return this.#parts.length === 0;
  }

  /** Nothing can be done before a job that was lent comes back. */
  get waiting(): boolean {
    return !this.done && this.#parts.every(({ search }) => search.waiting);
  }

  get lastRun(): Exhaustive["lastRun"] {
    return this.#last.lastRun;
  }

  /** Makes one more run. */
  run(): RunEnd {
    const turn = this.#takeTurn();
    const part = turn ?? (this.#parts.findLast(({ search }) => !search.waiting) as Part);
    this.#last = part.search;
    const end = part.search.run();
    if (turn?.job !== undefined) turn.of?.search.tried(turn.job, turn.search.jobTried as Happened);
    this.#close(part);
    return end;
  }

  /** Gives away what is nearest to the root. */
  lend(): Job | undefined {
    for (const part of this.#parts) {
      const job = part.search.lend();
      if (job === undefined) continue;
      this.#lent.set(job.choices.join(), part);
      return job;
    }
    return undefined;
  }

  /** A job is done. */
  giveBack(job: Pick<Job, "choices">, outward: readonly Reversal[]): void {
    const key = job.choices.join();
    const part = this.#lent.get(key) as Part;
    this.#lent.delete(key);
    part.search.giveBack(job, outward);
    this.#close(part);
  }

  #add(of: Part | undefined, job: Job | undefined): Part {
    const options = { maxSteps: this.#maxSteps, prefer: this.#prefer, ...(job !== undefined && { job }) };
    const part: Part = { search: new Exhaustive(this.#system, options), job, of };
    this.#parts.push(part);
    return part;
  }

  /** Somewhere along the last run; where nothing is left there, along one before. */
  #takeTurn(): Part | undefined {
    if (this.#turns >= MAX_TURNS || this.#stepsKept >= MAX_STEPS_KEPT) return undefined;
    for (const of of this.#parts.toReversed()) {
      const job = of.search.take((count) => this.#lots.below(count));
      if (job === undefined) continue;
      this.#turns += 1;
      this.#stepsKept += job.choices.length;
      return this.#add(of, job);
    }
    return undefined;
  }

  /** What is done goes back to where it was taken out of. */
  #close(part: Part): void {
    for (let each: Part | undefined = part; each?.search.done === true; each = each.of) {
      this.#parts.splice(this.#parts.indexOf(each), 1);
      if (each.job !== undefined) each.of?.search.giveBack(each.job, each.search.takeOutward());
    }
  }
}

/** Any that must happen; what may be left out comes last. */
export function drawing(lots: Lots): Preference {
  return (awake) => {
    const must = awake.filter((item) => !mayBeLeftOut(item));
    const from = must.length > 0 ? must : awake;
    return from[lots.below(from.length)] as (typeof from)[number];
  };
}
