// Waiting that does not end is told apart from waiting for somebody who stands still.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "../explore.ts";
import { asksWhileStalled } from "./testing/endless.race.ts";

test("Nobody waits for longer than a stall lasts", async () => {
  const { verdict, cutOffBy, trace } = await inspect(asksWhileStalled);
  assert.equal(verdict, "proved", trace?.violation.message);
  assert.deepEqual(cutOffBy, []);
});
