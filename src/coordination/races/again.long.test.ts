// A lock that is taken again by what is remembered of the last hold, under the explorer: some minutes, HOLDFAST_TESTS=long.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { explore } from "../../explorer/index.ts";

test("RACE-19 STORE-13 what is remembered is two holds behind: nobody is let in beside a holder", {
  timeout: 300_000,
}, async (t) => {
  const path = fileURLToPath(new URL("./again.race.ts", import.meta.url));
  const report = await explore(path, { exported: "twoBehind", budget: "295s" });
  t.diagnostic(`${report.runs} runs, ${report.traces} traces, ${(report.elapsedMs / 1000).toFixed(1)} s`);
  assert.equal(report.verdict, "proved", report.cutOffBy.join(", "));
  assert.ok(report.traces > 1_000, "the processes met");
});
