// Searches that draw lots: for scenarios too large to be searched whole.

import { Lots } from "../program/lots.ts";
import type { Execution, Item, System } from "./system.ts";

/** Faults are drawn so seldom, of all the points where they could happen. */
const FAULT_SHARE = 0.1;

/** Every choice is drawn evenly from what is possible. */
export class RandomWalk {
  readonly #system: System;
  readonly #maxSteps: number;
  readonly #lots: Lots;
  /** What was chosen in the last run. */
  choices: number[] = [];
  constructor(system: System, options: { maxSteps: number; seed: number }) {
    this.#system = system;
    this.#maxSteps = options.maxSteps;
    this.#lots = new Lots(options.seed);
  }

  run(): "complete" | "cut" {
    this.choices = [];
    return walk(this.#system, this.#maxSteps, this.choices, (enabled) => {
      const [faults, others] = [enabled.filter((item) => item.fault), enabled.filter((item) => !item.fault)];
      const drawn = faults.length > 0 && (others.length === 0 || this.#lots.fraction() < FAULT_SHARE) ? faults : others;
      return drawn[this.#lots.below(drawn.length)] as Item;
    });
  }
}

/** Races that need more ordered switches are hardly found by lot. */
const MAX_DEPTH = 6;

/**
 * Probabilistic concurrency testing (Burckhardt, Kothari, Musuvathi and Nagarakatte, ASPLOS 2010): processes have
 * priorities drawn by lot, the highest that can go on does, and at `depth - 1` points drawn beforehand the one whose turn
 * it would be falls below all that have not fallen. Finds a race that needs `depth` ordered switches with a probability of
 * at least 1 / (n * k^(depth - 1)), n processes and k steps. Nobody knows the depth beforehand: it is drawn for each run.
 */
export class Pct {
  readonly #system: System;
  readonly #maxSteps: number;
  readonly #lots: Lots;
  readonly #depth: number | undefined;
  choices: number[] = [];
  /** The longest run so far, in steps. */
  #length = 20;
  constructor(system: System, options: { maxSteps: number; seed: number; depth?: number }) {
    this.#system = system;
    this.#maxSteps = options.maxSteps;
    this.#lots = new Lots(options.seed);
    this.#depth = options.depth;
  }

  run(): "complete" | "cut" {
    const lots = this.#lots;
    const priorities = new Map<number, number>();
    const depth = this.#depth ?? 2 + lots.below(MAX_DEPTH - 1);
    const changes = new Set(Array.from({ length: depth - 1 }, () => lots.below(this.#length)));
    let step = 0;
    this.choices = [];
    const end = walk(this.#system, this.#maxSteps, this.choices, (enabled) => {
      const faults = enabled.filter((item) => item.fault);
      if (faults.length > 0 && lots.below(this.#length) === 0) return faults[lots.below(faults.length)] as Item;
      const others = faults.length === enabled.length ? enabled : enabled.filter((item) => !item.fault);
      // Within a process any of what is under way may come first.
      const weigh = (item: Item): number => {
        const known = priorities.get(item.process) ?? 1 + lots.fraction();
        priorities.set(item.process, known);
        return known;
      };
      const first = (): Item[] => {
        const highest = Math.max(...others.map(weigh));
        return others.filter((item) => weigh(item) === highest);
      };
      // Before its step, so that a process can be kept from beginning.
      if (changes.has(step++)) priorities.set((first()[0] as Item).process, -lots.fraction());
      const own = first();
      return own[lots.below(own.length)] as Item;
    });
    this.#length = Math.max(this.#length, step);
    return end;
  }
}

function walk(
  system: System,
  maxSteps: number,
  choices: number[],
  choose: (enabled: readonly Item[]) => Item,
): "complete" | "cut" {
  const execution: Execution = system.begin();
  try {
    for (let step = 0; step < maxSteps; step++) {
      const enabled = execution.enabled();
      if (enabled.length === 0) {
        execution.finish();
        return "complete";
      }
      const item = choose(enabled);
      choices.push(item.id);
      execution.perform(item);
    }
    execution.finish();
    return "cut";
  } finally {
    execution.close();
  }
}
