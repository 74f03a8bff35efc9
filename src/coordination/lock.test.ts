// The lock, as one or a few processes see it. Many processes racing: lock-races.test.ts. Crashes: lock-crash.slow.test.ts.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { isHoldfastError } from "../errors.ts";
import {
  acquireLock,
  forceRelease,
  HeldLock,
  type LockRecord,
  listLocks,
  readLock,
  tryAcquireLock,
  withLock,
} from "./index.ts";
import { thisProcess } from "./owner.ts";
import { LockProcess, TempDir, until } from "./testing/processes.ts";

/** Writes generation 1 as if another process had taken it. */
function plantOwner(path: string, owner: Partial<LockRecord>): void {
  const record = { ...thisProcess(), scope: "planted", holder: "planted", leaseMs: 10_000, sinceMs: 0, ...owner };
  mkdirSync(path, { recursive: true });
  writeFileSync(`${path}/1`, JSON.stringify(record));
}

function code(expected: string): (error: unknown) => boolean {
  return (error) => isHoldfastError(error) && error.code === expected;
}

/** How long `work` takes, in milliseconds. */
async function timed(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

test("generations rise by one, and only the highest is kept", async () => {
  using dir = new TempDir();
  const generations: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    await withLock(dir.at("lock"), {}, (lock) => {
      generations.push(lock.generation);
    });
  }
  assert.deepEqual(generations, [1, 2, 3, 4, 5]);
  assert.match(readdirSync(dir.at("lock")).sort().join(), /^5,5\.\w+\.released$/);
});

test("two tasks of one process exclude each other", async () => {
  using dir = new TempDir();
  let inside = 0;
  let most = 0;
  const visit = (): Promise<void> =>
    withLock(dir.at("lock"), {}, async () => {
      inside += 1;
      most = Math.max(most, inside);
      await new Promise((resolve) => setTimeout(resolve, 5));
      inside -= 1;
    });
  await Promise.all([visit(), visit(), visit(), visit()]);
  assert.equal(most, 1);
});

test("taking a lock again in the context that holds it is refused, and possible once it is given back", async () => {
  using dir = new TempDir();
  let later: (() => Promise<void>) | undefined;
  await withLock(dir.at("lock"), {}, async () => {
    await assert.rejects(
      withLock(dir.at("lock"), {}, () => {}),
      code("LOCK_REENTERED"),
    );
    await assert.rejects(acquireLock(`${dir.path}/x/../lock`), code("LOCK_REENTERED"));
    await withLock(dir.at("other"), {}, () => {});
    const { AsyncResource } = await import("node:async_hooks");
    later = AsyncResource.bind(() => withLock(dir.at("lock"), {}, () => {}));
  });
  await later?.();
});

for (const [what, owner] of [
  ["whose pid is gone", { pid: 2 ** 22 - 3 }],
  ["whose start time differs (pid given out again)", { startTime: "1" }],
  ["of an earlier boot", { bootId: "00000000-0000-0000-0000-000000000000" }],
] as const) {
  test(`STORE-09 a lock with an owner ${what} is taken at once`, async () => {
    using dir = new TempDir();
    plantOwner(dir.at("lock"), owner);
    assert.equal(readLock(dir.at("lock")).state, "dead");
    const ms = await timed(async () => {
      await using lock = await acquireLock(dir.at("lock"), { timeoutMs: 0 });
      assert.equal(lock.generation, 2);
    });
    assert.ok(ms < 100, `took ${ms} ms`);
  });
}

test("STORE-09 a zombie is dead", async () => {
  using dir = new TempDir();
  // The shell's child ends after the shell became `sleep`, which reaps nobody.
  const parent = spawn("sh", ["-c", "sleep 0.05 & echo $!; exec sleep 60"], { stdio: ["ignore", "pipe", "ignore"] });
  try {
    const pid = await new Promise<number>((resolve) => parent.stdout.once("data", (text) => resolve(Number(text))));
    const stat = (): string[] => readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    await until(() => stat()[0] === "Z", "a zombie");
    plantOwner(dir.at("lock"), { pid, startTime: stat()[19] ?? "" });
    await using lock = await acquireLock(dir.at("lock"), { timeoutMs: 0 });
    assert.equal(lock.generation, 2);
  } finally {
    parent.kill("SIGKILL");
  }
});

