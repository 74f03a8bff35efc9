// The lock with many real processes at once.

import assert from "node:assert/strict";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { contend } from "./testing/contend.ts";
import { LockProcess, TempDir } from "./testing/processes.ts";

test("STORE-06 four processes adding to one number one by one lose no addition", async () => {
  using dir = new TempDir();
  writeFileSync(dir.at("number"), "0");
  const options = { rounds: 50, log: dir.at("number") };
  const processes = Array.from({ length: 4 }, () => new LockProcess("count", dir.at("lock"), options));
  await Promise.all(processes.map((process) => process.exit()));
  assert.equal(readFileSync(dir.at("number"), "utf8"), "200");
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
