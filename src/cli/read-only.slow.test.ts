// A workspace that cannot be written: read where it can be read, and told with a code and a path where it cannot.

import assert from "node:assert/strict";
import { chmodSync, chownSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { before, describe, test } from "node:test";
import { startMachineAnew } from "../store/testing/another-boot.ts";
import { holdfast, holdfastFailure, holdfastJson, Running, type RunOptions, TestFolder } from "./testing/holdfast.ts";
import { AS_NOBODY, cannotBeNobody, cannotMount, readOnly } from "./testing/mounts.ts";

type Names = { artifacts: { name: string; version: number }[] };

/** A workspace with three artifacts, of which one was deleted, and a file. */
async function filled(folder: TestFolder): Promise<string> {
  const at = folder.at("w");
  await holdfastJson(["init", at]);
  folder.write("w/plan.md", "the plan\n");
  await holdfastJson(["up", at, "--port", "0", "--detach"]);
  await holdfastJson(["down", at]);
  for (const name of ["a", "a", "b", "gone"]) await holdfastJson(["-C", at, "data", "put", name], { input: "x" });
  await holdfastJson(["-C", at, "data", "delete", "gone"]);
  return at;
}

async function assertReadable(at: string, options: RunOptions): Promise<void> {
  const here = ["-C", at];
  assert.equal((await holdfast([...here, "data", "get", "a"], options)).stdout, "x");
  const { artifacts } = await holdfastJson<Names>([...here, "data", "list", "--in", "data"], options);
  assert.deepEqual(
    artifacts.map(({ name, version }) => [name, version]),
    [
      ["a", 2],
      ["b", 1],
    ],
  );
  const { versions } = await holdfastJson<{ versions: [] }>([...here, "data", "versions", "a"], options);
  assert.equal(versions.length, 2);
  const history = await holdfastJson<{ versions: [] }>([...here, "history", "plan.md"], options);
  assert.equal(history.versions.length, 1);
  const { folder } = await holdfastJson<{ folder: string }>([...here, "status"], options);
  assert.equal(folder, at);
  assert.deepEqual(await holdfastJson([...here, "conflicts"], options), { conflicts: [] });
  await holdfastJson([...here, "lock", "list"], options);
}

async function assertRefused(at: string, code: string, options: RunOptions): Promise<void> {
  const here = ["-C", at];
  for (const args of [
    [...here, "data", "put", "a"],
    [...here, "data", "delete", "a"],
    [...here, "subscribe", "topic"],
    [...here, "retry"],
    [...here, "restore", "plan.md", "--version", "1"],
    [...here, "hub", "token", "list"],
    ["up", at, "--port", "0"],
    ["up", at, "--port", "0", "--detach"],
    ["hub", "start", "--port", "0", "--data", `${at}/.holdfast/another hub`],
    [...here, "data", "get", "a", "--out", `${at}/out`],
  ]) {
    const failure = await holdfastFailure(args, { ...options, input: "new" });
    assert.equal(failure.code, code, `${args.join(" ")}: ${failure.error}`);
    assert.ok(failure.error.includes(at), `${args.join(" ")}: ${failure.error}`);
    assert.notEqual(failure.hint, "", args.join(" "));
  }
}

/** What was left in the system's temporary folder. */
function leftOver(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith("holdfast-read-"));
}