test("STORE-10 a live local owner is not robbed, however old its record, nor while it is stopped", async () => {
  using dir = new TempDir();
  await using holder = new LockProcess("hold", dir.at("lock"), { leaseMs: 50, wallClockOffsetMs: -1e12 });
  await holder.event("held");
  holder.child.kill("SIGSTOP");
  await assert.rejects(acquireLock(dir.at("lock"), { timeoutMs: 600, leaseMs: 50 }), code("LOCK_TIMEOUT"));
  holder.child.kill("SIGCONT");
  holder.say("check");
  await holder.event("ok");
});

for (const wallClockOffsetMs of [-1e11, 1e11]) {
  test(`STORE-11 a silent owner on another host is taken over after one lease, wall clock off by ${wallClockOffsetMs} ms`, async () => {
    using dir = new TempDir();
    await using holder = new LockProcess("hold", dir.at("lock"), {
      leaseMs: 400,
      machineId: "another",
      wallClockOffsetMs,
    });
    await holder.event("held");
    holder.child.kill("SIGSTOP");
    const ms = await timed(async () => {
      await using lock = await acquireLock(dir.at("lock"), { timeoutMs: 10_000, leaseMs: 400 });
      assert.equal(lock.generation, 2);
    });
    assert.ok(ms >= 400, `robbed after ${ms} ms`);
    assert.ok(ms < 2000, `took ${ms} ms`);
  });
}

test("STORE-11 a full lease must be seen by the taker itself: an old record is not enough", async () => {
  using dir = new TempDir();
  plantOwner(dir.at("lock"), { hostId: "another", leaseMs: 500 });
  await assert.rejects(acquireLock(dir.at("lock"), { timeoutMs: 300 }), code("LOCK_TIMEOUT"));
  assert.ok(!(tryAcquireLock(dir.at("lock")) instanceof HeldLock));
});

test("STORE-13 a release after a take-over touches nothing of the successor's", async () => {
  using dir = new TempDir();
  const first = await acquireLock(dir.at("lock"));
  assert.equal(forceRelease(dir.at("lock"), first.generation), true);
  const second = await acquireLock(dir.at("lock"));
  await first.release();
  await first.release();
  second.assertHeld();
  assert.equal(readLock(dir.at("lock")).state, "held");
  await assert.rejects(acquireLock(dir.at("lock"), { timeoutMs: 50 }), code("LOCK_TIMEOUT"));
  assert.equal(forceRelease(dir.at("lock"), first.generation), false, "STORE-18: a forced release is by generation");
  second.assertHeld();
  await second.release();
});

test("STORE-15 a holder paused past its lease and taken over is refused with LOCK_LOST, and is told", async () => {
  using dir = new TempDir();
  await using holder = new LockProcess("hold", dir.at("lock"), { leaseMs: 300, machineId: "another" });
  const { generation } = await holder.event("held");
  holder.child.kill("SIGSTOP");
  await using lock = await acquireLock(dir.at("lock"), { timeoutMs: 10_000 });
  assert.ok(lock.generation > Number(generation));
  holder.child.kill("SIGCONT");
  holder.say("check");
  assert.equal((await holder.event("refused")).code, "LOCK_LOST");
  assert.equal((await holder.event("lost")).code, "LOCK_LOST");
  holder.say("release");
  await holder.event("released");
  lock.assertHeld();
});

