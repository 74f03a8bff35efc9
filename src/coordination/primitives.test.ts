// The primitives that live in memory: lanes, once, hold, watermark, back-off, waits.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Backoff, HoldUntilReady, OnceByKey, SerialByKey, sleep, Watermark, withDeadline } from "./index.ts";

test("SerialByKey: tasks of one key never overlap and run in order; an idle lane leaves nothing", async () => {
  const plan = fc.array(fc.record({ key: fc.nat(3), turns: fc.nat(5), fails: fc.boolean() }), { maxLength: 30 });
  await fc.assert(
    fc.asyncProperty(plan, async (tasks) => {
      const lanes = new SerialByKey<number>();
      const running = new Set<number>();
      const finished: number[][] = [[], [], [], []];
      const results = tasks.map((task, index) =>
        lanes.run(task.key, async () => {
          assert.ok(!running.has(task.key), "another task of this key is running");
          running.add(task.key);
          for (let turn = 0; turn < task.turns; turn += 1) await Promise.resolve();
          running.delete(task.key);
          finished[task.key]?.push(index);
          if (task.fails) throw new Error(`task ${index}`);
          return index;
        }),
      );
      const settled = await Promise.allSettled(results);
      settled.forEach((result, index) => {
        assert.equal(result.status, tasks[index]?.fails === true ? "rejected" : "fulfilled");
      });
      for (const [key, order] of finished.entries()) {
        assert.deepEqual(
          order,
          tasks.flatMap((task, index) => (task.key === key ? [index] : [])),
        );
      }
      for (const task of tasks) await lanes.idle(task.key);
      assert.equal(lanes.size, 0);
    }),
  );
});

test("SerialByKey: lanes of different keys do not wait for each other", async () => {
  const lanes = new SerialByKey<string>();
  const never = lanes.run("stuck", () => new Promise<never>(() => {}));
  assert.equal(await lanes.run("free", () => "done"), "done");
  assert.equal(lanes.size >= 1, true);
  void never;
});

test("OnceByKey: firsts and resets of a key alternate, whatever the calls", () => {
  fc.assert(
    fc.property(fc.array(fc.record({ key: fc.nat(2), join: fc.boolean() })), (calls) => {
      const once = new OnceByKey<number>();
      const told: string[][] = [[], [], []];
      for (const { key, join } of calls) {
        if (join ? once.first(key) : once.reset(key)) told[key]?.push(join ? "join" : "leave");
        assert.equal(once.has(key), told[key]?.at(-1) === "join");
      }
      for (const events of told) {
        events.forEach((event, index) => {
          assert.equal(event, index % 2 === 0 ? "join" : "leave");
        });
      }
    }),
  );
});

test("HoldUntilReady: keeps the newest per key, replays in order of arrival, then passes straight through", () => {
  const got: [string, number][] = [];
  const dropped: unknown[] = [];
  const hold = new HoldUntilReady<string, number>((value, key) => got.push([key, value]), {
    limit: 2,
    onDrop: (key) => dropped.push(key),
  });
  hold.push("a", 1);
  hold.push("b", 2);
  hold.push("a", 3); // newer, and now the last
  hold.push("c", 4); // one too many: b came first
  assert.deepEqual([got, dropped, hold.size], [[], ["b"], 2]);
  hold.ready();
  hold.push("d", 5);
  assert.deepEqual(got, [
    ["a", 3],
    ["c", 4],
    ["d", 5],
  ]);
  assert.equal(hold.size, 0);
});

test("HoldUntilReady: what is pushed during the replay comes after it, never inside a handler", () => {
  const got: number[] = [];
  let depth = 0;
  const hold = new HoldUntilReady<string, number>((value) => {
    depth += 1;
    assert.equal(depth, 1);
    got.push(value);
    if (value < 10) hold.push(`k${value}`, value + 10);
    depth -= 1;
  });
  hold.push("a", 1);
  hold.push("b", 2);
  hold.ready();
  assert.deepEqual(got, [1, 2, 11, 12]);
});

test("HoldUntilReady: a handler that throws loses only its own value", () => {
  const got: number[] = [];
  const hold = new HoldUntilReady<number, number>((value) => {
    if (value === 1) throw new Error("one");
    got.push(value);
  });
  for (const value of [0, 1, 2]) hold.push(value, value);
  assert.throws(() => hold.ready(), /one/);
  hold.ready();
  assert.deepEqual(got, [0, 2]);
});

test("Watermark: is the greatest of what it was given, and says whether it rose", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: -5, max: 1000 })), (numbers) => {
      const mark = new Watermark();
      let greatest = 0;
      for (const n of numbers) {
        assert.equal(mark.advanceTo(n), n > greatest);
        greatest = Math.max(greatest, n);
        assert.equal(mark.value, greatest);
      }
    }),
  );
});

test("Backoff: the list in order, its last delay repeating, shortened by at most the jitter, from the start after reset", () => {
  fc.assert(
    fc.property(fc.array(fc.nat(1000), { minLength: 1, maxLength: 5 }), fc.nat(10), (delaysMs, calls) => {
      const backoff = new Backoff({ delaysMs, jitter: 0.25 });
      for (let round = 0; round < 2; round += 1) {
        for (let call = 0; call < calls; call += 1) {
          const full = delaysMs[Math.min(call, delaysMs.length - 1)] ?? 0;
          const delay = backoff.next();
          assert.ok(delay <= full && delay >= full * 0.75);
        }
        assert.equal(backoff.attempts, calls);
        backoff.reset();
      }
    }),
  );
});

test("sleep: ends by time, or at once by the signal with its reason", async () => {
  await sleep(1);
  const abort = new AbortController();
  const sleeping = sleep(60_000, abort.signal);
  abort.abort(new Error("enough"));
  await assert.rejects(sleeping, /enough/);
  await assert.rejects(sleep(60_000, abort.signal), /enough/);
});

test("withDeadline: settles as the work does, or with the given error when it is late", async () => {
  assert.equal(await withDeadline(Promise.resolve(1), 1000, () => new Error("late")), 1);
  await assert.rejects(
    withDeadline(Promise.reject(new Error("failed")), 1000, () => new Error("late")),
    /failed/,
  );
  await assert.rejects(
    withDeadline(new Promise(() => {}), 5, () => new Error("late")),
    /late/,
  );
});