describe("STORE-32 a read-only disk", { skip: cannotMount, timeout: 120_000 }, () => {
  test("can be read, and everything else is told with READ_ONLY and a path", async () => {
    using folder = new TestFolder();
    const at = await filled(folder);
    await using disk = await readOnly(at);
    await assertReadable(at, disk);
    await assertRefused(at, "READ_ONLY", disk);
    assert.deepEqual(leftOver(), []);
  });

  test("on the next boot is read if all that was saved lies in its place, and told with the version that does not", async () => {
    using folder = new TestFolder();
    const at = await filled(folder);
    await holdfastJson(["-C", at, "data", "put", "b"], { input: "x" });
    startMachineAnew(at);
    {
      await using disk = await readOnly(at);
      assert.equal((await holdfast(["-C", at, "data", "get", "b"], disk)).stdout, "x");
    }
    rmSync(`${at}/.holdfast/data/data/b/2`, { recursive: true });
    {
      await using disk = await readOnly(at);
      const failure = await holdfastFailure(["-C", at, "data", "list"], disk);
      assert.deepEqual([failure.code, failure.error.includes("version 2 of b")], ["READ_ONLY", true]);
    }
    const { version } = await holdfastJson<{ version: number }>(["-C", at, "data", "get", "b"]);
    assert.equal(version, 2);
  });

  test("without its catalog, or with what a killed writer left, reads the same", async () => {
    using folder = new TestFolder();
    const at = await filled(folder);
    rmSync(`${at}/.holdfast/catalog.db`);
    {
      await using disk = await readOnly(at);
      await assertReadable(at, disk);
    }
    {
      // A daemon that is killed leaves its databases' logs.
      await using up = new Running(["up", at, "--port", "0"]);
      await up.firstLine();
      await up.end("SIGKILL");
    }
    assert.ok(readdirSync(`${at}/.holdfast`).includes("sync.db-wal"));
    await using disk = await readOnly(at);
    await assertReadable(at, disk);
  });
});

describe("STORE-32 another user's workspace", { skip: cannotBeNobody, timeout: 120_000 }, () => {
  let options: RunOptions;
  before(() => {
    options = { within: AS_NOBODY, env: { HOME: tmpdir() } };
  });

  test("can be read where its files may be, and everything else is told with NO_PERMISSION and a path", async () => {
    using folder = new TestFolder();
    const at = await filled(folder);
    chmodSync(folder.path, 0o755);
    await assertReadable(at, options);
    await assertRefused(at, "NO_PERMISSION", options);
  });

  test("whose content may not be read is told, and is not taken for missing", async () => {
    using folder = new TestFolder();
    const at = await filled(folder);
    chmodSync(folder.path, 0o755);
    const version = `${at}/.holdfast/data/data/a/2`;
    chmodSync(`${version}/content`, 0o600);
    const failure = await holdfastFailure(["-C", at, "data", "get", "a"], options);
    assert.deepEqual([failure.code, failure.error.includes(version)], ["NO_PERMISSION", true]);
    chmodSync(`${at}/.holdfast/catalog.db`, 0o600);
    const { artifacts } = await holdfastJson<Names>(["-C", at, "data", "list", "--in", "data"], options);
    assert.equal(artifacts.length, 2);
  });

  test("of which only the catalog may not be written keeps catalog and disk in step", async () => {
    using folder = new TestFolder();
    const at = await filled(folder);
    chmodSync(folder.path, 0o755);
    for (const name of readdirSync(at, { recursive: true, encoding: "utf8" }))
      chownSync(`${at}/${name}`, 65_534, 65_534);
    chownSync(at, 65_534, 65_534);
    chownSync(`${at}/.holdfast/catalog.db`, 0, 0);
    for (const args of [
      ["delete", "a"],
      ["rename", "a", "c"],
    ]) {
      const failure = await holdfastFailure(["-C", at, "data", ...args], options);
      assert.equal(failure.code, "NO_PERMISSION");
      assert.match(failure.error, /catalog\.db/);
    }
    await assertReadable(at, options);
    // A small save needs no catalog: it is listed from the journal, and has its row as soon as somebody may write there.
    await holdfastJson(["-C", at, "data", "put", "a"], { ...options, input: "new" });
    for (const who of [options, {}]) {
      assert.equal((await holdfast(["-C", at, "data", "get", "a"], who)).stdout, "new");
      const { artifacts } = await holdfastJson<Names>(["-C", at, "data", "list", "--in", "data"], who);
      assert.deepEqual(
        artifacts.map(({ name, version }) => [name, version]),
        [
          ["a", 3],
          ["b", 1],
        ],
      );
    }
    const { catalog } = await holdfastJson<{ catalog: string }>(["-C", at, "data", "verify"]);
    assert.equal(catalog, "agrees");
  });
});
