// Three that find the same dead owner, under the explorer: some minutes, HOLDFAST_TESTS=long.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { explore } from "../../explorer/index.ts";

test("RACE-19 STORE-12 three that find the same dead owner: exactly one gets the lock", {
  timeout: 300_000,
}, async (t) => {
  const path = fileURLToPath(new URL("./three-takers.race.ts", import.meta.url));
  const report = await explore(path, { budget: "295s" });
  t.diagnostic(`${report.runs} runs, ${report.traces} traces, ${(report.elapsedMs / 1000).toFixed(1)} s`);
  assert.equal(report.verdict, "proved", report.cutOffBy.join(", "));
  assert.ok(report.traces > 1_000, "all three met");
});
