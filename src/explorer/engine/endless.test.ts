// Waiting that does not end is told apart from a deadlock, and from waiting for somebody who stands still.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "../explore.ts";
import { asksForEver, asksWhileStalled } from "./testing/endless.race.ts";

test("RACE-12 a process that asks for ever is told as one that goes on without an end", async () => {
  const { verdict, trace } = await inspect(asksForEver);
  assert.equal(verdict, "violated");
  assert.equal(trace?.violation.kind, "unbounded");
  assert.match(trace?.violation.message ?? "", /^[ab] goes on without an end: after 2000 steps/);
});

test("Nobody waits for longer than a stall lasts", async () => {
  const { verdict, cutOffBy, trace } = await inspect(asksWhileStalled);
  assert.equal(verdict, "proved", trace?.violation.message);
  assert.deepEqual(cutOffBy, []);
});
