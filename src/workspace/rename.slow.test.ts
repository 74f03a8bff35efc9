// Renames by processes that die at it, and under readers' eyes.

import assert from "node:assert/strict";
import { readdirSync, rmSync } from "node:fs";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { holdfast, holdfastJson, TestFolder } from "../cli/testing/holdfast.ts";
import { openWorkspace } from "../index.ts";
import { inProcess, killedEverywhere, type SdkCall, TempFolder } from "./testing/killed-at.ts";

test("STORE-31 killed before any change that a rename makes: the old artifact is there or the new one, whole", async () => {
  const deaths = await killedEverywhere(
    async (workspace) => {
      for (const text of ["one", "two"]) await workspace.put("a", text);
    },
    ["rename", "a", "b"],
    async (folder, { at, wasTold }) => {
      // Also where nothing but what lies in data/ tells of it.
      if (at % 2 === 1) {
        for (const suffix of ["", "-wal", "-shm"]) rmSync(folder.at(`.holdfast/catalog.db${suffix}`), { force: true });
      }
      await using workspace = await openWorkspace(folder.path);
      const rows = async (): Promise<string[]> =>
        (await workspace.list()).artifacts.map((row) => `${row.name} ${row.version}`);
      // Before anybody writes: readers see one of the two.
      const { name, renamedFrom, content } = await workspace.get("a");
      assert.equal(Buffer.from(content).toString(), "two");
      const isRenamed = name === "b";
      assert.equal(renamedFrom, isRenamed ? "a" : undefined);
      assert.ok(isRenamed || !wasTold, `killed at ${at}: it was told as done`);
      const numbers = (await workspace.versions(name)).versions.map(({ version }) => version);
      assert.deepEqual(numbers, [1, 2], `killed at ${at}`);
      if (!isRenamed) await assert.rejects(workspace.get("b"), { code: "NOT_FOUND" });
      if (at % 4 < 2) assert.deepEqual(await rows(), [`${name} 2`], `killed at ${at}`);
      // The next writer finishes it, and gives no number twice.
      assert.equal((await workspace.put("a", "anew")).version, 3, `killed at ${at}`);
      assert.deepEqual(await rows(), isRenamed ? ["a 3", "b 2"] : ["a 3"], `killed at ${at}`);
      if (!isRenamed) assert.deepEqual((await workspace.rename("a", "b")).versions, [1, 2, 3]);
      await workspace.delete("b");
      assert.deepEqual(await rows(), isRenamed ? ["a 3"] : [], `killed at ${at}`);
      await workspace.put("later", "sweeps");
      assert.deepEqual(readdirSync(folder.at(".holdfast/trash")), []);
    },
  );
  assert.ok(deaths > 15, `only ${deaths} changes were met`);
});

test("STORE-31 readers of either name find it at every moment while it is renamed to and fro", {
  timeout: 120_000,
}, async () => {
  using folder = new TempFolder();
  await using workspace = await openWorkspace(folder.path);
  await workspace.put("a", "the text");
  await workspace.rename("a", "b");
  const renames = Array.from(
    { length: 60 },
    (_, n): SdkCall => ["rename", ...(n % 2 === 0 ? ["b", "a"] : ["a", "b"])] as SdkCall,
  );
  let isDone = false;
  const renaming = inProcess(folder.path, renames).finally(() => {
    isDone = true;
  });
  let reads = 0;
  for (; !isDone; reads += 1) {
    await nextTurn();
    for (const name of ["a", "b"]) {
      assert.equal(Buffer.from((await workspace.get(name)).content).toString(), "the text");
      assert.equal((await workspace.versions(name)).versions.length, 1);
    }
  }
  const { told } = await renaming;
  assert.deepEqual(
    told.filter((each) => typeof each === "object" && each !== null && "code" in each),
    [],
  );
  assert.ok(reads > 20, `${reads} reads`);
});

test("STORE-31 data rename, data get and data versions of the old name say what it is called now", async () => {
  using folder = new TestFolder();
  await holdfastJson(["init", folder.path]);
  const data = (...words: string[]): string[] => ["-C", folder.path, "data", ...words];
  await holdfastJson(data("put", "a"), { input: "the text" });
  const renamed = await holdfast(data("rename", "a", "b"));
  assert.deepEqual([renamed.code, renamed.stdout], [0, "a is b now: version 1\n"]);
  const got = await holdfast(data("get", "a"));
  assert.deepEqual([got.code, got.stdout, got.stderr], [0, "the text", "holdfast: a is called b now\n"]);
  const versions = await holdfast(data("versions", "a"));
  assert.equal(versions.stderr, "holdfast: a is called b now\n");
  const { name, renamedFrom } = await holdfastJson(data("get", "a"));
  assert.deepEqual([name, renamedFrom], ["b", "a"]);
  assert.equal((await holdfast(data("get", "b"))).stderr, "");
});
