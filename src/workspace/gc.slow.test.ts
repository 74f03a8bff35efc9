// `gc` by processes that die at it, and as it is typed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { holdfastFailure, holdfastJson, TestFolder } from "../cli/testing/holdfast.ts";
import { openWorkspace } from "../index.ts";
import { inProcess, killedEverywhere, type SdkCall, TempFolder } from "./testing/killed-at.ts";

test("STORE-29 gc killed before any change that it makes: of each artifact all goes that is to go, or nothing", async () => {
  const deaths = await killedEverywhere(
    async (workspace) => {
      for (const name of ["a", "b"])
        for (const text of ["one", "two", "three"]) await workspace.put(name, text, { keep: 1 });
    },
    ["gc", {}],
    async (folder, { at, wasTold }) => {
      await using workspace = await openWorkspace(folder.path);
      assert.equal((await workspace.put("later", "of somebody else")).version, 1);
      for (const name of ["a", "b"]) {
        const { versions } = await workspace.versions(name);
        const numbers = versions.map(({ version }) => version).join();
        assert.ok(numbers === "3" || (numbers === "1,2,3" && !wasTold), `killed at ${at}: ${name} has ${numbers}`);
        assert.equal(Buffer.from((await workspace.get(name)).content).toString(), "three");
        assert.equal((await workspace.put(name, "four")).version, 4);
      }
      await workspace.gc();
      const rest = await Promise.all(["a", "b"].map((name) => workspace.versions(name)));
      assert.deepEqual(
        rest.map(({ versions }) => versions.map(({ version }) => version)),
        [[4], [4]],
      );
    },
  );
  assert.ok(deaths > 15, `only ${deaths} changes were met`);
});

test("STORE-29 gc while others save: no error, nothing that is to stay is removed", { timeout: 120_000 }, async () => {
  using folder = new TempFolder();
  await (await openWorkspace(folder.path)).close();
  const puts = (name: string): SdkCall[] => Array.from({ length: 150 }, (_, n) => ["put", name, `${n}`, { keep: 5 }]);
  const ended = await Promise.all([
    inProcess(folder.path, puts("a")),
    inProcess(folder.path, puts("b")),
    inProcess(
      folder.path,
      Array.from({ length: 40 }, (): SdkCall => ["gc", {}]),
    ),
  ]);
  const told = ended.flatMap((each) => each.told as { code?: string }[]);
  assert.deepEqual(
    told.filter((each) => "code" in each),
    [],
  );
  await using workspace = await openWorkspace(folder.path);
  await workspace.gc();
  for (const name of ["a", "b"]) {
    const { versions } = await workspace.versions(name);
    assert.deepEqual(
      versions.map(({ version }) => version),
      [146, 147, 148, 149, 150],
    );
  }
});

test("STORE-29 data gc --dry-run tells what data gc then removes", async () => {
  using folder = new TestFolder();
  await holdfastJson(["init", folder.path]);
  const data = (...words: string[]): string[] => ["-C", folder.path, "data", ...words];
  for (const input of ["one", "two", "three"]) await holdfastJson(data("put", "a", "--keep", "1"), { input });
  const told = await holdfastJson(data("gc", "--dry-run"));
  assert.deepEqual(told, {
    removed: [
      { collection: "data", name: "a", version: 1 },
      { collection: "data", name: "a", version: 2 },
    ],
    bytes: 6,
  });
  assert.deepEqual(await holdfastJson(data("gc")), told);
  assert.deepEqual(await holdfastJson(data("gc")), { removed: [], bytes: 0 });
  for (const words of [
    ["--keep", "0"],
    ["--max-age", "soon"],
  ]) {
    const failure = await holdfastFailure(data("put", "a", ...words), { input: "x" });
    assert.deepEqual([failure.code, failure.exitCode], ["BAD_OPTION", 2]);
  }
});
