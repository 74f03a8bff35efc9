// `data delete --all` as it is typed.

import assert from "node:assert/strict";
import { test } from "node:test";
import { holdfast, holdfastFailure, holdfastJson, TestFolder } from "./testing/holdfast.ts";

test("STORE-01 data delete --all needs --in and --force, and no name; then all of the collection goes and nothing else", async () => {
  using folder = new TestFolder();
  await holdfastJson(["init", folder.path]);
  const data = (...words: string[]): string[] => ["-C", folder.path, "data", ...words];
  for (const name of ["a", "b"]) await holdfastJson(data("put", name, "--in", "c"), { input: name });
  await holdfastJson(data("put", "a"), { input: "of another collection" });
  for (const words of [
    ["--all"],
    ["--all", "--force"],
    ["--all", "--in", "c"],
    ["a", "--all", "--in", "c", "--force"],
    ["--all", "--in", "c", "--force", "--version", "1"],
    ["--in", "c", "--force"],
    ["--all", "--in", "files", "--force"],
  ]) {
    const failure = await holdfastFailure(data("delete", ...words));
    assert.deepEqual([failure.code, failure.exitCode], ["USAGE", 2], words.join(" "));
  }
  assert.deepEqual(await holdfastJson(data("delete", "--all", "--in", "c", "--force")), {
    collection: "c",
    deleted: [
      { name: "a", versions: [1] },
      { name: "b", versions: [1] },
    ],
  });
  const { artifacts } = await holdfastJson<{ artifacts: { collection: string; name: string }[] }>(data("list"));
  assert.deepEqual(
    artifacts.map(({ collection, name }) => `${collection}/${name}`),
    ["data/a"],
  );
  // Empty now, and one that never was.
  for (const collection of ["c", "never"]) {
    const nothing = await holdfastJson(data("delete", "--all", "--in", collection, "--force"));
    assert.deepEqual(nothing, { collection, deleted: [] });
  }
  assert.equal((await holdfast(data("delete", "--all", "--in", "c", "--force"))).stdout, "there is nothing in c\n");
  const { version } = await holdfastJson<{ version: number }>(data("put", "a", "--in", "c"), { input: "again" });
  assert.equal(version, 2);
});
