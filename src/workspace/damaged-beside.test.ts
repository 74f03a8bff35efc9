// Damage that is no version's own: what it must not take along.

import assert from "node:assert/strict";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { TestFolder } from "../cli/testing/holdfast.ts";
import { openWorkspace } from "../index.ts";

const data = (folder: TestFolder, path: string): string => folder.at(`.holdfast/data/data/${path}`);

test("STORE-30 a damaged record of deletes keeps a rebuilt catalog from nothing but that artifact's next version", async () => {
  using folder = new TestFolder();
  {
    await using workspace = await openWorkspace(folder.path);
    for (const name of ["one", "two"]) {
      await workspace.put(name, "first");
      await workspace.put(name, "second");
      await workspace.delete(name, { version: 2 });
    }
  }
  writeFileSync(data(folder, ".deleted/one.json"), "{");
  for (const suffix of ["", "-wal", "-shm"]) rmSync(folder.at(`.holdfast/catalog.db${suffix}`), { force: true });
  await using workspace = await openWorkspace(folder.path);
  const { artifacts } = await workspace.list();
  assert.deepEqual(
    artifacts.map(({ name, version }) => [name, version]),
    [
      ["one", 1],
      ["two", 1],
    ],
  );
  // Giving a number twice would be worse than refusing.
  await assert.rejects(workspace.put("one", "third"), { code: "CORRUPT" });
  assert.equal((await workspace.put("two", "third")).version, 3);
});

test("STORE-26 the owner of an artifact is asked of the newest version that can be read", async () => {
  using folder = new TestFolder();
  await using workspace = await openWorkspace(folder.path);
  await workspace.put("plan", "theirs", { tags: { owner: "ann" } });
  await workspace.put("plan", "theirs, too", { tags: { owner: "ann" } });
  writeFileSync(data(folder, "plan/2/version.json"), "{");
  await assert.rejects(workspace.put("plan", "ours", { tags: { owner: "bob" } }), { code: "NOT_OWNER" });
  assert.equal((await workspace.put("plan", "theirs again", { tags: { owner: "ann" } })).version, 3);
  assert.deepEqual(
    readdirSync(data(folder, "plan")).filter((name) => name.startsWith(".")),
    [],
  );
});
