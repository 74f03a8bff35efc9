// What never ends is told as that, is no hang, and is told apart from what only takes long.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect, replay, type Trace } from "./index.ts";
import { raceFile } from "./testing/race-file.ts";

const file = raceFile("endless");

async function violation(exported: string): Promise<Trace> {
  const { verdict, trace } = await inspect(file, { exported });
  assert.equal(verdict, "violated");
  assert.ok(trace !== undefined);
  const again = await replay(JSON.parse(JSON.stringify(trace)) as Trace);
  assert.ok(again.same);
  assert.equal(JSON.stringify(again.trace), JSON.stringify(trace));
  return trace;
}

const LOOPS: Record<string, string> = {
  polling: "access /never (ENOENT), timer of 50 ms",
  busyPolling: "access /never (ENOENT)",
  immediates: "next turn",
  interval: "timer of 10 ms",
};

for (const [exported, doing] of Object.entries(LOOPS)) {
  test(`RACE-12 a loop with effects in it is unbounded, and told by what it does: ${exported}`, async () => {
    const { violation: told, steps } = await violation(exported);
    const message = `a goes on for ever: after 20000 more steps, with turns for all, it is still ${doing}`;
    assert.deepEqual(told, { kind: "unbounded", process: "a", message });
    assert.ok(steps.length < 50, `a few rounds are enough: ${steps.length}`);
  });
}

test("RACE-12 a loop that only some orders lead to is found, with one preemption", async () => {
  const trace = await violation("atTimes");
  assert.deepEqual([trace.violation.kind, trace.violation.process, trace.preemptions], ["unbounded", "a", 1]);
});

test("RACE-12 to wait for the clock to move while nothing is waited for is told as that", async () => {
  const { violation: told } = await violation("clockSpin");
  assert.equal(told.kind, "unbounded");
  assert.match(told.message, /looked at the clock 10000 times/);
});

test("RACE-12 what takes long and ends is no loop", async () => {
  for (const exported of ["longButFinite", "waitsForSlow"]) {
    assert.equal((await inspect(file, { exported })).verdict, "proved", exported);
  }
});

test("RACE-12 looking again and again for what another is about to do is no fault: the schedule withholds its turn", async () => {
  for (const preemptions of [undefined, 0]) {
    const bound = preemptions === undefined ? {} : { preemptions };
    const { verdict, cutOffBy } = await inspect(file, { exported: "spinsForAnother", budget: 20, ...bound });
    assert.equal(verdict, "bounded");
    if (preemptions === 0) assert.match(cutOffBy.join(), /runs of more than 2000 steps/, "it never turns to the other");
  }
});

test("RACE-12 waiting for a notice that came before the watch is a deadlock", async () => {
  assert.equal((await violation("watching")).violation.kind, "deadlock");
});

test("RACE-12 a lock that its holder took along is left held: asked for again and again", async () => {
  const { violation: told } = await violation("leftHeld");
  const message = "b made /lock in step 2 and ended without removing it: a waits for ever for it to go";
  assert.deepEqual(
    { ...told, message: told.message.replace(/step \d/, "step 2") },
    {
      kind: "left-held",
      process: "b",
      message,
    },
  );
});

test("RACE-12 a lock left by one that was killed", async () => {
  const { violation: told } = await violation("leftByTheDead");
  assert.equal(told.kind, "left-held");
  assert.match(told.message, /^[ab] made \/lock in step \d+ and was killed without removing it: [ab] waits for ever/);
});

test("RACE-12 a lock that is waited for by looking, and one that is waited for with a watch", async () => {
  for (const exported of ["leftHeldLooking", "leftHeldWatching", "leftHeldSync"]) {
    const { violation: told } = await violation(exported);
    assert.equal(told.kind, "left-held", exported);
    assert.match(told.message, /\/lock in step \d+ and ended without removing it/, exported);
  }
});

test("RACE-12 a true deadlock is none of these: both hold what the other waits for", async () => {
  for (const exported of ["crossed", "crossedPolling"]) {
    const { violation: told } = await violation(exported);
    assert.equal(told.kind, exported === "crossed" ? "deadlock" : "unbounded", exported);
    assert.match(told.message, /a and b|b and a/);
  }
});
