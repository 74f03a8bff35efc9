// STORE-30: `verify` finds every file that is not what was written, names it, and finds nothing where nothing is damaged.

import assert from "node:assert/strict";
import {
  copyFileSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { describe, test } from "node:test";
import { decodeEntry, entryIdOf } from "../entries/index.ts";
import type { VerifyResult } from "../workspace/index.ts";
import { encodeName } from "./layout.ts";
import { BusyWriters } from "./testing/busy-writers.ts";
import { TemporaryStore } from "./testing/temporary-store.ts";
import { formatVersionFile } from "./version-record.ts";

const LONG = "a name that is longer than a file name ".repeat(10);

async function filled(): Promise<TemporaryStore> {
  const store = new TemporaryStore();
  const artifacts = store.artifacts();
  for (const text of ["one", "two", "three"]) await artifacts.put("a", text, { tags: { owner: "ann" } });
  await artifacts.delete("a", { version: 1 });
  await artifacts.put(LONG, "long");
  await artifacts.put("b", "other", { collection: "more/here" });
  return store;
}

function flipBit(path: string): void {
  const bytes = readFileSync(path);
  const at = Math.floor(bytes.length / 2);
  bytes[at] = (bytes[at] ?? 0) ^ 1;
  writeFileSync(path, bytes);
}

/** The entry with another signature, told as carefully as the store would. */
function forge(path: string): void {
  const block = Buffer.from(JSON.parse(readFileSync(path, "utf8")).block, "base64");
  block[block.length - 1] = (block.at(-1) ?? 0) ^ 1;
  const entry = { ...decodeEntry(block), id: entryIdOf(block) };
  writeFileSync(path, formatVersionFile({ version: 2, entry }));
}

/** What is done to a file of data/, and how it is told. `told`: the path that is told, where it is another. */
const DAMAGES: readonly (readonly [string, string, (path: string) => void, RegExp, string?])[] = [
  ["a content cut", "data/a/2/content", (path) => truncateSync(path, 1), /not what version 2 was put with/],
  ["a content with a bit flipped", "data/a/2/content", flipBit, /not what version 2/],
  ["a content removed", "data/a/3/content", (path) => rmSync(path), /missing/],
  ["a content that is a folder", "data/a/3/content", folderInstead, /folder/],
  ["a content that is a link", "data/a/3/content", linkInstead, /symbolic link/],
  ["a version.json removed", "data/a/2/version.json", (path) => rmSync(path), /missing/],
  ["a version.json cut", "data/a/2/version.json", (path) => truncateSync(path, 50), /./],
  ["a version.json with a bit flipped", "data/a/2/version.json", flipBit, /./],
  [
    "a version.json of another version",
    "data/a/2/version.json",
    (path) => copyFileSync(path.replace("a/2", "a/3"), path),
    /another version/,
  ],
  ["a version.json that nobody signed", "data/a/2/version.json", forge, /signed/],
  [
    "a version.json that says another type",
    "data/a/2/version.json",
    (path) => edit(path, { type: "text/html" }),
    /what its entry says/,
  ],
  [
    "a version.json that says another owner",
    "data/a/2/version.json",
    (path) => edit(path, { tags: { owner: "eve" } }),
    /what its entry says/,
  ],
  ["a version.json of another format", "data/a/2/version.json", (path) => edit(path, { format: 7 }), /format 7/],
  ["a version that is a link", "data/a/2", linkInstead, /symbolic link/],
  ["an artifact that is a link", "data/a", linkInstead, /symbolic link/],
  ["a collection that is a link", encodeName("more/here"), linkInstead, /symbolic link/],
  ["an artifact that is a file", `${encodeName("more/here")}/c`, (path) => writeFileSync(path, ""), /no folder/],
  ["a collection that is a file", "stray", (path) => writeFileSync(path, ""), /no folder/],
  ["a record of deletes cut", "data/.deleted/a.json", (path) => truncateSync(path, 20), /./],
  [
    "a record of deletes of another",
    "data/.deleted/a.json",
    (path) => renameSync(path, path.replace("a.json", "z.json")),
    /another artifact/,
    "data/.deleted/z.json",
  ],
  ["a name that is not the one", `data/${encodeName(LONG)}/name`, (path) => writeFileSync(path, "b"), /the hash/],
];

function edit(path: string, change: object): void {
  writeFileSync(path, JSON.stringify({ ...JSON.parse(readFileSync(path, "utf8")), ...change }));
}

function folderInstead(path: string): void {
  rmSync(path);
  mkdirSync(path);
}

function linkInstead(path: string): void {
  rmSync(path, { recursive: true });
  symlinkSync("/nowhere", path);
}

function verified(store: TemporaryStore): Promise<VerifyResult> {
  return store.artifacts().verify();
}

describe("STORE-30 verify", () => {
  test("finds nothing where nothing is damaged, and counts what it has read", async () => {
    using store = await filled();
    const reached: number[] = [];
    const result = await store.artifacts().verify({ onProgress: ({ bytes }) => reached.push(bytes) });
    const bytes = "twothreelongother".length;
    assert.deepEqual(result, { checked: { artifacts: 3, versions: 4, bytes }, damaged: [], catalog: "agrees" });
    assert.equal(reached.at(-1), bytes);
    const one = await store.artifacts().verify({ collection: "more/here" });
    assert.deepEqual(one.checked, { artifacts: 1, versions: 1, bytes: 5 });
    await assert.rejects(store.artifacts().verify({ collection: ".." }), { code: "BAD_NAME" });
  });

  for (const [what, path, damage, reason, told] of DAMAGES) {
    test(`tells ${what}, and nothing else`, async () => {
      using store = await filled();
      damage(store.data(path));
      for (const catalog of ["as it was", "made anew"]) {
        const { damaged } = await verified(store);
        assert.deepEqual(
          damaged.map((row) => row.path),
          [store.data(told ?? path)],
          catalog,
        );
        assert.match(damaged[0]?.reason ?? "", reason);
        assert.ok(damaged[0]?.hint);
        rmSync(store.at(".holdfast/catalog.db"));
      }
    });
  }

  test("tells all of many, each with its collection, name and version", async () => {
    using store = await filled();
    flipBit(store.data("data/a/2/content"));
    rmSync(store.data("data/a/3/version.json"));
    truncateSync(store.data(encodeName("more/here"), "b/1/content"));
    const { damaged, checked } = await verified(store);
    assert.deepEqual(damaged.map(({ collection, name, version }) => [collection, name, version]).sort(), [
      ["data", "a", 2],
      ["data", "a", 3],
      ["more/here", "b", 1],
    ]);
    assert.deepEqual(checked, { artifacts: 3, versions: 3, bytes: 4 });
  });

  for (const [what, sql] of Object.entries({
    "a wrong size": "UPDATE newest SET size = 7 WHERE name = 'a'",
    "other tags": `UPDATE newest SET tags = '{"owner":"eve"}' WHERE name = 'a'`,
    "no row of an artifact": "DELETE FROM newest WHERE name = 'a'",
    "no row of a version": "DELETE FROM versions WHERE name = 'a' AND version = 2",
    "a version that is not there": "UPDATE versions SET version = 9 WHERE name = 'a' AND version = 3",
    "an artifact that is not there": "UPDATE versions SET name = 'ghost' WHERE name = 'b'",
    "a collection that is not there": "UPDATE versions SET collection = 'ghost' WHERE name = 'b'",
    "an entry with a bit flipped": "UPDATE versions SET block = x'00' WHERE name = 'b'",
  })) {
    test(`a catalog that says ${what} is kept beside and made anew, with the answers as they were`, async () => {
      using store = await filled();
      const before = await store.artifacts().list();
      const db = new DatabaseSync(store.at(".holdfast/catalog.db"));
      db.exec(sql);
      db.close();
      const asking = store.artifacts();
      const { damaged, catalog } = await asking.verify();
      assert.deepEqual([damaged, catalog], [[], "made anew"]);
      assert.deepEqual(await asking.list(), before);
      assert.deepEqual(await store.artifacts().list(), before);
      assert.equal((await verified(store)).catalog, "agrees");
      assert.equal((await store.artifacts().put("a", "four", { tags: { owner: "ann" } })).version, 4);
    });
  }

  test("a version that is deleted, or comes, under its eyes is no damage, and the catalog is left as it is", async () => {
    using store = await filled();
    const seen: VerifyResult[] = [];
    {
      await using writers = new BusyWriters(store.folder, ["p", "q"]);
      for (let round = 0; round < 25; round += 1) {
        await writers.change();
        seen.push(await verified(store));
      }
    }
    // Killed wherever they were: what is half-done is no damage either.
    seen.push(await verified(store));
    assert.ok(new Set(seen.map(({ checked }) => checked.versions)).size > 1, "something was written meanwhile");
    assert.deepEqual(new Set(seen.map(({ catalog }) => catalog)), new Set(["agrees"]));
    assert.deepEqual(
      seen.flatMap(({ damaged }) => damaged),
      [],
    );
  });

  test("ends with the signal", async () => {
    using store = await filled();
    const stop = new AbortController();
    const verifying = store
      .artifacts()
      .verify({ signal: stop.signal, onProgress: () => stop.abort(new Error("enough")) });
    await assert.rejects(verifying, /enough/);
  });
});
