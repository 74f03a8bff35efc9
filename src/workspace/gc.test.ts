// What `gc` removes, and what it says before.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { ownerToken } from "../coordination/index.ts";
import { type GcResult, openWorkspace, type Workspace } from "../index.ts";
import { TempFolder } from "./testing/killed-at.ts";

const numbersOf = async (workspace: Workspace, name: string): Promise<number[]> =>
  (await workspace.versions(name)).versions.map(({ version }) => version);

/** Tells first, then does it; both say the same, and telling changes nothing. */
async function gc(workspace: Workspace, options: { collection?: string } = {}): Promise<string[]> {
  const state = async (): Promise<unknown> => {
    const { artifacts } = await workspace.list();
    const versions = await Promise.all(
      artifacts.map(({ name, collection }) => workspace.versions(name, { collection })),
    );
    return { artifacts, versions };
  };
  const before = await state();
  const told: GcResult = await workspace.gc({ ...options, dryRun: true });
  assert.deepEqual(await state(), before, "nothing was removed");
  const done = await workspace.gc(options);
  assert.deepEqual(done, told);
  return done.removed.map(({ collection, name, version }) => `${collection}/${name} ${version}`);
}

async function putAll(
  workspace: Workspace,
  name: string,
  count: number,
  options: Parameters<Workspace["put"]>[2] = {},
): Promise<void> {
  for (let n = 1; n <= count; n += 1) await workspace.put(name, `${name} ${n}`, options);
}

test("STORE-29 gc removes exactly what --dry-run told, by number and by age, and never an artifact's only version", async (t) => {
  using folder = new TempFolder();
  await using workspace = await openWorkspace(folder.path);
  await putAll(workspace, "kept", 3);
  await putAll(workspace, "two", 5, { keep: 2 });
  await putAll(workspace, "young", 3, { maxAge: "7d" });
  await putAll(workspace, "both", 4, { keep: 2, maxAge: "7d" });
  await putAll(workspace, "only", 1, { keep: 1, maxAge: "1s" });
  await putAll(workspace, "elsewhere", 2, { collection: "c", keep: 1 });
  assert.deepEqual(await gc(workspace, { collection: "data" }), ["data/two 1", "data/two 2", "data/two 3"]);
  assert.deepEqual(await numbersOf(workspace, "two"), [4, 5]);
  assert.deepEqual(await gc(workspace), ["c/elsewhere 1"]);
  assert.deepEqual(await gc(workspace), []);

  const later = Date.now() + 8 * 86_400_000;
  t.mock.method(Date, "now", () => later);
  assert.deepEqual(await gc(workspace), ["data/both 1", "data/both 2", "data/young 1", "data/young 2"]);
  assert.deepEqual(await numbersOf(workspace, "kept"), [1, 2, 3]);
  assert.deepEqual(await numbersOf(workspace, "only"), [1]);
  assert.equal((await workspace.put("two", "six")).version, 6);
});

test("STORE-29 the newest version's retention counts; a put that says none keeps it, `all` ends it", async () => {
  using folder = new TempFolder();
  await using workspace = await openWorkspace(folder.path);
  await workspace.put("a", "1", { keep: 1, tags: { owner: "ann" } });
  await workspace.put("a", "2", { tags: { owner: "ann" } });
  assert.deepEqual((await workspace.get("a")).tags, { owner: "ann", "retention.keep": "1" });
  await workspace.put("a", "3", { tags: { owner: "ann" }, keep: "all" });
  assert.deepEqual(await gc(workspace), []);
  await workspace.put("a", "4", { tags: { owner: "ann" }, keep: 2 });
  await workspace.rename("a", "b");
  assert.deepEqual(await gc(workspace), ["data/b 1", "data/b 2"]);
  await assert.rejects(workspace.put("a", "x", { keep: 0 }), { code: "BAD_OPTION" });
  await assert.rejects(workspace.put("a", "x", { maxAge: "a week" }), { code: "BAD_OPTION" });
  await assert.rejects(workspace.gc({ dryRun: "yes" as unknown as boolean }), { code: "BAD_OPTION" });
  await assert.rejects(workspace.gc({ collection: "../x" }), { code: "BAD_NAME" });
});

test("STORE-29 bytes that a version which stays refers to are kept, and counted bytes are those of the versions removed", async () => {
  using folder = new TempFolder();
  await using workspace = await openWorkspace(folder.path);
  for (const text of ["one", "two", "three!"]) await workspace.put("a", text, { keep: 1 });
  assert.deepEqual(await workspace.gc({ dryRun: true }), await workspace.gc());
  await workspace.put("a", "four", {});
  const { removed, bytes } = await workspace.gc();
  assert.deepEqual([removed.length, bytes], [1, "three!".length]);
});

test("STORE-29 gc empties what the dead left in staging and trash; --dry-run leaves it", async () => {
  using folder = new TempFolder();
  await using workspace = await openWorkspace(folder.path);
  const left = ["staging", "trash"].map((dir) =>
    folder.at(".holdfast", dir, `${ownerToken().replace(/-\d+-\d+$/, "-999999-1")}_x`),
  );
  for (const dir of left) mkdirSync(join(dir, "1"), { recursive: true });
  await workspace.gc({ dryRun: true });
  assert.ok(left.every((dir) => existsSync(dir)));
  await workspace.gc();
  assert.deepEqual(
    left.filter((dir) => existsSync(dir)),
    [],
  );
  assert.deepEqual(readdirSync(folder.at(".holdfast/trash")), []);
});
