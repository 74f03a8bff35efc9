// STORE-38: what another format wrote opens, or is refused with what to do; it is never half-read, and never written over.

import assert from "node:assert/strict";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import { isHoldfastError } from "../errors.ts";
import { TemporaryStore } from "./testing/temporary-store.ts";

const REFUSALS = [
  { format: 2, code: "FORMAT_TOO_NEW", hint: /update this one/ },
  { format: 0, code: "FORMAT_TOO_OLD", hint: /data export.*data import/ },
] as const;

async function filled(): Promise<TemporaryStore> {
  const store = new TemporaryStore();
  const artifacts = store.artifacts();
  for (const text of ["one", "two", "three"]) await artifacts.put("a", text);
  await artifacts.delete("a", { version: 2 });
  await artifacts.put("b", "other");
  return store;
}

/** Says in the file that it has `format`, and holds something that only that format knows. */
function reformat(path: string, format: unknown): void {
  const file = JSON.parse(readFileSync(path, "utf8"));
  writeFileSync(path, JSON.stringify({ ...file, format, floor: undefined, block: { in: "another way" }, name: 7 }));
}

async function assertRefused(call: () => Promise<unknown>, refusal: (typeof REFUSALS)[number], path: string) {
  await assert.rejects(call, (error) => {
    assert.ok(isHoldfastError(error, refusal.code), String(error));
    assert.match(error.message, new RegExp(`has format ${refusal.format}; this program reads 1`));
    assert.equal(error.details?.path, path);
    assert.match(error.hint ?? "", refusal.hint);
    return true;
  });
}

describe("STORE-38 another format is refused with what to do, and left as it is", () => {
  for (const refusal of REFUSALS) {
    test(`workspace.json of format ${refusal.format}: nothing opens`, async () => {
      using store = await filled();
      const path = store.at(".holdfast/workspace.json");
      reformat(path, refusal.format);
      const before = readFileSync(path, "utf8");
      await assertRefused(async () => store.artifacts(), refusal, path);
      assert.equal(readFileSync(path, "utf8"), before);
    });

    test(`version.json of format ${refusal.format}: every verb on its artifact, and no version is written over it`, async () => {
      using store = await filled();
      const path = store.data("data/a/3/version.json");
      reformat(path, refusal.format);
      const before = readFileSync(path, "utf8");
      const artifacts = store.artifacts();
      for (const call of [
        () => artifacts.get("a"),
        () => artifacts.versions("a"),
        () => artifacts.put("a", "four"),
        () => artifacts.delete("a"),
        () => artifacts.delete("a", { version: 3 }),
      ]) {
        await assertRefused(call, refusal, path);
      }
      assert.equal(readFileSync(path, "utf8"), before);
      assert.equal(Buffer.from((await artifacts.get("b")).content).toString(), "other");
    });

    test(`version.json of format ${refusal.format}: a catalog is not made anew without it`, async () => {
      using store = await filled();
      const path = store.data("data/a/3/version.json");
      reformat(path, refusal.format);
      rmSync(store.at(".holdfast/catalog.db"));
      const artifacts = store.artifacts();
      for (const _ of [1, 2]) await assertRefused(() => artifacts.list(), refusal, path);
    });

    test(`a record of deletes of format ${refusal.format}: no number is given that it may know of`, async () => {
      using store = await filled();
      const path = store.data("data/.deleted/a.json");
      reformat(path, refusal.format);
      await assertRefused(() => store.artifacts().put("a", "four"), refusal, path);
      await assertRefused(() => store.artifacts().delete("a"), refusal, path);
    });

    test(`a catalog of format ${refusal.format * 50} is made anew, with the same answers`, async () => {
      using store = await filled();
      const answers = async () => {
        const artifacts = store.artifacts();
        return [await artifacts.list(), await artifacts.versions("a")];
      };
      const before = await answers();
      const db = new DatabaseSync(store.at(".holdfast/catalog.db"));
      db.exec(`DROP TABLE newest; CREATE TABLE newest (other TEXT); PRAGMA user_version = ${refusal.format * 50}`);
      db.close();
      assert.deepEqual(await answers(), before);
      assert.equal((await store.artifacts().put("a", "four")).version, 4);
    });
  }

  test("what is no format at all is damage", async () => {
    for (const format of ["1", null, -1, 1.5]) {
      using store = await filled();
      reformat(store.data("data/a/3/version.json"), format);
      await assert.rejects(store.artifacts().get("a"), { code: "CORRUPT" });
      reformat(store.at(".holdfast/workspace.json"), format);
      assert.throws(() => store.artifacts(), { code: "CORRUPT" });
    }
  });
});
