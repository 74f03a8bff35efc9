// Renames: what goes along, what the old name leads to, what is refused.

import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import fs, { rmSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { forceRelease, lockPath, readLock } from "../coordination/index.ts";
import { openWorkspace, type Workspace } from "../index.ts";
import { TempFolder } from "./testing/killed-at.ts";

const SDK_PROCESS = fileURLToPath(new URL("./testing/sdk-process.ts", import.meta.url));

const numbersOf = async (workspace: Workspace, name: string): Promise<number[]> =>
  (await workspace.versions(name)).versions.map(({ version }) => version);
const textOf = async (workspace: Workspace, name: string, version?: number): Promise<string> =>
  Buffer.from((await workspace.get(name, version === undefined ? {} : { version })).content).toString();
const listed = async (workspace: Workspace): Promise<string[]> =>
  (await workspace.list()).artifacts.map(({ name, version }) => `${name} ${version}`);

test("STORE-31 a rename keeps all versions: numbers, contents, types, tags, owner and when they were saved", async () => {
  using folder = new TempFolder();
  await using workspace = await openWorkspace(folder.path);
  const tags = { owner: "ann", kind: "report" };
  for (const text of ["one", "two", "three"]) await workspace.put("a", text, { tags, type: "text/plain" });
  await workspace.delete("a", { version: 2 });
  const before = await Promise.all([1, 3].map((version) => workspace.get("a", { version })));
  const [row] = (await workspace.list()).artifacts;

  assert.deepEqual(await workspace.rename("a", "b/c"), { collection: "data", from: "a", to: "b/c", versions: [1, 3] });
  const after = await Promise.all([1, 3].map((version) => workspace.get("b/c", { version })));
  for (const [index, now] of after.entries()) {
    const was = before[index];
    assert.ok(was !== undefined && now.entry !== was.entry);
    assert.deepEqual(now, { ...was, name: "b/c", entry: now.entry });
  }
  assert.deepEqual((await workspace.list()).artifacts, [{ ...row, name: "b/c" }]);
  await assert.rejects(workspace.put("b/c", "mine", { tags: { owner: "bob" } }), { code: "NOT_OWNER" });
  assert.equal((await workspace.put("b/c", "four", { tags })).version, 4);
  const looked = await workspace.verify();
  assert.deepEqual([looked.damaged, looked.catalog], [[], "agrees"]);
  // And all of it is on disk, not only in the catalog.
  await workspace.close();
  for (const suffix of ["", "-wal", "-shm"]) rmSync(folder.at(`.holdfast/catalog.db${suffix}`), { force: true });
  await using again = await openWorkspace(folder.path);
  assert.deepEqual(await listed(again), ["b/c 4"]);
  assert.deepEqual(await numbersOf(again, "b/c"), [1, 3, 4]);
  await again.delete("b/c", { version: 4 });
  assert.deepEqual((await again.list()).artifacts, [{ ...row, name: "b/c" }]);
});

test("STORE-31 the old name leads to the new one, over any number of renames, and says so", async () => {
  using folder = new TempFolder();
  await using workspace = await openWorkspace(folder.path);
  for (const text of ["one", "two"]) await workspace.put("a", text);
  await workspace.rename("a", "b");
  await workspace.rename("b", "c");
  for (const old of ["a", "b"]) {
    const { name, renamedFrom, version } = await workspace.get(old);
    assert.deepEqual({ name, renamedFrom, version }, { name: "c", renamedFrom: old, version: 2 });
    assert.equal(await textOf(workspace, old, 1), "one");
    const { versions, ...renamed } = await workspace.versions(old);
    assert.deepEqual(renamed, { name: "c", renamedFrom: old });
    assert.deepEqual(versions, (await workspace.versions("c")).versions);
    await assert.rejects(workspace.get(old, { version: 3 }), {
      code: "NOT_FOUND",
      message: /c in data has no version 3/,
    });
    await assert.rejects(workspace.delete(old), { code: "NOT_FOUND", message: /it is called c now/ });
    await assert.rejects(workspace.rename(old, "d"), { code: "NOT_FOUND", message: /it is called c now/ });
  }
  const direct = await workspace.get("c");
  assert.ok(!("renamedFrom" in direct));
  assert.deepEqual(await listed(workspace), ["c 2"]);
  await workspace.delete("c");
  for (const name of ["a", "b", "c"]) await assert.rejects(workspace.get(name), { code: "NOT_FOUND" });
});

test("STORE-31 renaming back makes no circle, and no number is given twice", async () => {
  using folder = new TempFolder();
  await using workspace = await openWorkspace(folder.path);
  for (const text of ["one", "two"]) await workspace.put("a", text);
  await workspace.rename("a", "b");
  assert.deepEqual((await workspace.rename("b", "a")).versions, [3, 4]);
  assert.deepEqual([await textOf(workspace, "a", 3), await textOf(workspace, "b")], ["one", "two"]);
  assert.equal((await workspace.get("b")).renamedFrom, "b");
  assert.ok(!("renamedFrom" in (await workspace.get("a"))));
  assert.deepEqual((await workspace.rename("a", "b")).versions, [3, 4]);
  assert.deepEqual((await workspace.rename("b", "c")).versions, [3, 4]);
  assert.equal((await workspace.get("a")).name, "c");
  await workspace.delete("c");
  for (const name of ["a", "b", "c"]) await assert.rejects(workspace.versions(name), { code: "NOT_FOUND" });
});

test("STORE-31 a save under the old name starts anew there, and ends what it led to", async () => {
  using folder = new TempFolder();
  await using workspace = await openWorkspace(folder.path);
  for (const text of ["one", "two"]) await workspace.put("a", text, { tags: { owner: "ann" } });
  await workspace.rename("a", "b");
  assert.equal((await workspace.put("a", "anew", { tags: { owner: "bob" } })).version, 3);
  assert.deepEqual([await textOf(workspace, "a"), await textOf(workspace, "b")], ["anew", "two"]);
  assert.deepEqual(await numbersOf(workspace, "a"), [3]);
  await workspace.delete("a");
  await assert.rejects(workspace.get("a"), { code: "NOT_FOUND" });
  assert.equal(await textOf(workspace, "b"), "two");
});

test("STORE-31 a name that is taken, the same name, no such artifact, and the folder's files are refused, and nothing changes", async () => {
  using folder = new TempFolder();
  await using workspace = await openWorkspace(folder.path);
  await workspace.put("a", "one");
  await workspace.put("b", "two");
  await assert.rejects(workspace.rename("a", "b"), { code: "PATH_TAKEN" });
  await assert.rejects(workspace.rename("a", "a"), { code: "BAD_OPTION" });
  await assert.rejects(workspace.rename("c", "d"), { code: "NOT_FOUND" });
  await assert.rejects(workspace.rename("a", "latest"), { code: "BAD_NAME" });
  await assert.rejects(workspace.rename("a", "../up"), { code: "BAD_NAME" });
  await assert.rejects(workspace.rename("a", "d", { collection: "files" }), { code: "USAGE", hint: /in the folder/ });
  assert.deepEqual(await listed(workspace), ["a 1", "b 1"]);
  assert.deepEqual([await textOf(workspace, "a"), await textOf(workspace, "b")], ["one", "two"]);
  // A name of which all was deleted is free, and its numbers go on.
  await workspace.put("b", "three");
  await workspace.delete("b");
  assert.deepEqual((await workspace.rename("a", "b")).versions, [3]);
});

test("STORE-31 a rename with a version that cannot be read is refused, and nothing changes", async () => {
  using folder = new TempFolder();
  await using workspace = await openWorkspace(folder.path);
  for (const text of ["one", "two"]) await workspace.put("a", text);
  for (const file of ["content", "version.json"]) {
    rmSync(folder.at(".holdfast/data/data/a/1", file));
    await assert.rejects(workspace.rename("a", "b"), { code: "CORRUPT" });
    assert.equal(await textOf(workspace, "a"), "two");
    await assert.rejects(workspace.get("b"), { code: "NOT_FOUND" });
  }
});

test("STORE-31 names too long to be file names are renamed, too", async () => {
  using folder = new TempFolder();
  await using workspace = await openWorkspace(folder.path);
  const [from, to] = ["x".repeat(500), "\u{1F980}".repeat(200)];
  await workspace.put(from, "one");
  await workspace.rename(from, to);
  await workspace.close();
  for (const suffix of ["", "-wal", "-shm"]) rmSync(folder.at(`.holdfast/catalog.db${suffix}`), { force: true });
  await using again = await openWorkspace(folder.path);
  assert.deepEqual(await listed(again), [`${to} 1`]);
  assert.equal((await again.get(from)).name, to);
});

for (const name of ["a", "b"]) {
  test(`STORE-15 a rename from a to b that lost its lock right before its one step takes nothing along that was saved as ${name} since`, async () => {
    using folder = new TempFolder();
    await using workspace = await openWorkspace(folder.path);
    for (const text of ["one", "two"]) await workspace.put("a", text);
    const { renameSync } = fs;
    let isOvertaken = false;
    // The process sleeps between its last look at the lock and the step: others see only the lock gone.
    fs.renameSync = (from, to) => {
      if (String(to).endsWith("/data/data/b") && !isOvertaken) {
        isOvertaken = true;
        const path = lockPath(folder.at(".holdfast/locks"), "data");
        assert.ok(forceRelease(path, readLock(path).generation));
        const put = JSON.stringify(["put", name, "of somebody else"]);
        execFileSync(process.execPath, [SDK_PROCESS, folder.path, "0", put]);
      }
      renameSync(from, to);
    };
    syncBuiltinESMExports();
    try {
      await assert.rejects(workspace.rename("a", "b"), { code: "LOCK_LOST" });
    } finally {
      fs.renameSync = renameSync;
      syncBuiltinESMExports();
    }
    assert.equal(await textOf(workspace, name), "of somebody else");
    await workspace.put("later", "finishes what is to be finished");
    assert.equal(await textOf(workspace, name), "of somebody else");
    assert.equal(await textOf(workspace, name === "a" ? "b" : "a", 2), "two");
    assert.deepEqual(await listed(workspace), name === "a" ? ["a 3", "b 2", "later 1"] : ["a 2", "b 1", "later 1"]);
  });
}

test("STORE-31 the new name deleted right after a renamer died, and the catalog lost with it: the old artifact does not come back", async () => {
  using folder = new TempFolder();
  {
    await using workspace = await openWorkspace(folder.path);
    for (const text of ["one", "two"]) await workspace.put("a", text);
    const { renameSync } = fs;
    fs.renameSync = (from, to) => {
      renameSync(from, to);
      if (String(to).endsWith("/data/data/b")) throw new Error("dies here");
    };
    syncBuiltinESMExports();
    try {
      await assert.rejects(workspace.rename("a", "b"), /dies here/);
    } finally {
      fs.renameSync = renameSync;
      syncBuiltinESMExports();
    }
  }
  for (const suffix of ["", "-wal", "-shm"]) rmSync(folder.at(`.holdfast/catalog.db${suffix}`), { force: true });
  await using workspace = await openWorkspace(folder.path);
  assert.deepEqual((await workspace.delete("b")).deleted, [1, 2]);
  await assert.rejects(workspace.get("a"), { code: "NOT_FOUND" });
  assert.deepEqual(await listed(workspace), []);
  assert.equal((await workspace.put("a", "anew")).version, 3);
});
