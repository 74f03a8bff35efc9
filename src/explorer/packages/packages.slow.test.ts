// Packages from the registry, unmodified, under the explorer.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { lanes } from "../telling/index.ts";
import { PACKAGE_SCENARIOS } from "./testing/scenarios.ts";
import { explored, rowOf, rowsInPage, sameEverywhere } from "./testing/table.ts";

const rows = rowsInPage();

for (const [index, scenario] of PACKAGE_SCENARIOS.entries()) {
  const { package: name, version, situation, verdict } = scenario;
  test(`${name} ${version}: ${situation}: ${verdict}`, async () => {
    const manifest = new URL(`../../../node_modules/${name}/package.json`, import.meta.url);
    assert.equal((JSON.parse(readFileSync(manifest, "utf8")) as { version: string }).version, version);
    const report = await explored(scenario);
    assert.equal(report.verdict, verdict, report.trace === undefined ? undefined : lanes(report.trace));
    const row = rowOf(scenario, report, report.elapsedMs);
    assert.equal(sameEverywhere(row, report), sameEverywhere(rows[index] ?? "", report), "docs/explorer.md says so");
  });
}

test("docs/explorer.md has no row beside these", () => assert.equal(rows.length, PACKAGE_SCENARIOS.length));

test("RACE-06 two holders of a stale lock of proper-lockfile 4.1.2 are found in under a second, and told plainly", async () => {
  const scenario = PACKAGE_SCENARIOS.find(({ exported }) => exported === "staleLock");
  assert.ok(scenario?.package === "proper-lockfile");
  const reports = [await explored(scenario), await explored(scenario)];
  const times = reports.map(({ elapsedMs }) => elapsedMs);
  // The first of two may be slow because others use the machine.
  assert.ok(Math.min(...times) < 1000, `it took ${times.map(Math.round).join(" and ")} ms`);
  const trace = reports[0]?.trace;
  assert.ok(trace !== undefined);
  assert.ok(
    trace.switches === 2 && trace.steps.length <= 15,
    `${trace.switches} switches, ${trace.steps.length} steps`,
  );
  const told = lanes(trace).replaceAll(/\s+/g, " ");
  assert.match(
    told,
    /^a looked at \/data\.lock in step 2 \(a directory\), b removed it in step 5 and created it in step 6, and a removed it in step 10\./,
  );
  assert.match(told, /node_modules\/proper-lockfile\/lib\/lockfile\.js:\d+/);
});
