// A version whose files were damaged or removed behind the store's back: always told as damaged, with the path, by every
// verb alike; never given out; and no reason to fail for the others.

import assert from "node:assert/strict";
import { copyFileSync, existsSync, mkdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { describe, test } from "node:test";
import { holdfast, holdfastFailure, holdfastJson, TestFolder } from "../cli/testing/holdfast.ts";
import { isHoldfastError, openWorkspace, type Workspace } from "../index.ts";

function flipBit(path: string): void {
  const bytes = readFileSync(path);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

/** What is done to the folder of a version; `file`: the file that is to be named. */
const DAMAGES: Readonly<Record<string, { readonly file: string; readonly damage: (dir: string) => void }>> = {
  "version.json removed": { file: "version.json", damage: (dir) => rmSync(`${dir}/version.json`) },
  "version.json emptied": { file: "version.json", damage: (dir) => truncateSync(`${dir}/version.json`) },
  "version.json cut": { file: "version.json", damage: (dir) => truncateSync(`${dir}/version.json`, 100) },
  "version.json is null": { file: "version.json", damage: (dir) => writeFileSync(`${dir}/version.json`, "null") },
  "version.json is of another version": {
    file: "version.json",
    damage: (dir) => copyFileSync(`${dir}/../1/version.json`, `${dir}/version.json`),
  },
  "version.json is a folder": {
    file: "version.json",
    damage: (dir) => {
      rmSync(`${dir}/version.json`);
      mkdirSync(`${dir}/version.json`);
    },
  },
  "the folder is a file": {
    file: "version.json",
    damage: (dir) => {
      rmSync(dir, { recursive: true });
      writeFileSync(dir, "");
    },
  },
  "the folder is empty": {
    file: "version.json",
    damage: (dir) => {
      rmSync(dir, { recursive: true });
      mkdirSync(dir);
    },
  },
  "content removed": { file: "content", damage: (dir) => rmSync(`${dir}/content`) },
  "content cut": { file: "content", damage: (dir) => truncateSync(`${dir}/content`, 1) },
  "content emptied": { file: "content", damage: (dir) => truncateSync(`${dir}/content`) },
  "one bit of content flipped": { file: "content", damage: (dir) => flipBit(`${dir}/content`) },
  "content is a folder": {
    file: "content",
    damage: (dir) => {
      rmSync(`${dir}/content`);
      mkdirSync(`${dir}/content`);
    },
  },
};

/** Each call opens the workspace anew, as each command does. */
async function opened<T>(folder: TestFolder, call: (workspace: Workspace) => Promise<T>): Promise<T> {
  await using workspace = await openWorkspace(folder.path);
  return await call(workspace);
}

async function textOf(folder: TestFolder, name: string, choice: { version?: number | string } = {}): Promise<string> {
  return opened(folder, async (workspace) => Buffer.from((await workspace.get(name, choice)).content).toString());
}

async function three(folder: TestFolder): Promise<void> {
  await opened(folder, async (workspace) => {
    for (const text of ["one", "two", "three"]) await workspace.put("a", text);
    await workspace.put("b", "other");
  });
}

async function assertDamaged(call: Promise<unknown>, file: string): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.ok(isHoldfastError(error, "CORRUPT"), String(error));
    assert.ok(error.message.startsWith(`${file} is damaged`), error.message);
    return true;
  });
}

/** With the catalog as it was, and with one that is made anew from what lies there. */
async function withBothCatalogs(folder: TestFolder, check: (catalog: string) => Promise<void>): Promise<void> {
  await check("as it was");
  rmSync(folder.at(".holdfast/catalog.db"));
  await check("made anew");
}

