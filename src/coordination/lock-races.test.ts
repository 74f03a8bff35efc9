// The lock with many real processes at once.

import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { acquireLock, listLocks } from "./index.ts";
import { contend } from "./testing/contend.ts";
import { LockProcess, TempDir, until } from "./testing/processes.ts";

test("STORE-06 four processes adding to one number one by one lose no addition", async () => {
  using dir = new TempDir();
  writeFileSync(dir.at("number"), "0");
  const options = { rounds: 50, log: dir.at("number") };
  const processes = Array.from({ length: 4 }, () => new LockProcess("count", dir.at("lock"), options));
  await Promise.all(processes.map((process) => process.exit()));
  assert.equal(readFileSync(dir.at("number"), "utf8"), "200");
});

test("STORE-07 eight waiting processes are served in order of arrival, holding 50 ms each, within 1.25 x 400 ms", async () => {
  using dir = new TempDir();
  const gate = await acquireLock(dir.at("lock"));
  const visitors: LockProcess[] = [];
  for (let arrived = 1; arrived <= 8; arrived += 1) {
    visitors.push(new LockProcess("visit", dir.at("lock"), { holdMs: 50, log: dir.at("log") }));
    await until(() => listLocks(dir.path).length === 1 + arrived, `waiter ${arrived}`);
  }
  const openedMs = Date.now();
  await gate.release();
  const visits = await Promise.all(visitors.map((visitor) => visitor.event("visited")));
  const order = readFileSync(dir.at("log"), "utf8").trim().split("\n").map(Number);
  assert.deepEqual(
    order,
    visitors.map((visitor) => visitor.pid),
  );
  const ms = Math.max(...visits.map((visit) => Number(visit.leftMs))) - openedMs;
  assert.ok(ms <= 500, `took ${ms} ms`);
});

for (const contenders of [2, 3]) {
  test(`STORE-12 ${contenders} processes find the same dead owner at the same instant: exactly one gets the lock`, () =>
    contend(contenders));
}

test("STORE-12 a taker whose listing is stale, its generation long used and swept, withdraws and starts again", async () => {
  using dir = new TempDir();
  await using taker = new LockProcess("hold", dir.at("lock"), { staleFirstLook: true });
  const { generation } = await taker.event("held");
  assert.equal(generation, 4, "after generations 1 to 3 of the others");
  assert.deepEqual(
    readdirSync(dir.at("lock")).filter((name) => /^\d+$/.test(name)),
    ["4"],
  );
  taker.say("check");
  await taker.event("ok");
});
