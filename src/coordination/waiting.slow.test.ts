// What a wait that is long tells, and how it ends.

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { isHoldfastError } from "../errors.ts";
import { acquireLock, lockPath, StructuralLock, type WaitReport, withLock } from "./index.ts";
import { thisProcess } from "./owner.ts";
import { LockProcess, TempDir } from "./testing/processes.ts";
import { cannotTrace, WITHOUT_REMOVAL } from "./testing/without-links.ts";

const timedOut = (error: unknown): boolean => isHoldfastError(error, "LOCK_TIMEOUT");

/** Waits 2.5 s by `wait`, in vain, and checks what is told of the holder meanwhile. */
async function told(
  scope: string,
  pid: number,
  wait: (options: { timeoutMs: number; onWait: (waiting: WaitReport) => void }) => Promise<unknown>,
): Promise<void> {
  const reports: WaitReport[] = [];
  await assert.rejects(wait({ timeoutMs: 2500, onWait: (waiting) => reports.push(waiting) }), timedOut);
  assert.equal(reports.length, 2, "after one second and after two");
  for (const [index, report] of reports.entries()) {
    const { forMs, ageMs, ...who } = report;
    assert.deepEqual(who, { scope, pid, holder: "lock-process.ts", host: thisProcess().host });
    assert.ok(forMs >= 1000 * (index + 1) && forMs < 1000 * (index + 1) + 900, `told after ${forMs} ms`);
    assert.ok(ageMs >= forMs - 50, `held for ${ageMs} ms`);
  }
}

test("a wait that is long tells who is waited for: a lock, a collection, a structural holder, a writer", async () => {
  using dir = new TempDir();
  const store = new StructuralLock(dir.path);
  await using collection = new LockProcess("hold", lockPath(dir.path, "c"));
  await collection.event("held");
  await told("c", collection.pid, (options) => withLock(lockPath(dir.path, "c"), options, () => {}));
  await told("c", collection.pid, (options) => store.withCollections(["a", "c"], options, () => {}));
  await told("c", collection.pid, (options) => store.alone(options, () => {}));
  await collection.kill();
  await using structural = new LockProcess("alone", dir.path);
  await structural.event("in");
  await told("structural", structural.pid, (options) => store.withCollections(["c"], options, () => {}));
});

test("onWait that is no function is refused", async () => {
  using dir = new TempDir();
  const onWait = "loudly" as unknown as () => void;
  await assert.rejects(acquireLock(dir.at("lock"), { onWait }), (error) => isHoldfastError(error, "BAD_OPTION"));
});

test("STORE-17 a time-out fires on time although nothing that the dead left can be removed", {
  skip: cannotTrace,
}, async () => {
  using dir = new TempDir();
  const dead = { ...thisProcess(), startTime: "1", scope: "lock", holder: "the dead", leaseMs: 10_000, sinceMs: 0 };
  mkdirSync(dir.at("lock", "waiting"), { recursive: true });
  writeFileSync(dir.at("lock", "1"), JSON.stringify(dead));
  for (const name of ["1.a", "1.b", "2.c"]) writeFileSync(dir.at("lock", "waiting", name), JSON.stringify(dead));
  // The dead holder's lock is taken all the same ...
  await using holder = new LockProcess("hold", dir.at("lock"), {}, WITHOUT_REMOVAL);
  assert.equal((await holder.event("held")).generation, 2);
  // ... and who waits behind tickets that stay waits no longer than it said.
  const startedMs = performance.now();
  await using waiter = new LockProcess("hold", dir.at("lock"), { timeoutMs: 400 }, WITHOUT_REMOVAL);
  const failed = await waiter.event("failed");
  assert.equal(failed.code, "LOCK_TIMEOUT");
  assert.match(String(failed.message), /not free within 4\d\d ms: held by lock-process.ts, pid \d+ on /);
  assert.ok(performance.now() - startedMs < 4000);
});
