// Stronger than the same end states: the orders of steps that the traces stand for are all orders there are, each once.
// So nothing is left out, no two traces are equivalent, and the number of interleavings that is told is right.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Lots } from "../program/lots.ts";
import type { System } from "../search/system.ts";
import { isLong } from "../testing/long-tests.ts";
import {
  faultyScenario,
  type RandomScenario,
  randomScenario,
  searching,
  systemOf,
} from "./testing/random-scenarios.ts";
import { allSchedules, type Covered, coveredSchedules, coveredTogether } from "./testing/schedules.ts";

const MAX_SCHEDULES = 1500;
/** `npm run soak -- explorer` goes through as many as one likes. */
const [PLAIN, FAULTY, SHARED] = isLong ? [300, 80, 60] : [100, 30, 20];

async function compare(
  scenario: RandomScenario,
  about: string,
  cover: (system: System) => Covered = coveredSchedules,
): Promise<boolean> {
  const all = await searching(() => allSchedules(systemOf(scenario).system, MAX_SCHEDULES));
  if (all === undefined) return false;
  const { schedules, twice, counted } = await searching(() => cover(systemOf(scenario).system));
  const difference = {
    missed: [...all].filter((one) => !schedules.has(one)),
    impossible: [...schedules].filter((one) => !all.has(one)),
    twice,
  };
  assert.deepEqual(difference, { missed: [], impossible: [], twice: [] }, `${about}: ${JSON.stringify(scenario)}`);
  assert.deepEqual(counted, { count: BigInt(all.size), exact: true }, about);
  return true;
}

test(`RACE-03 RACE-04 on ${PLAIN} random scenarios the traces stand for each order of steps, once`, async () => {
  let compared = 0;
  for (let seed = 1; compared < PLAIN; seed++) {
    if (await compare(randomScenario(seed), `seed ${seed}`)) compared += 1;
  }
});

test("RACE-04 RACE-07 so they do with several crashes, stalls, long waits and failing processes", async () => {
  let compared = 0;
  for (let seed = 1; compared < FAULTY; seed++) {
    if (await compare(faultyScenario(seed), `seed ${seed}`)) compared += 1;
  }
});

for (const [name, scenarioOf] of Object.entries({ randomScenario, faultyScenario })) {
  test(`RACE-03 RACE-04 so they do when the search is shared: ${SHARED} of ${name}`, async () => {
    let compared = 0;
    for (let seed = 1; compared < SHARED; seed++) {
      const lots = new Lots(seed);
      const together = (system: System): Covered => coveredTogether(system, () => lots.below(3) === 0);
      if (await compare(scenarioOf(seed), `seed ${seed}`, together)) compared += 1;
    }
  });
}
