// A scenario of the store as a test: searched whole, or as far as is said.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { type ExploreOptions, explore, type Report } from "../../explorer/index.ts";

const LIMIT_MS = 280_000;

export function explored(title: string, file: string, options: ExploreOptions, expect: (report: Report) => void): void {
  test(title, { timeout: LIMIT_MS }, async (t) => {
    const path = fileURLToPath(new URL(file, import.meta.url));
    const report = await explore(path, { budget: `${LIMIT_MS}ms`, ...options });
    t.diagnostic(`${report.verdict}: ${report.traces} traces, ${(report.elapsedMs / 1000).toFixed(1)} s`);
    expect(report);
  });
}

/** Everything was seen, and that was not little. */
export const proved =
  (atLeast: number) =>
  ({ verdict, traces, cutOffBy }: Report): void => {
    assert.equal(verdict, "proved", cutOffBy.join(", "));
    assert.ok(traces >= atLeast, `${traces} traces`);
  };

/** Nothing was found before `reason` ended the search, or `others` left out a part of it. */
export const boundedBy =
  (reason: string, ...others: readonly string[]) =>
  ({ verdict, cutOffBy }: Report): void => {
    const left = cutOffBy.filter((found) => !others.includes(found));
    assert.deepEqual([verdict, left], ["bounded", [reason]]);
  };
