// Corrected code is proved, and the number of interleavings is the one that trying all of them gives.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type ExploreOptions, inspect } from "./index.ts";
import { raceFile } from "./testing/race-file.ts";

const file = raceFile("small");
/** More than any of the scenarios has steps: nothing is left out, and nothing is reduced. */
const UNBOUNDED = 1000;

async function counts(exported: string, options: ExploreOptions = {}): Promise<[reduced: bigint, brute: bigint]> {
  const reduced = await inspect(file, { exported, ...options });
  const brute = await inspect(file, { exported, ...options, preemptions: UNBOUNDED });
  for (const { verdict, cutOffBy, trace } of [reduced, brute]) {
    assert.equal(verdict, "proved", trace?.violation.message);
    assert.deepEqual(cutOffBy, []);
  }
  assert.ok(reduced.interleavings !== undefined && reduced.interleavingsAtLeast === undefined);
  assert.equal(brute.interleavings, BigInt(brute.runs), "each run is one");
  assert.ok(reduced.traces <= reduced.runs);
  return [reduced.interleavings, BigInt(brute.runs)];
}

const PLAIN: Record<string, bigint> = {
  apart: 6n,
  sameName: 6n,
  lockOrLeave: 10n,
  corrected: 20n,
  together: 24n,
  togetherMeeting: 14n,
  timers: 6n,
  longTimers: 1n,
  cancelled: 10n,
  cancelledByOthers: 28n,
  immediates: 12n,
  failing: 23n,
  failingEarly: 10n,
  syncApart: 6n,
  syncLockOrLeave: 10n,
  syncAndLater: 6n,
};
for (const [exported, expected] of Object.entries(PLAIN)) {
  test(`RACE-03 ${exported} is proved over ${expected} interleavings, as brute force counts them`, async () => {
    assert.deepEqual(await counts(exported), [expected, expected]);
  });
}

const FAULTS: ExploreOptions[] = [
  { crashes: 1 },
  { crashes: 1, restart: "always" },
  { crashes: 1, restart: "never" },
  { crashes: 2 },
  { stalls: 1 },
  { crashes: 1, stalls: 1 },
];
for (const options of FAULTS) {
  for (const exported of ["crashing", "timers", "longTimers", "syncCrashing"]) {
    test(`RACE-03 RACE-07 ${exported} under ${JSON.stringify(options)} is counted as brute force counts`, async () => {
      const [reduced, brute] = await counts(exported, options);
      assert.equal(reduced, brute);
      assert.ok(brute > 1n);
    });
  }
}

test("RACE-03 RACE-07 a power loss at every point, too", async () => {
  const [reduced, brute] = await counts("crashing", { powerLoss: true });
  assert.equal(reduced, brute);
});

test("RACE-05 three processes of four independent effects take one run where there are 34,650 orders", async () => {
  for (const exported of ["threeOfFour", "threeInOne"]) {
    const { verdict, runs, interleavings } = await inspect(file, { exported });
    assert.equal(verdict, "proved");
    assert.ok(runs <= 36, `${runs} runs`);
    assert.equal(interleavings, 34_650n);
  }
});

test("RACE-05 four of four take one run where there are 63,063,000", async () => {
  for (const exported of ["fourOfFour", "fourInOne"]) {
    const { verdict, runs, interleavings } = await inspect(file, { exported });
    assert.equal(verdict, "proved");
    assert.ok(runs <= 576, `${runs} runs`);
    assert.equal(interleavings, 63_063_000n);
  }
});
