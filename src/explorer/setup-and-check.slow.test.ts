// Setup and the check run alone, and come to an end: else the scenario is at fault.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect, replay, ScenarioError, type Trace } from "./index.ts";
import { raceFile } from "./testing/race-file.ts";

const file = raceFile("endless");

const ENDLESS: Record<string, RegExp> = {
  setupSpin: /^setup does not end$/,
  checkSpin: /^check does not end$/,
  setupPolls: /^setup does not end$/,
  checkPolls: /^the check never ends: after 100,000 steps/,
};
for (const exported of Object.keys(ENDLESS)) {
  test(`RACE-18 setup and the check must end: ${exported}`, { timeout: 90_000 }, async () => {
    await assert.rejects(inspect(file, { exported }), (error: unknown) => {
      assert.ok(error instanceof ScenarioError);
      assert.match(error.message, ENDLESS[exported] as RegExp);
      return true;
    });
  });
}

test("a check that looks for ever, in some orders only, for what it waits for has found something", async () => {
  const { verdict, trace } = await inspect(raceFile("faulty"), { exported: "checkPollsForSum" });
  assert.equal(verdict, "violated");
  const why = "after 100,000 steps it still looks for what nothing will bring about";
  assert.equal(trace?.violation.message, `the check never ends: ${why}`);
  assert.equal(trace?.preemptions, 1);
  assert.ok((await replay(trace as Trace)).same);
});
