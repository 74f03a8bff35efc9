// The lock where there are no hard links, with the real kernel.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { acquireLock, listLocks, readLock } from "./index.ts";
import { LockProcess, TempDir } from "./testing/processes.ts";
import { cannotTrace, WITHOUT_LINKS } from "./testing/without-links.ts";

const skip = cannotTrace;

test("without hard links: 8 contenders in 3 processes lose no addition, and each process is told once", {
  skip,
}, async () => {
  using dir = new TempDir();
  writeFileSync(dir.at("number"), "0");
  const options = { rounds: 25, log: dir.at("number") };
  const processes = [3, 3, 2].map(
    (tasks) => new LockProcess("count", dir.at("lock"), { ...options, tasks }, WITHOUT_LINKS),
  );
  await Promise.all(processes.map((process) => process.exit()));
  assert.equal(readFileSync(dir.at("number"), "utf8"), "200");
  for (const { stderr } of processes) assert.equal(stderr.split("[HOLDFAST_NO_HARD_LINKS]").length, 2, stderr);
  assert.deepEqual(listLocks(dir.path), []);
});

test("without hard links: beside processes that see links, on one lock", { skip }, async () => {
  using dir = new TempDir();
  writeFileSync(dir.at("number"), "0");
  const options = { rounds: 25, log: dir.at("number"), tasks: 2 };
  const processes = [WITHOUT_LINKS, []].map((within) => new LockProcess("count", dir.at("lock"), options, within));
  await Promise.all(processes.map((process) => process.exit()));
  assert.equal(readFileSync(dir.at("number"), "utf8"), "100");
});

test("without hard links: a holder's death frees the lock at once, and a record that is half-written after a lease", {
  skip,
}, async () => {
  using dir = new TempDir();
  await using holder = new LockProcess("hold", dir.at("lock"), {}, WITHOUT_LINKS);
  await holder.event("held");
  const state = readLock(dir.at("lock"));
  assert.equal(state.state, "held");
  if (state.state === "held") process.kill(state.record?.pid ?? 0, "SIGKILL"); // strace is its parent
  await holder.exit();
  await using lock = await acquireLock(dir.at("lock"), { timeoutMs: 0 });
  assert.equal(lock.generation, 2);
  mkdirSync(dir.at("half"));
  writeFileSync(dir.at("half", "1"), '{"pid":12');
  const startedMs = performance.now();
  await using other = await acquireLock(dir.at("half"), { leaseMs: 200 });
  assert.equal(other.generation, 2);
  assert.ok(performance.now() - startedMs >= 200);
});
