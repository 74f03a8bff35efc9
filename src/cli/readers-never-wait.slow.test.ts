// Readers take no lock and wait for none; writers that wait say for whom. Each command a process of its own.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { holdfast, holdfastJson, Running, TestFolder } from "./testing/holdfast.ts";

const BIN = fileURLToPath(new URL("../../bin/holdfast", import.meta.url));
/** Far below the 30 s that a writer would wait. */
const AT_ONCE_MS = 8_000;

/** All names under the locks, for the lock dirs are where taking one would show. */
function locksIn(folder: TestFolder): string[] {
  return readdirSync(folder.at(".holdfast/locks"), { recursive: true, encoding: "utf8" }).sort();
}

for (const scope of ["structural", "data", "files"]) {
  test(`STORE-08 readers answer at once while a holder of ${scope} stands still, and lock nothing`, async () => {
    using folder = new TestFolder();
    const at = ["-C", folder.path];
    await holdfastJson(["init", folder.path]);
    folder.write("plan.md", "a plan\n");
    await holdfastJson(["up", folder.path, "--detach", "--port", "0"]);
    await holdfastJson(["down", folder.path]);
    await holdfastJson([...at, "data", "put", "a"], { input: "one" });
    await holdfastJson([...at, "data", "put", "a"], { input: "two" });
    await using holder = new Running([...at, "lock", "run", scope, "--", "sh", "-c", "echo in; read word"]);
    await holder.firstLine();
    holder.child.kill("SIGSTOP");
    const before = locksIn(folder);
    const startedMs = performance.now();
    const answers = await Promise.all([
      holdfast([...at, "data", "get", "a"]),
      holdfast([...at, "data", "get", "a", "--version", "1"]),
      holdfast([...at, "data", "list", "--json"]),
      holdfast([...at, "data", "versions", "a", "--json"]),
      holdfast([...at, "history", "plan.md", "--json"]),
      holdfast([...at, "lock", "list", "--json"]),
    ]);
    assert.ok(performance.now() - startedMs < AT_ONCE_MS);
    for (const { code, stderr } of answers) assert.equal(code, 0, stderr);
    assert.equal(answers[0]?.stdout, "two");
    assert.equal(answers[1]?.stdout, "one");
    assert.match(answers[2]?.stdout ?? "", /"name":"a","version":2/);
    assert.match(answers[4]?.stdout ?? "", /"path":"plan.md"/);
    assert.deepEqual(locksIn(folder), before);
    holder.child.kill("SIGCONT");
    holder.child.stdin?.end("\n");
    assert.equal((await holder.finished).code, 0);
  });
}

/** Runs a command on a terminal of its own, and resolves to what it showed there. */
async function onTerminal(command: string, until: RegExp): Promise<{ shown: string; child: ChildProcess }> {
  const child = spawn("script", ["-qec", command, "/dev/null"], { stdio: ["pipe", "pipe", "ignore"] });
  let shown = "";
  for await (const chunk of child.stdout) {
    shown += String(chunk);
    if (until.test(shown)) break;
  }
  return { shown, child };
}

test("a put that waits says for whom, on a terminal, and not with --json", async () => {
  using folder = new TestFolder();
  const at = ["-C", folder.path];
  await holdfastJson(["init", folder.path]);
  folder.write("a.txt", "a");
  await using holder = new Running([...at, "lock", "run", "data", "--", "sh", "-c", "echo in; read word"]);
  await holder.firstLine();
  const put = `${BIN} -C ${folder.path} data put a ${folder.at("a.txt")}`;
  const expected = new RegExp(`waiting for data, held by "holdfast lock run", pid ${holder.pid}, for 1 s\r?\n`);
  const plain = onTerminal(put, expected);
  const json = onTerminal(`${put} --json`, /\{.*\}\r?\n/);
  assert.match((await plain).shown, expected);
  holder.child.stdin?.end("\n");
  assert.match((await json).shown, /^\{"collection":"data".*\}\r?\n$/);
  assert.equal((await holder.finished).code, 0);
  const { versions } = await holdfastJson<{ versions: unknown[] }>([...at, "data", "versions", "a"]);
  assert.ok(versions.length >= 1);
  assert.equal(readFileSync(folder.at("a.txt"), "utf8"), "a");
});
