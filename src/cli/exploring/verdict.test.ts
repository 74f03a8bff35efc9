import assert from "node:assert/strict";
import { test } from "node:test";
import type { Report } from "../../explorer/index.ts";
import { progressText, verdictLine, withinLine } from "./verdict.ts";

const report: Report = {
  verdict: "proved",
  runs: 204,
  traces: 204,
  interleavings: 157_684_169_459_388n,
  elapsedMs: 2_512,
  cutOffBy: [],
  within: [],
  seed: 1,
};

test("the verdict is one line, with numbers that can be read", () => {
  assert.equal(verdictLine(report), "verdict: proved (204 runs, 204 traces, 157,684,169,459,388 interleavings, 2.5 s)");
  assert.equal(
    verdictLine({ ...report, runs: 1, traces: 1, interleavings: 1n, elapsedMs: 14 }),
    "verdict: proved (1 run, 1 trace, 1 interleaving, 0.01 s)",
  );
});

test("RACE-03 interleavings that could not all be counted are told as what they are", () => {
  assert.equal(
    verdictLine({ ...report, interleavings: 1_234_567n, interleavingsAtLeast: true }),
    "verdict: proved (204 runs, 204 traces, at least 1,234,567 interleavings, 2.5 s)",
  );
});

test("RACE-14 a bounded verdict says by what, and bounds of faults stand in the line before it", () => {
  const { interleavings: _, ...unknown } = report;
  const bounded: Report = { ...unknown, verdict: "bounded", cutOffBy: ["at most 2 preemptions", "60s of time"] };
  assert.equal(
    verdictLine(bounded),
    "verdict: bounded (204 runs, 204 traces, 2.5 s; cut off: at most 2 preemptions, 60s of time)",
  );
  assert.equal(withinLine(report), undefined);
  const within = ["1 process killed", "one power loss"];
  assert.equal(withinLine({ ...report, within }), "within: 1 process killed, one power loss");
});

test("progress has runs, their rate, traces and time", () => {
  const progress = { runs: 51_020, traces: 48_000, elapsedMs: 10_000, shrinking: false };
  assert.equal(progressText(progress), "exploring: 51,020 runs (5,102/s), 48,000 traces, 10.0 s");
  assert.match(progressText({ ...progress, shrinking: true }), /^violated: .* 10\.0 s$/);
});
