// What a rename, a gc and a delete of all are on another copy of the workspace.

import assert from "node:assert/strict";
import { test } from "node:test";
import { TestFolder } from "../cli/testing/holdfast.ts";
import { type StartedHub, startHub } from "../hub/index.ts";
import { openWorkspace, type Workspace } from "../index.ts";

interface Copies extends AsyncDisposable {
  readonly a: Workspace;
  readonly b: Workspace;
  sync(): Promise<void>;
}

async function twoCopies(): Promise<Copies> {
  const folder = new TestFolder();
  const hub: StartedHub = await startHub({ dir: folder.at("hub"), port: 0, workspace: { id: "w", name: "shared" } });
  const join = async (name: string): Promise<Workspace> =>
    openWorkspace(folder.at(name), { hub: hub.url, token: (await hub.storage.tokens.create("member")).token });
  const [a, b] = [await join("a"), await join("b")];
  return {
    a,
    b,
    async sync() {
      await a.sync();
      await b.sync();
    },
    async [Symbol.asyncDispose]() {
      await a.close();
      await b.close();
      await hub.close();
      folder[Symbol.dispose]();
    },
  };
}

const textsOf = async (workspace: Workspace, name: string): Promise<string[]> => {
  const { versions } = await workspace.versions(name);
  const all = await Promise.all(versions.map(({ version }) => workspace.get(name, { version })));
  return all.map(({ content }) => Buffer.from(content).toString());
};

for (const isKnown of [true, false]) {
  test(`STORE-31 a rename reaches another copy, ${isKnown ? "which has the old versions" : "which never saw the old name"}: all contents are there, and the old name leads on`, {
    timeout: 60_000,
  }, async () => {
    await using copies = await twoCopies();
    const { a, b } = copies;
    for (const text of ["one", "two"]) await a.put("old", text, { tags: { owner: "ann" } });
    if (isKnown) await copies.sync();
    await a.rename("old", "new");
    await copies.sync();
    assert.deepEqual(await textsOf(b, "new"), ["one", "two"]);
    assert.deepEqual(
      (await b.list()).artifacts.map(({ name, owner }) => [name, owner]),
      [["new", "ann"]],
    );
    const { name, renamedFrom } = await b.get("old");
    assert.deepEqual([name, renamedFrom], ["new", "old"]);
    assert.deepEqual((await b.verify()).damaged, []);
  });
}

test("STORE-29 what gc removes goes on another copy, too, and so does all of a collection", {
  timeout: 60_000,
}, async () => {
  await using copies = await twoCopies();
  const { a, b } = copies;
  for (const text of ["one", "two", "three"]) await a.put("kept", text, { keep: 1 });
  for (const name of ["x", "y"]) await a.put(name, name, { collection: "c" });
  await copies.sync();
  assert.deepEqual((await b.gc({ dryRun: true })).removed.length, 2);
  await a.gc();
  await a.deleteAll({ collection: "c" });
  await copies.sync();
  assert.deepEqual(await textsOf(b, "kept"), ["three"]);
  assert.deepEqual(
    (await b.list()).artifacts.map(({ name }) => name),
    ["kept"],
  );
});
