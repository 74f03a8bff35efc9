// The examples show what their comments say.

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { inspect, sentence } from "holdfast/explorer";

/** What is said of each export: a verdict, or what went wrong. */
const EXPECTED: Readonly<Record<string, Readonly<Record<string, "proved" | RegExp>>>> = {
  "01-lost-update": { default: /^a read \/visits .* and a wrote over it in step 13/, fixed: "proved" },
  "02-check-then-create": { default: /^a looked at \/leader .* \(not there\), b created it/, fixed: "proved" },
  "03-torn-file": {
    default: /^a was killed in step 2, right after it emptied \/settings\.json/,
    seenByReaders: /^a emptied \/settings\.json .* and reader read it .* before a had written it/,
    besides: "proved",
    besidesUnflushed: /^All processes lost power .* nothing had flushed that/,
    fixed: "proved",
  },
  "04-deadlock": {
    default: /^a waits: .* b waits: .* Nothing is under way that could wake them/,
    fixed: "proved",
    leftBehind: /^a was killed .* \/locks\/mine was left behind, and b tried to create it/,
  },
  "05-stale-lock": { default: /^a looked at \/lock .* b removed it .* and a removed it/, fixed: "proved" },
  "06-register": { default: /^reader looked at \/value .* writer moved \/value\.1020 over it/, fixed: "proved" },
  "07-lock": { default: "proved" },
  "08-lease": { default: /^a read \/visits .* \(which stood still from step \d+ on\) wrote over it/, fixed: "proved" },
};

test("every example is expected to show something", () => {
  const files = readdirSync(import.meta.dirname).filter((name) => name.endsWith(".race.ts"));
  assert.deepEqual(
    files.sort(),
    Object.keys(EXPECTED).map((name) => `${name}.race.ts`),
  );
});

for (const [name, exports] of Object.entries(EXPECTED)) {
  for (const [exported, expected] of Object.entries(exports)) {
    test(`${name} ${exported}: ${expected === "proved" ? expected : "violated"}`, async () => {
      const { verdict, trace } = await inspect(new URL(`${name}.race.ts`, import.meta.url), { exported });
      const told = trace === undefined ? "" : sentence(trace);
      assert.equal(verdict, expected === "proved" ? "proved" : "violated", told);
      if (expected !== "proved") assert.match(told, expected);
    });
  }
}
