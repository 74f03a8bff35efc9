// Footprints are the ground of the search: they must tell too much rather than too little, and not much too much.

import assert from "node:assert/strict";
import { test } from "node:test";
import { randomExchange } from "./testing/exchange.ts";

const PAIRS = 30_000;

test(`${PAIRS} random pairs of calls whose footprints do not meet can be exchanged unseen`, (context) => {
  const firstSeed = Number(process.env.HOLDFAST_SEED ?? Date.now() % 1_000_000_000);
  let apart = 0;
  for (let seed = firstSeed; seed < firstSeed + PAIRS; seed++) {
    const { defect, met } = randomExchange(seed);
    if (defect !== undefined) assert.fail(defect);
    if (!met) apart++;
  }
  // Else nothing was tested.
  assert.ok(apart > PAIRS / 10, `only ${apart} pairs did not meet`);
  context.diagnostic(`${apart} of ${PAIRS} did not meet, from seed ${firstSeed}`);
});
