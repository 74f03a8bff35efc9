// The races of the lock that take minutes: HOLDFAST_TESTS=long.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { explore } from "../../explorer/index.ts";

const here = (file: string): string => fileURLToPath(new URL(file, import.meta.url));
const budget = "290s";

test("RACE-19 STORE-02 STORE-03 a writer and structural work, either killed at any step, are never both inside", {
  timeout: 300_000,
}, async () => {
  const { verdict, traces, cutOffBy } = await explore(here("./structural-killed.race.ts"), { budget });
  assert.equal(verdict, "proved", cutOffBy.join(", "));
  assert.ok(traces > 10_000, `${traces} traces`);
});

test("STORE-12 three that find the same dead owner are never two inside, with any two preemptions", {
  timeout: 300_000,
}, async () => {
  const options = { exported: "three", preemptions: 2, budget };
  const { verdict, cutOffBy } = await explore(here("./dead-owner.race.ts"), options);
  assert.deepEqual([verdict, cutOffBy], ["bounded", ["at most 2 preemptions"]]);
});
