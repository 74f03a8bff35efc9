// Where a hub of its own may keep its data, and what its options may name.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { test } from "node:test";
import { holdfastFailure, holdfastJson, Running, TestFolder } from "./testing/holdfast.ts";

test("HUB-34 a hub does not keep its data where a workspace would sync it", async () => {
  using folder = new TestFolder();
  const workspace = folder.at("work");
  await holdfastJson(["init", workspace]);
  mkdirSync(folder.at("work/deep"));
  symlinkSync(folder.at("work/deep"), folder.at("link"));
  const before = readdirSync(workspace, { recursive: true });
  for (const data of ["work", "work/hub", "work/deep/er/hub", "link/hub"]) {
    const failure = await holdfastFailure(["hub", "start", "--port", "0", "--data", folder.at(data)]);
    assert.deepEqual([failure.code, failure.exitCode], ["DATA_FOLDER_SYNCED", 1], data);
    assert.equal(failure.details?.workspace, workspace);
  }
  // The default, from within.
  const failure = await holdfastFailure(["hub", "start", "--port", "0"], { cwd: folder.at("work/deep") });
  assert.equal(failure.code, "DATA_FOLDER_SYNCED");
  assert.deepEqual(readdirSync(workspace, { recursive: true }), before);

  // What is beside it, or the workspace's own, is fine.
  for (const data of ["work.hub", "work/.holdfast/hub"]) {
    await using running = new Running(["hub", "start", "--port", "0", "--data", folder.at(data)]);
    assert.match(await running.firstLine(), /^http:/);
    assert.equal((await running.end()).code, 0);
    assert.ok(existsSync(folder.at(data, "hub.db")));
  }
});

test("HUB-34 a certificate or key that is no regular file is refused, and not waited for", async () => {
  using folder = new TestFolder();
  execFileSync("mkfifo", [folder.at("pipe")]);
  const pem = folder.write("pem", "text");
  const options = ["hub", "start", "--port", "0", "--data", folder.at("hub")];
  for (const [cert, key, named] of [
    [folder.at("pipe"), pem, "pipe"],
    [pem, folder.at("pipe"), "pipe"],
    [pem, folder.path, folder.path],
  ] as const) {
    const failure = await holdfastFailure([...options, "--tls-cert", cert, "--tls-key", key]);
    assert.deepEqual([failure.code, failure.exitCode], ["BAD_OPTION", 2]);
    assert.ok(failure.error.endsWith(`${named} cannot be read: it is not a regular file`), failure.error);
  }
  const failure = await holdfastFailure([...options, "--tls-cert", folder.at("none"), "--tls-key", pem]);
  assert.match(failure.error, /none cannot be read: ENOENT/);
  assert.ok(!existsSync(folder.at("hub")));
});
