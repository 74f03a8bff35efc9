// Commands killed at one system call after the other. All of them: `npm run soak -- cut-off`.

import assert from "node:assert/strict";
import { test } from "node:test";
import { cutOffEverywhere, SCENARIOS } from "./testing/cut-off.ts";
import { type Place, whyNoTracing } from "./testing/system-calls.ts";

/** Every call that gives or takes a name, but those of the same kind in a row; some flushes, and some of the many writes. */
const EACH: Readonly<Record<string, number>> = { unlink: 3, fsync: 6, pwrite64: 30, write: 30 };

function some(places: readonly Place[]): Place[] {
  return places.filter(({ call, nth }) => nth % (EACH[call] ?? 1) === 0);
}

/** A put that takes a lock over makes the calls of one that does not as well. */
for (const scenario of SCENARIOS.slice(1)) {
  test(`STORE-14 STORE-23 ${scenario.title}, killed at one system call after the other, has happened or not`, {
    skip: whyNoTracing() ?? false,
    timeout: 280_000,
  }, async (t) => {
    const count = await cutOffEverywhere(scenario, some);
    t.diagnostic(`${count} places`);
    assert.ok(count > 10, "it was killed at its calls");
  });
}
