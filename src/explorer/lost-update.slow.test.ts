// The race that everybody knows, in the ways that take longer to explore.

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseTrace } from "./engine/replay.ts";
import { inspect, replay, type Trace } from "./index.ts";
import { raceFile } from "./testing/race-file.ts";

const file = raceFile("lost-update");

/** Runs a trace again from its text, and compares all of it. */
async function replaysAlike(trace: Trace): Promise<void> {
  const text = JSON.stringify(trace);
  const again = await replay(parseTrace(text));
  assert.equal(JSON.stringify(again.trace), text);
  assert.deepEqual({ ...again, trace: undefined }, { trace: undefined, same: true, violated: true });
}

async function violation(exported: string): Promise<Trace> {
  const { verdict, trace } = await inspect(file, { exported });
  assert.equal(verdict, "violated");
  assert.ok(trace !== undefined);
  return trace;
}

for (const exported of ["existsThenWrite", "syncByDescriptor"]) {
  test(`RACE-02 it is found in other forms of the calls: ${exported}`, async () => {
    const trace = await violation(exported);
    assert.equal(trace.violation.kind, "check");
    assert.equal(trace.preemptions, 1);
    await replaysAlike(trace);
  });
}
