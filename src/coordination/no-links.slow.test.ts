// The lock where there are no hard links: with the real kernel, and under the explorer.

import assert from "node:assert/strict";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { explore } from "../explorer/index.ts";
import { acquireLock, listLocks, readLock } from "./index.ts";
import { LockProcess, TempDir } from "./testing/processes.ts";
import { cannotTrace, WITHOUT_LINKS } from "./testing/without-links.ts";

const skip = cannotTrace;
const PROJECT = fileURLToPath(new URL("../..", import.meta.url));

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

// The explorer's disk has hard links. Here a copy of the source is explored in which the call fails as it does without.
for (const scenario of ["lock", "try-lock", "take-over", "structural-lock"]) {
  test(`RACE-19 without hard links: ${scenario}.race.ts is proved as well`, { timeout: 280_000 }, async (t) => {
    const copy = mkdtempSync(join(tmpdir(), "holdfast-no-links-"));
    try {
      cpSync(join(PROJECT, "src"), join(copy, "src"), { recursive: true });
      cpSync(join(PROJECT, "package.json"), join(copy, "package.json"));
      symlinkSync(join(PROJECT, "node_modules"), join(copy, "node_modules"));
      const file = join(copy, "src/coordination/generations.ts");
      const text = readFileSync(file, "utf8").replace("  linkSync,\n", "");
      const failing =
        'const linkSync = (..._: unknown[]): void => {\n  throw Object.assign(new Error("EPERM"), { code: "EPERM" });\n};\n';
      writeFileSync(file, text + failing);
      const report = await explore(join(copy, `src/coordination/races/${scenario}.race.ts`), { budget: "270s" });
      t.diagnostic(`${report.runs} runs, ${report.traces} traces, ${(report.elapsedMs / 1000).toFixed(1)} s`);
      assert.equal(report.verdict, "proved", report.cutOffBy.join(", "));
      assert.ok(report.traces > 10, "the processes met");
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  });
}