describe("STORE-30 a damaged version", { timeout: 120_000 }, () => {
  for (const [name, { file, damage }] of Object.entries(DAMAGES)) {
    for (const version of [2, 3]) {
      test(`${name}, of ${version === 3 ? "the newest" : "one in the middle"}: told alike by get, versions and list`, async () => {
        using folder = new TestFolder();
        await three(folder);
        const dir = folder.at(".holdfast/data/data/a", String(version));
        damage(dir);
        await withBothCatalogs(folder, async (catalog) => {
          for (const choice of version === 3 ? [{ version }, {}] : [{ version }]) {
            await assertDamaged(textOf(folder, "a", choice), `${dir}/${file}`);
          }
          const { versions } = await opened(folder, (workspace) => workspace.versions("a"));
          assert.deepEqual(
            versions.map((row) => [row.version, row.latest]),
            [
              [1, false],
              [2, false],
              [3, true],
            ],
          );
          const told = versions.flatMap((row) => (row.damaged === undefined ? [] : [row.version]));
          // Content is read only to be given out.
          assert.deepEqual(told, file === "content" ? [] : [version]);
          const { artifacts } = await opened(folder, (workspace) => workspace.list());
          assert.deepEqual(
            artifacts.map((row) => [row.name, row.version]),
            [
              ["a", 3],
              ["b", 1],
            ],
            catalog,
          );
          assert.equal(await textOf(folder, "a", { version: 1 }), "one");
          assert.equal(await textOf(folder, "b"), "other");
        });
        assert.equal((await opened(folder, (workspace) => workspace.put("a", "four"))).version, 4);
        assert.equal(await textOf(folder, "a"), "four");
        // The way out when there is no backup: by its number it can be removed.
        await opened(folder, (workspace) => workspace.delete("a", { version }));
        assert.equal(existsSync(dir), false);
        assert.equal((await opened(folder, (workspace) => workspace.versions("a"))).versions.length, 3);
      });
    }
  }

  test("by its entry's id is told as damaged, too", async () => {
    using folder = new TestFolder();
    await three(folder);
    const { versions } = await opened(folder, (workspace) => workspace.versions("a"));
    const file = folder.at(".holdfast/data/data/a/2/version.json");
    writeFileSync(file, "{");
    await assertDamaged(textOf(folder, "a", { version: versions[1]?.entry ?? "" }), file);
    assert.equal(await textOf(folder, "a", { version: versions[0]?.entry ?? "" }), "one");
  });

  test("that is all there is, is not taken for nothing", async () => {
    using folder = new TestFolder();
    await three(folder);
    const file = folder.at(".holdfast/data/data/b/1/version.json");
    rmSync(file);
    await withBothCatalogs(folder, async (catalog) => {
      await assertDamaged(textOf(folder, "b"), file);
      assert.equal((await opened(folder, (workspace) => workspace.versions("b"))).versions.length, 1);
      assert.equal((await opened(folder, (workspace) => workspace.list({ prefix: "b" }))).artifacts.length, 1, catalog);
    });
  });

  test("stays listed when another version of its artifact is deleted", async () => {
    using folder = new TestFolder();
    await three(folder);
    rmSync(folder.at(".holdfast/data/data/a/3/version.json"));
    await opened(folder, (workspace) => workspace.delete("a", { version: 1 }));
    const { artifacts } = await opened(folder, (workspace) => workspace.list({ prefix: "a" }));
    assert.deepEqual(
      artifacts.map((row) => [row.version, row.damaged === undefined]),
      [[3, false]],
    );
  });

  test("is told by the commands alike, and stands in the history of a file", async () => {
    using folder = new TestFolder();
    const plan = folder.write("plan.md", "one");
    for (const text of ["one", "two"]) {
      writeFileSync(plan, text);
      await holdfastJson(["up", folder.path, "--port", "0", "--detach"]);
      await holdfastJson(["down", folder.path]);
    }
    const file = folder.at(".holdfast/data/files/plan.md/1/version.json");
    truncateSync(file);
    await withBothCatalogs(folder, async (catalog) => {
      const here = ["-C", folder.path];
      const { versions } = await holdfastJson<{ versions: { version: number }[] }>([...here, "history", "plan.md"]);
      assert.deepEqual(versions.map((row) => row.version).sort(), [1, 2], catalog);
      for (const args of [
        ["restore", "plan.md"],
        ["data", "get", "plan.md", "--in", "files"],
      ]) {
        const failure = await holdfastFailure([...here, ...args, "--version", "1"]);
        assert.deepEqual([failure.code, failure.error.startsWith(file)], ["CORRUPT", true]);
      }
      const shown = await holdfast([...here, "data", "versions", "plan.md", "--in", "files"]);
      assert.match(shown.stdout, /version\.json is damaged/);
    });
    await holdfastJson(["-C", folder.path, "restore", "plan.md", "--version", "2"]);
    assert.equal(readFileSync(plan, "utf8"), "two");
  });
});