test("STORE-16 the lock is freed when the body throws, and releasing twice is harmless", async () => {
  using dir = new TempDir();
  const boom = new Error("boom");
  await assert.rejects(
    withLock(dir.at("lock"), {}, () => Promise.reject(boom)),
    (error) => error === boom,
  );
  await withLock(dir.at("lock"), { timeoutMs: 0 }, async (lock) => {
    await lock.release();
    await lock.release();
    assert.throws(() => lock.assertHeld(), code("LOCK_LOST"));
  });
  await using again = await acquireLock(dir.at("lock"), { timeoutMs: 0 });
  assert.equal(again.generation, 3);
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  test(`STORE-16 a lock whose holder ended by ${signal} is free for the next`, async () => {
    using dir = new TempDir();
    await using holder = new LockProcess("hold", dir.at("lock"));
    await holder.event("held");
    await holder.kill(signal);
    await using lock = await acquireLock(dir.at("lock"), { timeoutMs: 0 });
    assert.equal(lock.generation, 2);
  });
}

test("an abort ends the wait at once and leaves no ticket", async () => {
  using dir = new TempDir();
  await using _held = await acquireLock(dir.at("lock"));
  const abort = new AbortController();
  const waiting = acquireLock(dir.at("lock"), { signal: abort.signal });
  await until(() => listLocks(dir.path).some((lock) => lock.state === "waiting"), "a waiter");
  abort.abort();
  await assert.rejects(waiting, code("INTERRUPTED"));
  assert.equal(readdirSync(dir.at("lock")).includes("waiting"), false);
});

test("STORE-17 a time-out comes on time and names scope, holder, pid, host and age", async () => {
  using dir = new TempDir();
  await using holder = new LockProcess("hold", dir.at("my%20scope"));
  await holder.event("held");
  const ms = await timed(() =>
    assert.rejects(acquireLock(dir.at("my%20scope"), { timeoutMs: 300 }), (error) => {
      assert.ok(isHoldfastError(error, "LOCK_TIMEOUT"));
      const { host } = thisProcess();
      assert.match(
        error.message,
        new RegExp(`lock my scope .*lock-process.ts, pid ${holder.pid} on ${host}, for \\d+ ms`),
      );
      const { scope, pid, age_ms } = error.details ?? {};
      assert.deepEqual([scope, pid, error.details?.host], ["my scope", holder.pid, host]);
      assert.ok(Number(age_ms) >= 300);
      return true;
    }),
  );
  assert.ok(ms >= 300 && ms < 700, `took ${ms} ms`);
});

test("STORE-17 debris that cannot be removed delays nobody", async () => {
  using dir = new TempDir();
  plantOwner(dir.at("lock"), { pid: 2 ** 22 - 3 });
  mkdirSync(dir.at("lock", "1.stuck.ready", "full"), { recursive: true }); // no unlink removes this
  await using _lock = await acquireLock(dir.at("lock"), { timeoutMs: 0 });
  const ms = await timed(() => assert.rejects(acquireLock(dir.at("lock"), { timeoutMs: 200 }), code("LOCK_TIMEOUT")));
  assert.ok(ms >= 200 && ms < 600, `took ${ms} ms`);
});

test("STORE-17 impossible time-outs are refused with a message", async () => {
  using dir = new TempDir();
  for (const timeoutMs of [-1, Number.NaN, Number.POSITIVE_INFINITY, "5" as unknown as number]) {
    await assert.rejects(acquireLock(dir.at("lock"), { timeoutMs }), (error) => {
      assert.ok(isHoldfastError(error, "BAD_OPTION"));
      assert.match(error.message, /timeoutMs must be a number of milliseconds/);
      return true;
    });
  }
  await assert.rejects(acquireLock(dir.at("lock"), { leaseMs: 0 }), code("BAD_OPTION"));
});

test("tryAcquireLock gives the lock, or the record of its live holder, without waiting", async () => {
  using dir = new TempDir();
  const first = tryAcquireLock(dir.at("sync"), { holder: "first" });
  assert.ok(first instanceof HeldLock);
  const second = tryAcquireLock(dir.at("sync"));
  assert.ok(!(second instanceof HeldLock));
  assert.deepEqual([second.holder, second.pid], ["first", process.pid]);
  await first.release();
  const third = tryAcquireLock(dir.at("sync"));
  assert.ok(third instanceof HeldLock);
  await third.release();
});

test("STORE-18 locks are listed while held: held, waiting and dead, but not released", async () => {
  using dir = new TempDir();
  await withLock(dir.at("released"), {}, () => {});
  plantOwner(dir.at("dead"), { startTime: "1", scope: "dead" });
  await using _held = await acquireLock(dir.at("a%2Fb"), { holder: "me" });
  await using waiter = new LockProcess("visit", dir.at("a%2Fb"));
  await until(() => listLocks(dir.path).length === 3, "a waiter");
  const listed = listLocks(dir.path).map(({ scope, state, pid, generation }) => ({ scope, state, pid, generation }));
  assert.deepEqual(listed, [
    { scope: "a/b", state: "held", pid: process.pid, generation: 1 },
    { scope: "a/b", state: "waiting", pid: waiter.pid, generation: 1 },
    { scope: "dead", state: "dead", pid: process.pid, generation: 1 },
  ]);
});

test("an unreadable record (power loss before it reached the disk) is taken over after a lease of silence", async () => {
  using dir = new TempDir();
  mkdirSync(dir.at("lock"));
  writeFileSync(dir.at("lock", "7"), "");
  const ms = await timed(async () => {
    await using lock = await acquireLock(dir.at("lock"), { leaseMs: 300 });
    assert.equal(lock.generation, 8);
  });
  assert.ok(ms >= 300 && ms < 2000, `took ${ms} ms`);
});
