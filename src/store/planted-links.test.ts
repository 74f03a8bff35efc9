// STORE-28: a symbolic link planted inside data/ is not followed out of it, and is told as damage with its path.

import assert from "node:assert/strict";
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, symlinkSync } from "node:fs";
import { describe, test } from "node:test";
import { isHoldfastError } from "../errors.ts";
import { encodeName } from "./layout.ts";
import { TemporaryStore } from "./testing/temporary-store.ts";

/** The artifacts `a` (three versions, the second deleted) and `b`, with `path` of data/ moved out and linked to. */
async function planted(path: string): Promise<{ store: TemporaryStore; link: string; outside: string; seen: string }> {
  const store = new TemporaryStore();
  const first = store.artifacts();
  for (const text of ["one", "two", "three"]) await first.put("a", text);
  await first.delete("a", { version: 2 });
  await first.put("b", "other");
  const link = store.data(path);
  const outside = store.at("outside");
  renameSync(link, outside);
  symlinkSync(outside, link);
  return { store, link, outside, seen: treeOf(outside) };
}

function treeOf(path: string): string {
  if (!lstatSync(path).isDirectory()) return readFileSync(path, "base64");
  const names = readdirSync(path).sort();
  return JSON.stringify(names.map((name) => [name, treeOf(`${path}/${name}`)]));
}

async function assertTold(call: Promise<unknown>, link: string): Promise<void> {
  await assert.rejects(call, (error) => {
    assert.ok(isHoldfastError(error, "CORRUPT"), String(error));
    assert.match(error.message, /symbolic link/);
    assert.equal(error.details?.path, link);
    return true;
  });
}

describe("STORE-28 a planted symbolic link is not followed, and told with its path", () => {
  for (const [what, path] of [
    ["a collection", "data"],
    ["an artifact", "data/a"],
    ["a version", "data/a/3"],
    ["a version.json", "data/a/3/version.json"],
    ["a content", "data/a/3/content"],
  ] as const) {
    for (const catalog of ["as it was", "made anew"]) {
      test(`${what}, with the catalog ${catalog}: get, put, delete, versions, list`, async () => {
        const { store: place, link, outside, seen } = await planted(path);
        using store = place;
        if (catalog === "made anew") rmSync(store.at(".holdfast/catalog.db"));
        const artifacts = store.artifacts();
        await assertTold(artifacts.get("a"), link);
        await assertTold(artifacts.get("a", { version: 3 }), link);
        const isAbove = path === "data" || path === "data/a";
        if (isAbove) {
          await assertTold(artifacts.versions("a"), link);
          await assertTold(artifacts.put("a", "four"), link);
          await assertTold(artifacts.delete("a"), link);
          await assertTold(artifacts.delete("a", { version: 3 }), link);
        } else {
          assert.equal((await artifacts.put("a", "four")).version, 4);
        }
        if (path === "data") {
          await assertTold(artifacts.put("fresh", "five"), link);
          await assertTold(artifacts.list({ collection: "data" }), link);
        } else {
          assert.equal(Buffer.from((await artifacts.get("b")).content).toString(), "other");
          assert.ok((await artifacts.list()).artifacts.some((row) => row.name === "a"));
        }
        assert.equal(treeOf(outside), seen, "nothing was written outside");
        if (!isAbove) await artifacts.delete("a");
        assert.equal(treeOf(outside), seen, "nothing was removed outside");
        if (!isAbove) assert.equal(existsSync(store.data("data/a")), false);
      });
    }
  }

  test("the record of deletes: no number is given again, and nothing is written through it", async () => {
    const { store: place, link, outside, seen } = await planted("data/.deleted");
    using store = place;
    await assertTold(store.artifacts().put("a", "four"), link);
    await assertTold(store.artifacts().delete("b"), link);
    assert.equal(Buffer.from((await store.artifacts().get("a")).content).toString(), "three");
    assert.equal(treeOf(outside), seen);
  });

  test("the files `latest` and `name` beside the versions of a new artifact are replaced, not written through", async () => {
    using store = new TemporaryStore();
    store.artifacts();
    const name = "long ".repeat(60);
    const target = store.at("outside");
    for (const [artifact, file] of [
      ["a", "latest"],
      [name, "name"],
    ] as const) {
      const dir = store.data("data", encodeName(artifact));
      mkdirSync(dir, { recursive: true });
      symlinkSync(target, `${dir}/${file}`);
      assert.equal((await store.artifacts().put(artifact, "x")).version, 1);
      assert.equal(existsSync(target), false);
      assert.equal(readFileSync(`${dir}/${file}`, "utf8"), file === "latest" ? "1" : name);
    }
  });

  test("an artifact in whose place a link lies is a row of list that says so", async () => {
    const { store: place, link } = await planted("data/a");
    using store = place;
    rmSync(store.at(".holdfast/catalog.db"));
    const { artifacts } = await store.artifacts().list();
    assert.deepEqual(
      artifacts.map((row) => [row.name, row.version, row.damaged?.startsWith(link)]),
      [
        ["a", 0, true],
        ["b", 1, undefined],
      ],
    );
  });
});
