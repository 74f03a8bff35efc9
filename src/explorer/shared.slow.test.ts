// A search that several cores share covers what one alone covers, and counts it the same.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Worker } from "node:worker_threads";
import { type ExploreOptions, inspect, type Report } from "./index.ts";
import { isLong } from "./testing/long-tests.ts";
import { raceFile } from "./testing/race-file.ts";

const file = raceFile("shared");

/** With how many runs others made. */
async function explored(options: ExploreOptions): Promise<Report & { readonly byOthers: number }> {
  let byOthers = 0;
  const workers: Worker[] = [];
  const watch = (worker: Worker): void => {
    workers.push(worker);
    worker.on("message", (message: { counts?: { runs: number } }) => {
      byOthers += message.counts?.runs ?? 0;
    });
  };
  process.on("worker", watch);
  try {
    return { ...(await inspect(file, { budget: "5m", ...options })), byOthers };
  } finally {
    process.off("worker", watch);
    // Who is listened to keeps the program from ending.
    for (const worker of workers) worker.unref();
  }
}

const CASES: readonly ExploreOptions[] = [
  { exported: "meeting" },
  { exported: "meeting", isolate: false },
  { exported: "partly", crashes: 1, restart: "never" },
  { exported: "partly", crashes: 1 },
  { exported: "partly", stalls: 1 },
  { exported: "sync" },
];
/** The two that take longest are in `HOLDFAST_TESTS=long`. */
for (const options of CASES.filter((_, at) => isLong || (at !== 1 && at !== 3))) {
  test(`RACE-03 RACE-14 alone, and shared by two and three: ${JSON.stringify(options)}`, async (context) => {
    const alone = await explored({ ...options, cores: 1 });
    assert.equal(alone.byOthers, 0);
    assert.equal(alone.verdict, "proved", alone.trace?.violation.message);
    for (const cores of [2, 3]) {
      const shared = await explored({ ...options, cores });
      context.diagnostic(`${cores} cores: ${shared.runs} runs, ${shared.byOthers} by others`);
      assert.ok(shared.byOthers > 0, "others took part");
      const told = ({ verdict, traces, interleavings, interleavingsAtLeast, within }: Report): unknown[] => {
        return [verdict, traces, interleavings, interleavingsAtLeast, within];
      };
      assert.deepEqual(told(shared), told(alone));
    }
  });
}

test("RACE-14 a budget of runs is spent exactly, however many share it", async (context) => {
  const { runs: all } = await explored({ exported: "meeting", cores: 1 });
  const budget = all - 1;
  for (const cores of [2, 4]) {
    const { verdict, runs, cutOffBy, byOthers } = await explored({ exported: "meeting", cores, budget });
    context.diagnostic(`${cores} cores: ${byOthers} of ${runs} by others`);
    assert.ok(byOthers > 0, "others took part");
    assert.deepEqual([verdict, runs, cutOffBy], ["bounded", budget, [`${budget} runs`]]);
  }
});

test("RACE-03 a program given as text, which does nothing else, gets the verdict of a shared search, and ends", async () => {
  const index = fileURLToPath(new URL("./index.ts", import.meta.url));
  const program = `
    import { inspect } from ${JSON.stringify(index)};
    const { verdict } = await inspect(${JSON.stringify(file)}, { exported: "meeting", cores: 4 });
    console.log(verdict);
  `;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module-typescript", "-e", program]);
  assert.equal(stdout, "proved\n");
});
