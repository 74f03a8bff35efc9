// Setup and the check run alone, and come to an end: else the scenario is at fault.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect, ScenarioError } from "./index.ts";
import { raceFile } from "./testing/race-file.ts";

const file = raceFile("endless");

for (const exported of ["setupSpin", "checkSpin", "setupPolls", "checkPolls"]) {
  test(`RACE-18 setup and the check must end: ${exported}`, { timeout: 90_000 }, async () => {
    await assert.rejects(inspect(file, { exported }), (error: unknown) => {
      assert.ok(error instanceof ScenarioError);
      assert.match(error.message, exported.startsWith("setup") ? /setup does not end/ : /check does not end/);
      return true;
    });
  });
}
