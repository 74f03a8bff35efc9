// Names in the bytes of another encoding.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { holdfastJson, PROJECT, TestFolder } from "./testing/holdfast.ts";

const noProc = process.platform === "linux" ? false : "only Linux shows the bytes of arguments";

/** Arguments as a shell writes them: `\\xff` is a byte that is no UTF-8. */
function run(folder: string, args: string): { code: number | null; stderr: string } {
  const line = `echo x | '${join(PROJECT, "bin/holdfast")}' --json -C '${folder}' ${args}`;
  const done = spawnSync("bash", ["-c", line], { encoding: "utf8" });
  return { code: done.status, stderr: done.stderr };
}

test("STORE-27 a name that is not UTF-8 is refused, and not saved under another one", { skip: noProc }, async () => {
  using folder = new TestFolder();
  await holdfastJson(["init", folder.path]);
  for (const args of [
    "data put $'caf\\xe9'",
    "data put ok $'\\xff'",
    "data put ok --in $'\\xc3'",
    "data get $'\\xed\\xa0\\x80'",
  ]) {
    const { code, stderr } = run(folder.path, args);
    const failure = JSON.parse(stderr) as { code: string; error: string };
    assert.deepEqual([code, failure.code], [1, "BAD_NAME"], args);
    assert.match(failure.error, /is not UTF-8/);
  }
  assert.deepEqual(readdirSync(folder.at(".holdfast")).sort(), ["identity.json", "workspace.json"]);
  // The character that stands for such bytes may itself be in a name.
  assert.equal(run(folder.path, "data put $'caf\\xc3\\xa9 \\xef\\xbf\\xbd'").code, 0);
  const { artifacts } = await holdfastJson<{ artifacts: { name: string }[] }>(["-C", folder.path, "data", "list"]);
  assert.deepEqual(
    artifacts.map(({ name }) => name),
    ["café \ufffd"],
  );
});
