// Programs that wait for hours.

import assert from "node:assert/strict";
import { performance as imported } from "node:perf_hooks";
import timers from "node:timers";
import { scheduler, setTimeout as sleep, setInterval as ticks, setImmediate as turn } from "node:timers/promises";
import { promisify } from "node:util";
import { race } from "holdfast/explorer";

const MINUTE = 60_000;
const one = (name: string, main: () => Promise<unknown>) => race({ name, processes: { one: main } });

/** How late it is by each of the clocks. */
function clocks(): number[] {
  const [seconds, nanos] = process.hrtime();
  return [
    Date.now(),
    Date.parse(new Date().toISOString()),
    performance.timeOrigin + performance.now(),
    imported.timeOrigin + imported.now(),
    performance.timeOrigin + seconds * 1000 + nanos / 1e6,
    performance.timeOrigin + Number(process.hrtime.bigint() / 1_000_000n),
    performance.timeOrigin + process.uptime() * 1000,
    Date.parse(Date()),
  ].map(Math.round);
}

/** After each wait, all clocks have gone on by it. */
export const clocksAgree = one("clocksAgree", async () => {
  const began = Date.now();
  const late = (ms: number) => assert.deepEqual(clocks(), new Array(8).fill(began + ms));
  late(0);
  await new Promise((resolve) => setTimeout(resolve, 10 * MINUTE));
  late(10 * MINUTE);
  assert.equal(await sleep(MINUTE, "value"), "value");
  late(11 * MINUTE);
  await promisify(setTimeout)(MINUTE);
  await scheduler.wait(MINUTE);
  await new Promise((resolve) => timers.setTimeout(resolve, MINUTE));
  late(14 * MINUTE);
  assert.equal(await turn("at once"), "at once");
  await scheduler.yield();
  await new Promise(setImmediate);
  late(14 * MINUTE);
});

export const intervals = one("intervals", async () => {
  const began = Date.now();
  const seen: number[] = [];
  await new Promise<void>((resolve) => {
    const timer = setInterval(() => {
      seen.push(Date.now() - began);
      if (seen.length === 3) {
        clearInterval(timer);
        resolve();
      }
    }, MINUTE);
  });
  for await (const value of ticks(MINUTE, "tick")) {
    assert.equal(value, "tick");
    seen.push(Date.now() - began);
    if (seen.length === 5) break;
  }
  assert.deepEqual(
    seen,
    [1, 2, 3, 4, 5].map((minutes) => minutes * MINUTE),
  );
});

export const aborts = one("aborts", async () => {
  const began = Date.now();
  const signal = AbortSignal.timeout(10 * MINUTE);
  await assert.rejects(sleep(60 * MINUTE, undefined, { signal }), { name: "AbortError", code: "ABORT_ERR" });
  assert.equal(Date.now() - began, 10 * MINUTE);
  assert.equal(signal.reason.name, "TimeoutError");
  const either = AbortSignal.any([AbortSignal.timeout(5 * MINUTE), new AbortController().signal]);
  await assert.rejects(sleep(60 * MINUTE, undefined, { signal: either }), { name: "AbortError" });
  assert.equal(Date.now() - began, 15 * MINUTE);
});

/** Timers that were taken back, put off, or do not keep a process alive. */
export const takenBack = one("takenBack", async () => {
  const fired: string[] = [];
  const timer = setTimeout(() => fired.push("taken back"), MINUTE);
  clearTimeout(timer);
  clearTimeout(Number(setTimeout(() => fired.push("by number"), MINUTE)));
  const put = setTimeout(() => fired.push(`put off to ${Date.now() - began}`), 2 * MINUTE);
  const began = Date.now();
  await sleep(MINUTE);
  put.refresh();
  clearImmediate(setImmediate(() => fired.push("immediate")));
  await sleep(2 * MINUTE);
  assert.deepEqual(fired, [`put off to ${3 * MINUTE}`]);
  assert.equal(
    setTimeout(() => assert.fail("it kept the process alive"), 1)
      .unref()
      .hasRef(),
    false,
  );
});

/** Two processes that wait do so at the same time, and see in files how late it is for the other. */
export const together = race({
  name: "together",
  setup: async () => {
    const { writeFile } = await import("node:fs/promises");
    await writeFile("/began", String(Date.now()));
  },
  processes: {
    a: async () => {
      const { writeFile } = await import("node:fs/promises");
      await sleep(10 * MINUTE);
      await writeFile("/a", "");
    },
    b: async () => {
      const { readFile, stat } = await import("node:fs/promises");
      await sleep(11 * MINUTE);
      const began = Number(await readFile("/began", "utf8"));
      assert.equal((await stat("/a")).mtimeMs - began, 10 * MINUTE);
      assert.equal(Date.now() - began, 11 * MINUTE);
    },
  },
});
