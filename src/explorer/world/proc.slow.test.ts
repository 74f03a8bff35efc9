// /proc, as the code under test meets it, beside the real one; and pids that are given twice.

import assert from "node:assert/strict";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type ExploreOptions, inspect, replay, type Trace } from "../index.ts";
import type { DefinedRace } from "../race.ts";
import * as races from "./testing/proc.race.ts";
import { realOutcomes } from "./testing/proc-calls.ts";

async function proved(race: DefinedRace, options: ExploreOptions = {}): Promise<readonly string[]> {
  const report = await inspect(race, options);
  assert.equal(report.verdict, "proved", report.trace?.violation.stack);
  return report.within;
}
async function violated(race: DefinedRace): Promise<Trace> {
  const { verdict, trace } = await inspect(race);
  assert.equal(verdict, "violated");
  assert.ok(trace !== undefined);
  return trace;
}

test("RACE-08 /proc says what Linux says, and refuses what Linux refuses", async () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-proc-"));
  chmodSync(folder, 0o777);
  try {
    const { violation } = await violated(races.allCalls);
    assert.deepEqual(JSON.parse(violation.message), realOutcomes(folder));
  } finally {
    rmSync(folder, { recursive: true });
  }
});
test("/proc is there in all forms of node:fs, and cannot be taken away", async () => {
  await proved(races.forms);
});

const { deadAtOnce, deadWhenOpened, deadWhenRead, deadThen, alive, listed, notListed, listedAgain, notYetListed } =
  races;
for (const race of [
  deadAtOnce,
  deadWhenOpened,
  deadWhenRead,
  deadThen,
  alive,
  listed,
  notListed,
  listedAgain,
  notYetListed,
]) {
  test(`RACE-04 a look at /proc meets the end of the process: ${race.name}`, async () => {
    await violated(race);
  });
}

test("RACE-07 with reusePids a process that is started again has its pid, and another start", async () => {
  const within = await proved(races.samePid);
  assert.ok(within.includes("started again with the same pid"), within.join());
});
test("RACE-08 what was opened of a process is never taken for another with its pid", async () => {
  await proved(races.heldOpen);
});
test("RACE-07 without reusePids the pid of the dead is nobody's", async () => {
  const within = await proved(races.anotherPid);
  assert.ok(!within.includes("started again with the same pid"), within.join());
});
test("reusePids takes no part where nothing is started again", async () => {
  assert.deepEqual(await proved(races.forms, { reusePids: true }), []);
  const within = await proved(races.samePid, { restart: "never" });
  assert.ok(!within.includes("started again with the same pid"), within.join());
});
test("RACE-01 a pid that somebody else has by now is found, is readable, and is found again by a replay", async () => {
  const trace = await violated(races.takenAgain);
  assert.match(trace.violation.message, /^it is another: 1 tick younger$/);
  assert.equal(trace.options.reusePids, true);
  const steps = trace.steps.map(({ process, call, outcome }) => `${process}: ${call} -> ${outcome}`);
  assert.ok(steps.includes("owner: started again as 1010 -> ok"), steps.join("\n"));
  const read = "looker: read /proc/1010/stat -> 1010 (MainThread) S, started at tick";
  assert.ok(steps.includes(`${read} 500`) && steps.includes(`${read} 501`), steps.join("\n"));
  const again = await replay(trace);
  assert.ok(again.same);
  assert.deepEqual(again.trace.steps, trace.steps);
});
test("RACE-07 a power loss ends the boot, and on the next one a process starts as long after it", async () => {
  await proved(races.anotherBoot);
  await violated(races.comparesBoots);
});
