import assert from "node:assert/strict";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { inspect, type Report, sentence } from "./index.ts";

const FILE = fileURLToPath(new URL("./testing/races/sqlite.race.ts", import.meta.url));
const look = (exported: string): Promise<Report> => inspect(FILE, { exported, budget: "120s" });

test("RACE-11 a lost update through SQLite is found, and one transaction for look and write is proved", async () => {
  const careless = await look("careless");
  assert.equal(careless.verdict, "violated");
  assert.equal(careless.trace?.preemptions, 1);
  assert.match(sentence(careless.trace as NonNullable<Report["trace"]>), /UPDATE account/);
  const careful = await look("careful");
  assert.equal(careful.verdict, "proved", careful.trace?.violation.message);
  assert.ok(careful.traces > 50, "the transactions met");
});

test("RACE-11 a killed process's transaction never happened; two without one are seen half done", async () => {
  assert.equal((await look("killed")).verdict, "proved");
  const between = await look("killedBetween");
  assert.equal(between.verdict, "violated");
  assert.match(between.trace?.violation.message ?? "", /70 !== 100/);
});

test("RACE-11 what was committed outlives a power loss", async () => {
  const report = await look("durable");
  assert.equal(report.verdict, "proved", report.trace?.violation.message);
});

test("RACE-11 who meets a lock without patience gets SQLite's own answer", async () => {
  const report = await look("impatient");
  assert.equal(report.verdict, "violated");
  assert.match(report.trace?.violation.message ?? "", /database is locked/);
});
