// What is too large for brute force, in another way: whatever is tried first, in the end the same traces have been made. A
// race that the reduction overlooks is overlooked in one order of the search and seen in another.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { Exhaustive } from "../search/exhaustive.ts";
import { Wandering } from "../search/wandering.ts";
import { InThreads } from "./in-threads.ts";
import { targetOf } from "./target.ts";
import { pick } from "./terms.ts";
import { searching } from "./testing/random-scenarios.ts";
import { traceOf } from "./testing/schedules.ts";

const MAX_STEPS = 500;
/** Scenario, and options that bear on what there is to try. */
const SCENARIOS = [
  "../../coordination/races/lock.race.ts",
  "../../hub-client/sync-lock.race.ts",
  "./testing/watching.race.mjs",
].map((file) => fileURLToPath(new URL(file, import.meta.url)));

async function tracesOf(system: InThreads, search: Exhaustive | Wandering): Promise<string[]> {
  const traces = new Set<string>();
  await searching(() => {
    while (!search.done) {
      const end = search.run();
      if (system.world?.abandoned !== undefined) throw system.world.abandoned;
      if (end !== "redundant" && search.lastRun !== undefined) traces.add(traceOf(search.lastRun));
    }
  });
  return [...traces].sort();
}

for (const file of SCENARIOS) {
  test(`RACE-04 ${file.split("/").at(-1)} comes to the same traces, whatever is tried first`, async (t) => {
    const target = targetOf(file, {});
    const system = new InThreads(target, pick(target.scenario.race));
    try {
      const straight = await tracesOf(system, new Exhaustive(system, { maxSteps: MAX_STEPS }));
      t.diagnostic(`${straight.length} traces`);
      for (const seed of [1, 2]) {
        const wandering = await tracesOf(system, new Wandering(system, { maxSteps: MAX_STEPS, seed }));
        assert.deepEqual([wandering.length, wandering], [straight.length, straight], `seed ${seed}`);
      }
    } finally {
      system.dispose();
    }
  });
}
