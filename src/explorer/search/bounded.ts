// Every interleaving up to a number of preemptions, without reduction: the smallest finding is found first, and small
// scenarios can be compared with what the reduction makes of them.
//
// After Musuvathi and Qadeer, "Iterative Context Bounding" (PLDI 2007): most races need one or two preemptions, and the
// schedules with few are few. A preemption is a switch away from a process that could have gone on.

import { Diverged, type Execution, type Item, itemOf, type System } from "./system.ts";

interface Point {
  /** In the order in which they are tried. */
  readonly items: readonly Item[];
  at: number;
  readonly preemptionsBefore: number;
  readonly last: number;
}

export class Bounded {
  readonly #system: System;
  readonly #maxSteps: number;
  readonly #preemptions: number;
  readonly #path: Point[] = [];
  #done = false;
  /** What was chosen in the last run, and how often the process changed in it. */
  choices: number[] = [];
  switches = 0;
  /** Whether any alternative was left out because of the bound. */
  cutByBound = false;

  constructor(system: System, options: { maxSteps: number; preemptions?: number }) {
    this.#system = system;
    this.#maxSteps = options.maxSteps;
    this.#preemptions = options.preemptions ?? Number.POSITIVE_INFINITY;
  }

  get done(): boolean {
    return this.#done;
  }

  run(): "complete" | "cut" {
    const execution = this.#system.begin();
    let end: "complete" | "cut";
    try {
      for (const [position, point] of this.#path.entries()) {
        const item = itemOf(execution.enabled(), (point.items[point.at] as Item).id);
        if (item === undefined) throw new Diverged(position, "a step that was possible before is not possible now");
        execution.perform(item);
      }
      end = this.#onward(execution);
      execution.finish();
    } finally {
      execution.close();
    }
    const taken = this.#path.map((point) => point.items[point.at] as Item);
    this.choices = taken.map((item) => item.id);
    this.switches = taken.filter((item, at) => at > 0 && taken[at - 1]?.process !== item.process).length;
    this.#next();
    return end;
  }

  #onward(execution: Execution): "complete" | "cut" {
    for (;;) {
      const enabled = execution.enabled();
      if (enabled.length === 0) return "complete";
      if (this.#path.length >= this.#maxSteps) return "cut";
      const parent = this.#path[this.#path.length - 1];
      const last = parent?.items[parent.at];
      const before = parent === undefined ? 0 : parent.preemptionsBefore + this.#cost(parent, parent.items[parent.at]);
      const own = last === undefined ? [] : enabled.filter((item) => item.process === last.process && !item.fault);
      const items = [...own, ...enabled.filter((item) => !own.includes(item))];
      const point: Point = {
        items: before < this.#preemptions || own.length === 0 ? items : this.#affordable(items, own),
        at: 0,
        preemptionsBefore: before,
        last: own.length === 0 ? -1 : (last as Item).process,
      };
      this.#path.push(point);
      execution.perform(point.items[0] as Item);
    }
  }

  #affordable(items: readonly Item[], own: readonly Item[]): readonly Item[] {
    const left = items.filter((item) => own.includes(item) || item.fault);
    if (left.length < items.length) this.cutByBound = true;
    return left;
  }

  /** `last` is the process that could go on; to choose another is a preemption. Faults are counted by their own bounds. */
  #cost(point: Point, item: Item | undefined): number {
    return item !== undefined && !item.fault && point.last >= 0 && item.process !== point.last ? 1 : 0;
  }

  #next(): void {
    for (;;) {
      const point = this.#path[this.#path.length - 1];
      if (point === undefined) {
        this.#done = true;
        return;
      }
      point.at += 1;
      if (point.at < point.items.length) return;
      this.#path.pop();
    }
  }
}
