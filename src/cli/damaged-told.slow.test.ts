// A person at the command line hears of a damaged database, whichever command finds it.

import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { holdfast, holdfastFailure, holdfastJson, TestFolder } from "./testing/holdfast.ts";

/** Garbage behind the first page. */
function damage(path: string): void {
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.fill(0xa5, 4_096));
}

test("HUB-10 a damaged catalog, and a damaged sync.db, are told on stderr by the command that makes them anew, once", async () => {
  using folder = new TestFolder();
  const at = (...args: string[]): string[] => ["-C", folder.path, ...args];
  await holdfastJson(["init", folder.path]);
  for (let n = 0; n < 3; n += 1) await holdfastJson(at("data", "put", `name ${n}`, folder.write("f", `text ${n}`)));
  await holdfastJson(at("subscribe", "news"));
  for (const [name, args] of [
    ["catalog.db", ["data", "list"]],
    ["sync.db", ["status"]],
  ] as const) {
    const path = folder.at(".holdfast", name);
    damage(path);
    const told = await holdfast(at(...args));
    assert.equal(told.code, 0, told.stderr);
    assert.equal(told.stderr, `holdfast: ${path} was damaged: it is kept as ${path}.damaged-1, and was made anew\n`);
    assert.equal((await holdfast(at(...args))).stderr, "");
  }
  assert.equal((await holdfastJson<{ artifacts: unknown[] }>(at("data", "list"))).artifacts.length, 3);
});

test("HUB-10 a command that finds a sync.db damaged that a daemon works by says so in one line, and the daemon mends it", async () => {
  using folder = new TestFolder();
  await using stack = new AsyncDisposableStack();
  stack.defer(async () => void (await holdfast(["down", folder.path])));
  for (let n = 0; n < 50; n += 1) folder.write(`file ${n}`, `text ${n}`);
  await holdfastJson(["up", folder.path, "--detach", "--port", "0"]);
  await holdfastJson(["down", folder.path]);
  const { pid } = await holdfastJson<{ pid: number }>(["up", folder.path, "--detach", "--port", "0"]);
  const path = folder.at(".holdfast/sync.db");
  damage(path);
  const failure = await holdfastFailure(["-C", folder.path, "status"]);
  assert.deepEqual([failure.code, failure.exitCode, failure.details?.path], ["CORRUPT", 1, path]);
  assert.match(failure.error, new RegExp(`^${path} is damaged: [^\\n]+; process ${pid} is at work with it$`));
  for (const endMs = performance.now() + 20_000; ; ) {
    const status = await holdfast(["-C", folder.path, "status", "--json"]);
    if (status.code === 0) {
      assert.equal((JSON.parse(status.stdout) as { pid: number }).pid, pid, "the daemon went on");
      break;
    }
    assert.ok(performance.now() < endMs, status.stderr);
  }
  assert.match(
    readFileSync(folder.at(".holdfast/daemon.log"), "utf8"),
    /sync\.db was damaged: it is kept as .*damaged-1/,
  );
});
