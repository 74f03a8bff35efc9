// Programs that never come to rest: nobody else gets a turn, and the explorer does all the same.

import assert from "node:assert/strict";
import { test } from "node:test";
import { inspect, replay, type Trace } from "./index.ts";
import { isLong } from "./testing/long-tests.ts";
import { raceFile } from "./testing/race-file.ts";

const file = raceFile("endless");

/** Each takes ten seconds: the others are in `HOLDFAST_TESTS=long`. */
const OTHERS = isLong ? ["spinAtOnce", "ticks", "spinAtTimes"] : [];
for (const exported of ["spin", "microtasks", "syncSpin", ...OTHERS]) {
  test(`RACE-12 a loop without any effect is no hang: ${exported}`, { timeout: 90_000 }, async () => {
    const { verdict, trace } = await inspect(file, { exported });
    assert.equal(verdict, "violated");
    const message = "it does not come to rest: a loop in which it waits for nothing";
    assert.deepEqual(trace?.violation, { kind: "unbounded", process: "a", message });
    const again = await replay(JSON.parse(JSON.stringify(trace)) as Trace);
    assert.ok(again.same);
  });
}

test("RACE-12 a loop of synchronous calls is no hang", { timeout: 90_000 }, async () => {
  const { trace } = await inspect(file, { exported: "syncPolling" });
  assert.equal(trace?.violation.kind, "unbounded");
  assert.match(trace?.violation.message ?? "", /access \/never/);
});

test("RACE-12 after a program was ended from without, timers, promises and contexts of the caller go on", async () => {
  const { AsyncLocalStorage } = await import("node:async_hooks");
  const storage = new AsyncLocalStorage<string>();
  await storage.run("mine", async () => {
    const timer = new Promise<string | undefined>((resolve) => setTimeout(() => resolve(storage.getStore()), 100));
    await inspect(file, { exported: "ticks", isolate: false });
    assert.equal(storage.getStore(), "mine");
    assert.equal(await timer, "mine");
  });
  assert.equal(storage.getStore(), undefined);
});
