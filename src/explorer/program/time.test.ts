// Clocks and timers of simulated processes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "../explore.ts";
import { raceFile } from "../testing/race-file.ts";

const MAX_MS = 5000;
const TITLES = {
  clocksAgree: "ten minutes of setTimeout in all its forms cost nothing, and all clocks agree on them",
  intervals: "setInterval ticks on simulated time, as a callback and as an iterator",
  aborts: "AbortSignal.timeout aborts what waits for longer, alone or with other signals",
  takenBack: "timers can be cleared, refreshed and unref'd",
  together: "processes wait at the same time, and file times go with their clocks",
};

for (const [exported, title] of Object.entries(TITLES)) {
  test(`RACE-09 ${title}`, async () => {
    const report = await inspect(raceFile("time"), { exported });
    assert.equal(report.verdict, "proved", report.trace?.violation.stack);
    assert.ok(report.elapsedMs < MAX_MS, `it took ${report.elapsedMs} ms`);
  });
}
