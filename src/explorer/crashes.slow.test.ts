// What one that was killed leaves behind.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type ExploreOptions, inspect, replay, type Trace } from "./index.ts";
import { raceFile } from "./testing/race-file.ts";

const file = raceFile("crashes");

async function violated(exported: string, options: ExploreOptions = {}): Promise<Trace> {
  const { verdict, trace } = await inspect(file, { exported, ...options });
  assert.equal(verdict, "violated");
  assert.ok(trace !== undefined);
  const again = await replay(JSON.parse(JSON.stringify(trace)) as Trace);
  assert.ok(again.same);
  assert.equal(JSON.stringify(again.trace), JSON.stringify(trace));
  return trace;
}

test("RACE-07 a lock that was left by one that was killed is told with its maker", async () => {
  const { violation, steps } = await violated("lockLeft");
  assert.equal(violation.kind, "left-held");
  assert.ok(steps.some(({ kind }) => kind === "crash"));
  assert.match(violation.message, /made \/lock in step \d+ and was killed without removing it/);
});
