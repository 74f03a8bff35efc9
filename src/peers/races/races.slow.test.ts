// What comes from other peers in every order, over the shipped code. Without its guards: npm run mutants.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { explore } from "../../explorer/index.ts";
import { isLong } from "../../explorer/testing/long-tests.ts";

function proved(title: string, file: string, exported?: string): void {
  test(title, { timeout: 120_000 }, async (t) => {
    const path = fileURLToPath(new URL(file, import.meta.url));
    const report = await explore(path, { budget: "110s", ...(exported === undefined ? {} : { exported }) });
    t.diagnostic(`${report.runs} runs, ${report.traces} traces, ${(report.elapsedMs / 1000).toFixed(1)} s`);
    assert.equal(report.verdict, "proved", report.cutOffBy.join(", "));
    assert.ok(report.traces >= 6, "what happens at once met");
  });
}

const MEMBERSHIP = "./membership.race.ts";
proved(
  "PEER-15 PEER-01 two announcements and the answer to a request, with start-up: one join",
  MEMBERSHIP,
  "together",
);
proved(
  "PEER-15 PEER-07 unsubscribe, subscribe and announcements of both subscriptions, with start-up",
  MEMBERSHIP,
  "again",
);
proved("PEER-15 PEER-07 a peer that leaves while the log is opened is not here", MEMBERSHIP, "gone");
proved("PEER-15 PEER-04 two peers come at once, and one leaves", MEMBERSHIP, "three");
proved("PEER-15 PEER-17 a subscription that is taken back leaves nothing", "./cancelled.race.ts");
proved("PEER-15 PEER-23 an entry is not let go when a leader stops holding it meanwhile", "./prune.race.ts", "stops");
proved("PEER-15 PEER-23 nor when a leader leaves", "./prune.race.ts", "leaves");

/** Searched whole with HOLDFAST_TESTS=long: `killed` is proved, 153 traces. */
const RUNS = 60;
for (const [exported, what] of [
  ["killed", "a kill"],
  ["powerLoss", "a power loss"],
] as const) {
  test(`PEER-34 what was taken in from a peer is there after ${what} at any effect, if it was acknowledged`, {
    timeout: 280_000,
  }, async (t) => {
    const path = fileURLToPath(new URL("./taken.race.ts", import.meta.url));
    const report = await explore(path, { budget: isLong ? "270s" : RUNS, exported });
    t.diagnostic(`${report.verdict}: ${report.runs} runs, ${(report.elapsedMs / 1000).toFixed(1)} s`);
    assert.notEqual(report.verdict, "violated");
    if (isLong && exported === "killed") assert.equal(report.verdict, "proved", report.cutOffBy.join(", "));
    assert.ok(report.traces >= RUNS - 10, "it was cut off at many effects");
  });
}
