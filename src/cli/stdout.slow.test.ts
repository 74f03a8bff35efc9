// Where output goes can fail, too: that is told as what it is, and a reader that has seen enough is no failure.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { holdfast, holdfastJson, PROJECT, TestFolder } from "./testing/holdfast.ts";

const HOLDFAST = join(PROJECT, "bin", "holdfast");

/** Runs a line of bash in which `holdfast` is this project's. */
function bash(line: string): { code: number | null; stderr: string; stdout: string } {
  const done = spawnSync("bash", ["-c", `holdfast() { "${HOLDFAST}" "$@"; }; ${line}`], { encoding: "utf8" });
  return { code: done.status, stderr: done.stderr, stdout: done.stdout };
}

const noFullDevice = existsSync("/dev/full") ? false : "there is no /dev/full here";

test("STORE-33 a stdout that takes nothing is told as stdout, on every way to it", { skip: noFullDevice }, async () => {
  using folder = new TestFolder();
  await holdfastJson(["init", folder.path]);
  await holdfastJson(["-C", folder.path, "data", "put", "a"], { input: "x".repeat(1 << 20) });
  const here = `-C '${folder.path}'`;
  for (const args of [`${here} data list`, `${here} data get a`, `${here} status`, "--help", "--version"]) {
    const { code, stderr } = bash(`holdfast ${args} >/dev/full`);
    assert.equal(code, 1, args);
    assert.match(stderr, /^holdfast: stdout cannot be written: ENOSPC.*\n.*the workspace is not what failed/, args);
  }
  const { code, stderr } = bash(`holdfast --json ${here} data list >/dev/full`);
  const failure = JSON.parse(stderr) as { error: string; code: string };
  assert.deepEqual([code, failure.code, failure.error.startsWith("stdout ")], [1, "DISK_FULL", true]);
  // A file of the user's that cannot be written is named.
  assert.match(bash(`holdfast ${here} data get a --out /dev/full`).stderr, /\/dev\/full/);
});

test("a reader that has seen enough ends a command without a word", async () => {
  using folder = new TestFolder();
  await holdfastJson(["init", folder.path]);
  await holdfastJson(["-C", folder.path, "data", "put", "a"], { input: "x".repeat(4 << 20) });
  const { code, stdout, stderr } = bash(`set -o pipefail; holdfast -C '${folder.path}' data get a | head -c 3`);
  assert.deepEqual([code, stdout, stderr], [0, "xxx", ""]);
  // Nor is it a failure that nobody is left to be told of one.
  const untold = bash(`holdfast -C '${folder.path}' data get none 2> >(exec true); echo $?`);
  assert.equal(untold.stdout, "1\n");
});

test("STORE-27 a name that would steer a terminal is shown harmless, in results and in failures", async () => {
  using folder = new TestFolder();
  await holdfastJson(["init", folder.path]);
  const name = "a\u001b]0;owned\u0007\nb";
  const here = ["-C", folder.path, "data"];
  for (const args of [["put", name], ["list"], ["delete", name], ["get", name], ["put", name, "\u001b[2J"]]) {
    const { stdout, stderr } = await holdfast([...here, ...args], { input: "x" });
    assert.doesNotMatch(stdout + stderr, /[\u0000-\u0009\u000b-\u001f]/, args.join(" "));
    assert.notEqual(stdout + stderr, "");
  }
  assert.equal((await holdfastJson<{ name: string }>([...here, "put", name], { input: "x" })).name, name);
});
