// An exploration in a process that has other things to do: it does not disturb them, and it does not grow.

import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { inspect } from "./index.ts";
import { isLong } from "./testing/long-tests.ts";
import { raceFile } from "./testing/race-file.ts";

const small = raceFile("small");

test("RACE-16 real timers, files, promises and clocks of the same process go on as ever", async () => {
  const folder = await mkdtemp(join(tmpdir(), "holdfast-beside-"));
  try {
    let exploring = true;
    let ticks = 0;
    const interval = setInterval(() => ticks++, 20);
    const files = async (): Promise<number> => {
      let rounds = 0;
      for (; exploring; rounds++) {
        const path = join(folder, `${rounds % 5}`);
        await writeFile(path, String(rounds));
        assert.equal(await readFile(path, "utf8"), String(rounds));
        const before = Date.now();
        await wait(5);
        const passed = Date.now() - before;
        assert.ok(passed >= 4 && passed < 60_000, `the clock is the real one: ${passed} ms`);
      }
      return rounds;
    };
    const beside = files();
    const { runs } = await inspect(small, { exported: "large", budget: "2s" });
    exploring = false;
    const rounds = await beside;
    clearInterval(interval);
    assert.ok(runs > 100, `${runs} runs`);
    assert.ok(ticks > 10, `${ticks} ticks in two seconds`);
    assert.ok(rounds > 1, `${rounds} rounds`);
  } finally {
    await rm(folder, { recursive: true });
  }
});

test("RACE-16 several explorations at once do not mix", async () => {
  const reports = await Promise.all([
    inspect(small, { exported: "lockOrLeave" }),
    inspect(raceFile("lost-update")),
    inspect(small, { exported: "syncLockOrLeave" }),
    inspect(raceFile("failing"), { exported: "thrownInTimer" }),
    inspect(small, { exported: "corrected", isolate: false }),
  ]);
  const verdicts = reports.map(({ verdict, trace }) => `${verdict} ${trace?.violation.kind ?? ""}`.trim());
  assert.deepEqual(verdicts, ["proved", "violated check", "proved", "violated exception", "proved"]);
});

for (const isolate of isLong ? [true, false] : [false]) {
  const many = isLong ? 20_000 : 8_000;
  test(`RACE-15 ${many} runs leave no more behind than 2000${isolate ? "" : ", with shared modules"}`, async (context) => {
    setFlagsFromString("--expose-gc");
    const collect = runInNewContext("gc") as () => void;
    const heapAfter = async (runs: number): Promise<number> => {
      const report = await inspect(small, { exported: "large", budget: runs, cores: 1, isolate });
      assert.equal(report.runs, runs);
      collect();
      return process.memoryUsage().heapUsed / 2 ** 20;
    };
    const [afterFew, afterMany] = [await heapAfter(2000), await heapAfter(many)];
    context.diagnostic(`heap after 2000 runs: ${afterFew.toFixed(1)} MiB, after ${many}: ${afterMany.toFixed(1)} MiB`);
    // What each run leaves, of some hundred bytes at the least.
    const mostMib = (30 * (many - 2000)) / 18_000;
    assert.ok(afterMany - afterFew < mostMib, `it grew from ${afterFew} to ${afterMany} MiB`);
  });
}
