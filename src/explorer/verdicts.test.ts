// Verdicts are honest: proved only where nothing was cut off, and bounded says by what.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type ExploreOptions, explore, inspect, type Progress, RaceViolated, type Report } from "./index.ts";
import { raceFile } from "./testing/race-file.ts";

const small = raceFile("small");

async function bounded(exported: string, options: ExploreOptions, by: (string | RegExp)[]): Promise<Report> {
  const report = await inspect(small, { exported, ...options });
  assert.equal(report.verdict, "bounded");
  assert.equal(report.cutOffBy.length, by.length, report.cutOffBy.join());
  for (const [at, expected] of by.entries()) {
    const told = report.cutOffBy[at] ?? "";
    if (typeof expected === "string") assert.equal(told, expected);
    else assert.match(told, expected);
  }
  assert.equal(report.interleavings, undefined, "not all are known");
  return report;
}

test("RACE-14 a number of runs bounds, as a number and as text; runs that suffice do not", async () => {
  assert.equal((await bounded("lockOrLeave", { budget: 3 }, ["3 runs"])).runs, 3);
  assert.equal((await bounded("lockOrLeave", { budget: "3 runs" }, ["3 runs"])).runs, 3);
  const { verdict, cutOffBy, runs } = await inspect(small, { exported: "lockOrLeave", budget: 4 });
  assert.deepEqual([verdict, cutOffBy, runs], ["proved", [], 4]);
});

test("RACE-14 time bounds", async () => {
  const { elapsedMs, runs } = await bounded("large", { budget: "300ms" }, ["300ms of time"]);
  assert.ok(elapsedMs >= 300 && elapsedMs < 3000, `${elapsedMs} ms`);
  assert.ok(runs > 10);
});

test("RACE-14 a bound on preemptions bounds only where it left something out", async () => {
  await bounded("lockOrLeave", { preemptions: 0 }, ["at most 0 preemptions"]);
  const { verdict, cutOffBy } = await inspect(small, { exported: "lockOrLeave", preemptions: 10 });
  assert.deepEqual([verdict, cutOffBy], ["proved", []]);
});

for (const strategy of ["random", "pct"] as const) {
  test(`RACE-14 what is drawn by lot is never proved: ${strategy}`, async () => {
    const report = await bounded("apart", { strategy, budget: 200 }, ["200 runs", "drawn by lot"]);
    assert.equal(report.runs, 200);
    assert.equal(report.seed, 1);
    const { verdict, trace } = await inspect(raceFile("lost-update"), { strategy, seed: 7 });
    assert.equal(verdict, "violated");
    assert.equal(trace?.options.seed, 7);
    assert.equal(trace?.preemptions, 1, "shrunk as any other finding");
  });
}

test("RACE-14 the same seed draws the same", async () => {
  const options = { exported: "lockOrLeave", strategy: "random", budget: 50 } as const;
  const drawn = async (seed: number): Promise<string> => {
    const file = raceFile("lost-update");
    const { runs, trace } = await inspect(file, { ...options, exported: "default", seed });
    return `${runs} ${JSON.stringify(trace?.steps)}`;
  };
  assert.equal(await drawn(3), await drawn(3));
});

test("RACE-14 an interrupted search reports what it covered", async () => {
  const controller = new AbortController();
  const seen: Progress[] = [];
  const onProgress = (progress: Progress): void => {
    seen.push(progress);
    if (progress.elapsedMs > 200) controller.abort();
  };
  const report = await bounded("large", { signal: controller.signal, onProgress, cores: 1 }, ["interrupted"]);
  assert.ok(report.runs > 0 && report.runs >= (seen.at(-1)?.runs ?? 0));
  const before = await bounded("large", { signal: AbortSignal.abort() }, ["interrupted"]);
  assert.equal(before.runs, 0);
});

test("RACE-14 what a verdict rests on is told", async () => {
  const { within } = await inspect(small, { exported: "crashing", crashes: 1, stalls: 1, isolate: false });
  const told = within.join("; ");
  assert.match(told, /1 process killed/);
  assert.match(told, /1 process stalled for 60 s/);
  assert.match(told, /share nothing in memory/);
});

test("RACE-14 explore returns what is proved or bounded, and throws what is violated", async () => {
  assert.equal((await explore(small, { exported: "apart" })).verdict, "proved");
  assert.equal((await explore(small, { exported: "lockOrLeave", budget: 1 })).verdict, "bounded");
  await assert.rejects(explore(raceFile("lost-update")), RaceViolated);
});

test("RACE-14 options given to the search go before those of the race", async () => {
  const crashes = raceFile("crashes");
  assert.equal((await inspect(crashes, { exported: "torn" })).verdict, "violated");
  assert.equal((await inspect(crashes, { exported: "torn", crashes: 0 })).verdict, "proved");
});
