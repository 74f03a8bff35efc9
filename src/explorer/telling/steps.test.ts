// A line for each step, as a replay shows them one after the other.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { steps } from "./steps.ts";
import { anyTrace } from "./testing/any-trace.ts";
import { SAMPLES } from "./testing/sample-traces.ts";

test("RACE-17 step by step: number, time where it moves, part in the losing window, process, call, outcome, place", () => {
  assert.deepEqual([...steps(SAMPLES.STALE_TAKEOVER)].slice(5, 9), [
    "   6            looked    c  stat /lock → directory, modified at 0 ms  (lock.ts:22:17)",
    "   7            changed   b  rmdir /lock  (lock.ts:27:11)",
    "   8            changed   b  mkdir /lock  (lock.ts:18:11)",
    "   9            acted     c  rmdir /lock  (lock.ts:27:11)",
  ]);
  assert.equal([...steps(SAMPLES.CRASH_HALFWAY)][3], "   4  a  killed");
});

test("any trace has one line for each step, and none steers the terminal", () => {
  fc.assert(
    fc.property(anyTrace(), (trace) => {
      const lines = [...steps(trace)];
      assert.equal(lines.length, trace.steps.length);
      assert.ok(lines.every((line) => !/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/.test(line) && line.isWellFormed()));
    }),
  );
});
