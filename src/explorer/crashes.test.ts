// Killed at every effect, started again or not, and with the power gone.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type ExploreOptions, inspect, type Report, replay, type Trace } from "./index.ts";
import { raceFile } from "./testing/race-file.ts";

const file = raceFile("crashes");

async function violated(exported: string, options: ExploreOptions = {}): Promise<Trace> {
  const { verdict, trace } = await inspect(file, { exported, ...options });
  assert.equal(verdict, "violated");
  assert.ok(trace !== undefined);
  const again = await replay(JSON.parse(JSON.stringify(trace)) as Trace);
  assert.ok(again.same);
  assert.equal(JSON.stringify(again.trace), JSON.stringify(trace));
  return trace;
}
async function proved(exported: string, options: ExploreOptions = {}): Promise<Report> {
  const report = await inspect(file, { exported, ...options });
  assert.equal(report.verdict, "proved", report.trace?.violation.message);
  assert.deepEqual(report.cutOffBy, []);
  return report;
}

test("RACE-07 a write in place is found torn by a kill between the emptying and the writing", async () => {
  const { violation, steps } = await violated("torn");
  assert.match(violation.message, /neither old nor new: ""/);
  const kinds = steps.map(({ kind }) => kind);
  assert.equal(kinds.indexOf("crash"), 1, "after the first effect, which empties the file");
});

test("RACE-07 a process of n effects is killed at each of its n + 1 points, and may or may not be started again", async () => {
  // open, write, close, rename; where it is killed before the first, between, and not after the last: it has ended.
  const never = await proved("whole", { crashes: 1, restart: "never" });
  assert.equal(never.runs, 5);
  assert.deepEqual(never.within, ["1 process killed"]);
  assert.equal((await proved("whole", { crashes: 1, restart: "always" })).runs, 5);
  assert.equal((await proved("whole", { crashes: 1 })).runs, 9);
});

test("RACE-07 who is killed starts again maybe, always or never", async () => {
  await violated("started", { restart: "maybe" });
  await violated("started", { restart: "always" });
  await proved("started", { restart: "never" });
  await violated("needsRestart", { restart: "maybe" });
  await proved("needsRestart", { restart: "always" });
  await violated("needsRestart", { restart: "never" });
});

test("RACE-07 no more processes are killed than the bound says", async () => {
  assert.equal((await proved("started", { crashes: 0 })).runs, 1);
});

test("RACE-07 a rename without a flush of the file may leave an empty file when the power goes", async () => {
  await proved("whole", { crashes: 1 });
  const { violation, steps } = await violated("whole", { powerLoss: true });
  assert.match(violation.message, /neither old nor new: ""/);
  const loss = steps.find(({ kind }) => kind === "power-loss");
  assert.match(loss?.outcome ?? "", /^lost: /);
  assert.deepEqual((await proved("flushedFile")).within, ["one power loss"]);
});

test("RACE-07 a rename whose folder was not flushed may be lost after what follows it was kept", async () => {
  assert.match((await violated("renameNotFlushed")).violation.message, /said to be done/);
  await proved("renameFlushed");
});

test("RACE-07 RACE-14 where not every part of what a power loss takes was tried, the verdict says so", async () => {
  const { verdict, cutOffBy } = await inspect(file, { exported: "muchUnflushed" });
  assert.equal(verdict, "bounded");
  assert.deepEqual(cutOffBy, ["50 runs", "parts of what a power loss takes"]);
});
