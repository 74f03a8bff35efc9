// Processes that fail: each failure is told as what it is, in the process that it happened in.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect, replay } from "./index.ts";
import { raceFile } from "./testing/race-file.ts";
import type { Violation } from "./trace.ts";

const file = raceFile("failing");

const FAILURES: Record<string, Pick<Violation, "kind" | "message">> = {
  rejected: { kind: "rejection", message: "it broke" },
  rejectedAside: { kind: "rejection", message: "ENOENT: no such file or directory, open '/missing'" },
  thrownNothing: { kind: "rejection", message: "thrown: undefined" },
  thrownAtOnce: { kind: "exception", message: "it broke" },
  thrownInTimer: { kind: "exception", message: "it broke" },
  thrownInTick: { kind: "exception", message: "it broke" },
  thrownInMicrotask: { kind: "exception", message: "it broke" },
  thrownInImmediate: { kind: "exception", message: "it broke" },
  streamError: { kind: "exception", message: "ENOENT: no such file or directory, open '/missing'" },
  exits: { kind: "exit-code", message: "it exited with code 3" },
  exitsLater: { kind: "exit-code", message: "it exited with code 3" },
  exitCode: { kind: "exit-code", message: "it exited with code 3" },
  waitsForEver: { kind: "deadlock", message: "a waits for ever: nothing that is left to happen will wake it" },
};

for (const [exported, { kind, message }] of Object.entries(FAILURES)) {
  for (const isolate of [true, false]) {
    test(`RACE-12 ${exported} is told as ${kind}${isolate ? "" : ", with shared modules too"}`, async () => {
      const { verdict, trace } = await inspect(file, { exported, isolate });
      assert.equal(verdict, "violated");
      assert.ok(trace !== undefined);
      const { stack, ...told } = trace.violation;
      assert.deepEqual(told, { kind, process: "a", message });
      if (message === "it broke") assert.match(stack ?? "", /failing\.race\.ts:\d+:\d+/);
      const again = await replay(trace);
      assert.ok(again.same);
      assert.equal(JSON.stringify(again.trace), JSON.stringify(trace));
    });
  }
}

test("RACE-12 a process that fails in some orders only fails in one of them", async () => {
  const { trace } = await inspect(file, { exported: "rejectedAtTimes" });
  assert.equal(trace?.violation.kind, "rejection");
  assert.equal(trace?.switches, 1);
});

test("RACE-12 a process that may fail may fail, and another may not", async () => {
  assert.equal((await inspect(file, { exported: "mayFail" })).verdict, "proved");
  const { trace } = await inspect(file, { exported: "oneMayFail" });
  assert.equal(trace?.violation.process, "b");
});
