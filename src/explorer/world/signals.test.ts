// Signals between processes, as the code under test meets them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect } from "../explore.ts";
import type { DefinedRace } from "../race.ts";
import * as races from "./testing/signals.race.ts";

async function proved(race: DefinedRace): Promise<void> {
  const report = await inspect(race);
  assert.equal(report.verdict, "proved", report.trace?.violation.stack);
}
async function violated(race: DefinedRace, how: RegExp): Promise<string[]> {
  const { verdict, trace } = await inspect(race);
  assert.equal(verdict, "violated");
  assert.match(trace?.violation.message ?? "", how);
  return trace?.steps.map(({ process, call, outcome }) => `${process}: ${call} -> ${outcome}`) ?? [];
}

test("A process is found dead only when it has done all that it does", () => proved(races.deadIsDone));
test("A process that has done its work may still live", async () => {
  const steps = await violated(races.livingIsNotDone, /true !== false|strictly equal/);
  assert.ok(steps.includes("looker: look whether 1010 lives -> true"), steps.join("\n"));
});
test("A process that was killed is found dead with its work undone", async () => {
  const steps = await violated(races.deadIsNotDone, /strictly equal/);
  assert.ok(steps.includes("owner: killed -> ok") && steps.includes("looker: look whether 1010 lives -> ESRCH"));
});
test("A process that was started again has another pid, and its former one is dead", () => proved(races.anotherPid));
test("A signal that nobody listens for ends a process between any two of its calls", async () => {
  const steps = await violated(races.killedAnywhere, /true false/);
  assert.ok(steps.includes("target: SIGTERM from killer -> dead"), steps.join("\n"));
});
test("A handler is called with the signal, and not within a run of synchronous calls", () => proved(races.handled));
test("A handler that has gone leaves the signal to the kernel, and no handler of exit runs then", () =>
  proved(races.again));
test("A handler of exit that works synchronously has its way", () => proved(races.cleansUp));
test("process.kill refuses as Node's does", () => proved(races.refusals));
test("What handlers of exit do after a failure is no part of its trace", async () => {
  const { trace } = await inspect(races.failsAndCleansUp);
  assert.match(trace?.violation.message ?? "", /as it comes/);
  const all = trace?.steps.flatMap(({ call, touched }) => [call, ...touched.map(({ what }) => what)]) ?? [];
  assert.deepEqual(
    all.filter((what) => what.includes("/cleaned")),
    [],
  );
});
