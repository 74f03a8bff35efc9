// A machine that stands still, or is given to others, changes no verdict: what is measured is work, not time.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { REST_MS } from "./engine/restless.ts";
import { inspect } from "./index.ts";
import { raceFile } from "./testing/race-file.ts";

const PROGRAM = join(import.meta.dirname, "testing/explore-process.ts");
const EACH_MS = 100;
/** At the most: on a fast machine its work is done before. */
const TIMES = 2;

/** What the process has worked so far, ms. */
function workedMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

/** Stops it again and again once it has worked a little, for longer than any program may take to come to rest. */
async function stopNowAndThen(child: ChildProcess): Promise<number> {
  const pid = child.pid ?? 0;
  const from = workedMs(pid);
  for (let times = 1; times <= TIMES; times++) {
    while (child.exitCode === null && workedMs(pid) < from + times * EACH_MS) await delay(5);
    if (child.exitCode !== null) return times - 1;
    child.kill("SIGSTOP");
    await delay(REST_MS + 500);
    child.kill("SIGCONT");
  }
  return TIMES;
}

test("RACE-14 a process that is stopped in the middle of its work is not taken for one that never comes to rest", {
  skip: process.platform !== "linux" && "only Linux says how much a process has worked",
}, async () => {
  await Promise.all(
    ["asynchronous", "synchronous", "inSetup"].map(async (exported) => {
      const child = spawn(process.execPath, [PROGRAM, raceFile("working"), exported], {
        stdio: ["ignore", "pipe", "inherit"],
      });
      let stopped: Promise<number> | undefined;
      let said = "";
      for await (const text of child.stdout) {
        said += text;
        stopped ??= stopNowAndThen(child);
      }
      assert.equal(said, "begin\nproved\n", exported);
      assert.ok(((await stopped) ?? 0) > 0, `${exported} was stopped while it worked`);
    }),
  );
});

test("RACE-14 a program that is slow in its first run only is not called endless", async () => {
  const { verdict } = await inspect(raceFile("working"), { exported: "slowAtFirst" });
  assert.equal(verdict, "proved");
});
