// The race that everybody knows, in each of the ways that Node has to read and write a file.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { parseTrace } from "./engine/replay.ts";
import { explore, inspect, RaceViolated, replay, type Trace } from "./index.ts";
import { raceFile } from "./testing/race-file.ts";
import lostUpdate, * as races from "./testing/races/lost-update.race.ts";

const file = raceFile("lost-update");

/** Runs a trace again from its text, and compares all of it. */
async function replaysAlike(trace: Trace): Promise<void> {
  const text = JSON.stringify(trace);
  const again = await replay(parseTrace(text));
  assert.equal(JSON.stringify(again.trace), text);
  assert.deepEqual({ ...again, trace: undefined }, { trace: undefined, same: true, violated: true });
}

async function violation(exported: string): Promise<Trace> {
  const { verdict, trace } = await inspect(file, { exported });
  assert.equal(verdict, "violated");
  assert.ok(trace !== undefined);
  return trace;
}

test("RACE-01 a lost update is found, has one preemption, and replays from a file byte for byte", async () => {
  const trace = await violation("default");
  assert.equal(trace.violation.kind, "check");
  assert.deepEqual([trace.preemptions, trace.switches], [1, 2]);
  await replaysAlike(trace);

  const folder = await mkdtemp(join(tmpdir(), "holdfast-trace-"));
  try {
    const path = join(folder, "trace.json");
    await writeFile(path, JSON.stringify(trace, null, 2));
    const again = await replay(parseTrace(await readFile(path, "utf8")));
    assert.equal(JSON.stringify(again.trace), JSON.stringify(trace));
    assert.ok(again.same);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("RACE-01 the race may be given as it was imported; exploring it twice finds the same", async () => {
  const [first, second] = [await inspect(lostUpdate), await inspect(lostUpdate)];
  assert.equal(first.trace?.file, file);
  assert.equal(first.trace?.exported, "default");
  assert.equal(JSON.stringify(first.trace), JSON.stringify(second.trace));
});

test("a race that was imported is told from others that are made by the same function of the same file", async () => {
  for (const exported of ["byCallback", "promisified", "likeGracefulFs", "first", "second"] as const) {
    assert.equal((await inspect(races[exported])).trace?.exported, exported);
  }
});

test("RACE-01 explore throws what it found, drawn and told", async () => {
  await assert.rejects(explore(lostUpdate), (error: unknown) => {
    assert.ok(error instanceof RaceViolated);
    assert.equal(error.code, "RACE_VIOLATED");
    assert.equal(error.report.verdict, "violated");
    assert.match(error.message, /a read \/balance in step \d+/);
    return true;
  });
});

test("RACE-01 without a preemption there is no lost update, and the verdict says what it rests on", async () => {
  const { verdict, cutOffBy, runs } = await inspect(file, { preemptions: 0 });
  assert.deepEqual([verdict, cutOffBy, runs], ["bounded", ["at most 0 preemptions"], 2]);
});

for (const exported of ["byCallback", "promisified", "sync", "likeGracefulFs"]) {
  test(`RACE-02 it is found in other forms of the calls: ${exported}`, async () => {
    const trace = await violation(exported);
    assert.equal(trace.violation.kind, "check");
    assert.equal(trace.preemptions, 1);
    await replaysAlike(trace);
  });
}

test("RACE-02 one process that calls synchronously, beside one that does not", async () => {
  const trace = await violation("mixed");
  assert.equal(trace.preemptions, 1);
  await replaysAlike(trace);
});
