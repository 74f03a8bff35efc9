// The lock and the structural lock under the explorer: every interleaving that can matter of two processes.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { type ExploreOptions, explore } from "../../explorer/index.ts";
import { isLong } from "../../explorer/testing/long-tests.ts";

const LIMIT_MS = 280_000;

function proved(title: string, file: string, options: ExploreOptions = {}): void {
  test(title, { timeout: LIMIT_MS }, async (t) => {
    const path = fileURLToPath(new URL(file, import.meta.url));
    const report = await explore(path, { budget: `${LIMIT_MS}ms`, ...options });
    t.diagnostic(`${report.runs} runs, ${report.traces} traces, ${(report.elapsedMs / 1000).toFixed(1)} s`);
    assert.equal(report.verdict, "proved", report.cutOffBy.join(", "));
    assert.ok(report.traces > 10, "the processes met");
  });
}

proved("RACE-19 STORE-12 two processes that wait for one lock are never both inside", "./lock.race.ts");
proved("RACE-19 STORE-12 two that find the same dead owner are never both inside", "./dead-owner.race.ts", {
  exported: "two",
});
// Without their guards they are among the mutants; whole they take longest.
if (isLong) {
  proved("RACE-19 STORE-12 a listing that is stale lets nobody in beside a holder", "./try-lock.race.ts");
  proved(
    "RACE-19 STORE-13 what is remembered of a hold that was taken away lets nobody in beside a holder",
    "./again.race.ts",
    {
      exported: "takenAway",
    },
  );
}
proved("RACE-19 a holder killed at any step leaves the lock to the next, and only to one", "./take-over.race.ts");
proved(
  "RACE-19 STORE-14 a holder that beats and may be killed at any step is not robbed while it lives",
  "./heartbeat.race.ts",
  {
    exported: "killed",
  },
);
proved("RACE-19 STORE-13 a beat that comes after the lock was taken away harms no successor", "./heartbeat.race.ts", {
  exported: "takenAway",
});
proved("RACE-19 the drain story: a writer and structural work are never both inside", "./structural-lock.race.ts");
proved("RACE-19 STORE-19 work under a hold that was passed on never meets structural work", "./passed-hold.race.ts");
proved("RACE-19 STORE-09 a service with the pid of its dead self is not kept out by it", "./same-pid.race.ts");
proved("RACE-19 STORE-09 nor after a power loss", "./same-pid-after-boot.race.ts");

test("STORE-12 three that find the same dead owner are never two inside, with any one preemption", async () => {
  const path = fileURLToPath(new URL("./dead-owner.race.ts", import.meta.url));
  const { verdict, cutOffBy } = await explore(path, { exported: "three", preemptions: 1, budget: "60s" });
  assert.deepEqual([verdict, cutOffBy], ["bounded", ["at most 1 preemptions"]]);
});
