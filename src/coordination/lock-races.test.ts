// The lock with many real processes at once.

import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { acquireLock, listLocks } from "./index.ts";
import { thisProcess } from "./owner.ts";
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

test("STORE-07 a waiter that has shown no life for a second is passed over, and served once it wakes", async () => {
  using dir = new TempDir();
  const gate = await acquireLock(dir.at("lock"));
  await using stopped = new LockProcess("visit", dir.at("lock"));
  await until(() => listLocks(dir.path).length === 2, "the first waiter");
  await using behind = new LockProcess("visit", dir.at("lock"));
  await until(() => listLocks(dir.path).length === 3, "the second waiter");
  stopped.child.kill("SIGSTOP");
  const openedMs = Date.now();
  await gate.release();
  const ms = Number((await behind.event("visited")).enteredMs) - openedMs;
  assert.ok(ms < 2000, `took ${ms} ms`);
  stopped.child.kill("SIGCONT");
  await stopped.event("visited");
});

for (const contenders of [2, 3, 8]) {
  test(`STORE-12 ${contenders} processes find the same dead owner at the same instant: exactly one gets the lock`, async () => {
    using dir = new TempDir();
    const rounds = 40;
    const dead = { ...thisProcess(), startTime: "1", scope: "x", holder: "x", leaseMs: 10_000, sinceMs: 0 };
    for (let round = 0; round < rounds; round += 1) {
      mkdirSync(dir.at(`${round}`));
      writeFileSync(dir.at(`${round}`, "1"), JSON.stringify(dead));
    }
    const startAtMs = Date.now() + 300 + contenders * 100;
    const processes = Array.from({ length: contenders }, () => new LockProcess("try", dir.path, { rounds, startAtMs }));
    try {
      await Promise.all(processes.map((process) => process.event("done")));
      const wins = processes.flatMap((process) => process.events.filter((event) => event.event === "won"));
      assert.deepEqual(
        wins.map((win) => win.round).sort((a, b) => Number(a) - Number(b)),
        Array.from({ length: rounds }, (_, round) => round),
      );
      assert.ok(wins.every((win) => win.generation === 2));
    } finally {
      await Promise.all(processes.map((process) => process.kill()));
    }
  });
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

test("after the death of a holder the next enters within 250 ms (median of 7)", async () => {
  using dir = new TempDir();
  const times: number[] = [];
  for (let round = 0; round < 7; round += 1) {
    await using holder = new LockProcess("hold", dir.at("lock"));
    await holder.event("held");
    const waiting = acquireLock(dir.at("lock"));
    await until(() => listLocks(dir.path).some((lock) => lock.state === "waiting"), "a waiter");
    const diedMs = performance.now();
    holder.child.kill("SIGKILL");
    await using _lock = await waiting;
    times.push(performance.now() - diedMs);
  }
  times.sort((a, b) => a - b);
  assert.ok((times[3] ?? Number.POSITIVE_INFINITY) <= 250, `times: ${times}`);
  assert.ok((times[6] ?? Number.POSITIVE_INFINITY) <= 2000, `times: ${times}`);
});
