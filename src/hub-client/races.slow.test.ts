// The stories of the sync lock and of the dirty mark, over the shipped code. Without their guards: npm run mutants.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { explore } from "../explorer/index.ts";

function proved(title: string, file: string): void {
  test(title, { timeout: 120_000 }, async (t) => {
    const report = await explore(fileURLToPath(new URL(file, import.meta.url)), { budget: "110s" });
    t.diagnostic(`${report.runs} runs, ${report.traces} traces, ${(report.elapsedMs / 1000).toFixed(1)} s`);
    assert.equal(report.verdict, "proved", report.cutOffBy.join(", "));
    assert.ok(report.traces > 10, "what happens at once met");
  });
}

proved("RACE-19 HUB-01 the sync lock: of two contenders never are both inside", "./sync-lock.race.ts");
proved("RACE-19 FILE-01 the dirty mark: a save during a push reaches the hub", "./dirty-mark.race.ts");
proved("RACE-19 FILE-05 done of an older version does not end the wait for a newer one", "./status-mark.race.ts");
