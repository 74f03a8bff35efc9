import assert from "node:assert/strict";
import { test } from "node:test";
import { churnRun } from "./testing/churn-run.ts";

/** Ten beats. */
const BOUND_MS = 20_000;

test("PEER-21 thirty peers of which nine come and go: no entry has one copy for longer than the bound, no event is doubled", async () => {
  const minutes = process.env.HOLDFAST_TESTS === "long" ? 30 : 5;
  const result = await churnRun({ peers: 30, restless: 9, share: 1 / 30, durationMs: minutes * 60_000, seed: 2 });
  assert.ok(result.stops > 0 && result.kills > 0, "some left, and some were killed");
  assert.ok(
    result.samples.some(({ single }) => single > 0),
    "copies were lost",
  );
  assert.ok(result.longestSingleMs <= BOUND_MS, `${result.longestSingleMs}`);
});
