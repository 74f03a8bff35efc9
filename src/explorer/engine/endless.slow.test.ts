// Waiting that does not end is told apart from a deadlock.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "../explore.ts";
import { asksForEver } from "./testing/endless.race.ts";

test("RACE-12 a process that asks for ever for what another left is told with the name and its maker", async () => {
  const { verdict, trace } = await inspect(asksForEver);
  assert.equal(verdict, "violated");
  assert.equal(trace?.violation.kind, "left-held");
  const message = "a made /lock in step 1 and ended without removing it: b waits for ever for it to go";
  assert.equal(trace?.violation.message, message);
});
