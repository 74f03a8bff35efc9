// The soundness of the reduction, on scenarios of processes that call and end each other.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isLong } from "../testing/long-tests.ts";
import { endStates, randomCalls } from "./testing/random-calls.ts";

const SCENARIOS = isLong ? 200 : 60;
const MAX_BRUTE_RUNS = 1000;

test(`RACE-04 on ${SCENARIOS} random scenarios with calls, signals and network faults the reduction reaches what brute force reaches`, async () => {
  let [compared, runs, brute] = [0, 0, 0];
  for (let seed = 1; compared < SCENARIOS; seed++) {
    assert.ok(seed < SCENARIOS * 8, "enough scenarios are small enough for brute force");
    const scenario = randomCalls(seed);
    const all = await endStates(scenario, "brute", MAX_BRUTE_RUNS);
    if (!all.whole) continue;
    const reduced = await endStates(scenario, "reduced", MAX_BRUTE_RUNS * 2);
    assert.ok(reduced.whole, `seed ${seed}: the reduced search ends`);
    assert.deepEqual([...reduced.ends].sort(), [...all.ends].sort(), `seed ${seed}: ${JSON.stringify(scenario)}`);
    compared += 1;
    runs += reduced.runs;
    brute += all.runs;
  }
  assert.ok(runs < brute / 2, `the reduction saves at least half of the runs: ${runs} of ${brute}`);
});
