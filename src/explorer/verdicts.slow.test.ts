// Verdicts do not depend on whether processes share their modules.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "./index.ts";
import { raceFile } from "./testing/race-file.ts";

const small = raceFile("small");

test("processes that share one instance of their modules get the verdicts that separate ones get", async () => {
  for (const exported of [
    "lockOrLeave",
    "corrected",
    "together",
    "cancelled",
    "immediates",
    "failing",
    "syncLockOrLeave",
  ]) {
    const [apart, shared] = [
      await inspect(small, { exported, cores: 1 }),
      await inspect(small, { exported, cores: 1, isolate: false }),
    ];
    assert.equal(shared.verdict, apart.verdict, exported);
    assert.deepEqual([shared.runs, shared.interleavings], [apart.runs, apart.interleavings], exported);
  }
  for (const exported of ["default", "byCallback", "sync"]) {
    const file = raceFile("lost-update");
    const [apart, shared] = [await inspect(file, { exported }), await inspect(file, { exported, isolate: false })];
    assert.deepEqual(shared.trace?.steps, apart.trace?.steps, exported);
  }
});
