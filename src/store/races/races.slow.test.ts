// The store under the explorer: cut off at any effect, and with its lock taken away at any moment.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { type ExploreOptions, explore, type Report } from "../../explorer/index.ts";

const LIMIT_MS = 280_000;
/** Searched whole, `npm run soak -- store`, they take minutes. */
const RUNS_OF_POWER_LOSS = 80;

function explored(title: string, file: string, options: ExploreOptions, expect: (report: Report) => void): void {
  test(title, { timeout: LIMIT_MS }, async (t) => {
    const path = fileURLToPath(new URL(file, import.meta.url));
    const report = await explore(path, { budget: `${LIMIT_MS}ms`, ...options });
    t.diagnostic(`${report.verdict}: ${report.traces} traces, ${(report.elapsedMs / 1000).toFixed(1)} s`);
    expect(report);
  });
}

function proved({ verdict, traces, cutOffBy }: Report): void {
  assert.equal(verdict, "proved", cutOffBy.join(", "));
  assert.ok(traces > 50, "it was killed at each effect");
}

const boundedBy =
  (reason: string) =>
  ({ verdict, cutOffBy }: Report): void => {
    assert.deepEqual([verdict, cutOffBy], ["bounded", [reason]]);
  };

for (const [exported, what] of [
  ["killed", "a save"],
  ["firstKilled", "the first save of all"],
] as const) {
  const title = `STORE-23 STORE-14 ${what} that is killed at any effect is there whole or not at all, and the next one works`;
  explored(title, "./save.race.ts", { exported }, proved);
}
for (const [exported, what] of [
  ["newestKilled", "of the newest version"],
  ["allKilled", "of all versions"],
] as const) {
  const title = `STORE-23 STORE-21 a delete ${what} that is killed at any effect happens whole or not at all`;
  explored(title, "./delete.race.ts", { exported }, proved);
}

const POWER_LOSSES = [
  ["./save.race.ts", "powerLoss"],
  ["./save.race.ts", "firstPowerLoss"],
  ["./delete.race.ts", "newestPowerLoss"],
  ["./delete.race.ts", "allPowerLoss"],
] as const;
for (const [file, exported] of POWER_LOSSES) {
  const title = `STORE-23 what was acknowledged is there after a power loss: ${file} ${exported}`;
  const options = { exported, budget: RUNS_OF_POWER_LOSS };
  explored(title, file, options, boundedBy(`${RUNS_OF_POWER_LOSS} runs`));
}

const ONCE = { preemptions: 1 };
const BOUND = boundedBy("at most 1 preemptions");
explored(
  "STORE-15 a deleter whose lock is taken away at any moment deletes nothing that others saved meanwhile",
  "./overtaken.race.ts",
  { exported: "deleter", ...ONCE },
  BOUND,
);
explored(
  "STORE-15 STORE-21 a saver whose lock is taken away at any moment gives no number that another has given",
  "./overtaken.race.ts",
  { exported: "saver", ...ONCE },
  BOUND,
);
