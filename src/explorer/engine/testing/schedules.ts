// The schedules of a scenario, each by what was chosen in it: all there are, and those that the traces of a reduced search
// stand for.

import { Bounded } from "../../search/bounded.ts";
import type { Causality } from "../../search/causality.ts";
import { Exhaustive } from "../../search/exhaustive.ts";
import type { System } from "../../search/system.ts";

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

/** Every order of the steps of every trace; with those that two traces stand for. */
export function coveredSchedules(system: System): { schedules: Set<string>; twice: string[] } {
  const search = new Exhaustive(system, { maxSteps: MAX_STEPS });
  const schedules = new Set<string>();
  const twice: string[] = [];
  while (!search.done) {
    if (search.run() === "redundant") continue;
    const { choices, causality } = search.lastRun as NonNullable<typeof search.lastRun>;
    for (const order of orders(causality, [...choices.keys()], [])) {
      const schedule = order.map((at) => choices[at]).join();
      if (schedules.has(schedule)) twice.push(schedule);
      schedules.add(schedule);
    }
  }
  return { schedules, twice };
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
