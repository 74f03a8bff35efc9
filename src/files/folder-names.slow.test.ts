// Renames of every kind, seen by the other folder and in the history.

import assert from "node:assert/strict";
import { existsSync, statSync } from "node:fs";
import { test } from "node:test";
import { decode } from "@ipld/dag-cbor";
import { until } from "../hub/testing/wait-until.ts";
import { PATIENCE_MS, type TestFolder, type Tree, World } from "./testing/two-folders.ts";
import { failed } from "./testing/wire.ts";

const APPEND = "POST /v1/entries";

async function filled(count: number, files: Tree): Promise<World> {
  const world = await World.make(count);
  for (const [path, text] of Object.entries(files)) world.a.write(path, text);
  await world.alike((tree) => Object.keys(files).every((path) => tree[path] === files[path]));
  return world;
}
const inode = (folder: TestFolder, path: string): number => statSync(folder.at(path)).ino;

test("FILE-13 a temporary file renamed over the target: one document, with its history", async () => {
  await using world = await filled(2, { f: "one" });
  const { a, b } = world;
  const doc = a.docAt("f");
  a.replace("f", "two");
  const tree = await world.alike((now) => now.f === "two");
  assert.deepEqual(tree, { f: "two" });
  assert.equal(b.docAt("f"), doc);
  assert.deepEqual(await b.versions("f"), ["one", "two"]);
});

test("FILE-14 edited, then renamed before it was sent: both arrive", async () => {
  await using world = await filled(2, { f: "one" });
  const { a, b } = world;
  const doc = a.docAt("f");
  const open = a.wire.hold(APPEND);
  a.write("f", "two");
  await until(() => a.wire.count(APPEND) === 2, PATIENCE_MS);
  a.move("f", "g");
  await until(() => a.heads()[0]?.path === "g", PATIENCE_MS);
  open();
  const tree = await world.alike((now) => now.g !== undefined);
  assert.deepEqual(tree, { g: "two" });
  assert.equal(b.docAt("g"), doc);
});

test("FILE-14 edited and renamed at once: both arrive", async () => {
  await using world = await filled(2, { f: "one" });
  const { a, b } = world;
  const doc = a.docAt("f");
  a.write("f", "two");
  a.move("f", "g");
  const tree = await world.alike((now) => now.g !== undefined);
  assert.deepEqual(tree, { g: "two" });
  assert.equal(b.docAt("g"), doc);
});

test("FILE-14 renamed, then a new file at the old path: two right documents", async () => {
  await using world = await filled(2, { f: "one" });
  const { a, b } = world;
  const doc = a.docAt("f");
  a.move("f", "g");
  a.write("f", "another");
  const tree = await world.alike((now) => now.g !== undefined && now.f === "another");
  assert.deepEqual(tree, { f: "another", g: "one" });
  assert.equal(b.docAt("g"), doc);
  assert.notEqual(b.docAt("f"), doc);
});

test("FILE-15 a rename in flight, then a write at the new path: one after the other", async () => {
  await using world = await filled(2, { f: "one" });
  const { a, b } = world;
  const open = a.wire.hold(APPEND);
  a.move("f", "g");
  await until(() => a.wire.count(APPEND) === 2, PATIENCE_MS);
  a.write("g", "two");
  await until(() => a.sync.status().queue >= 2, PATIENCE_MS);
  open();
  await world.alike((now) => now.g === "two");
  assert.equal(a.wire.most.get(APPEND), 1);
  assert.deepEqual(await world.atHub(), ["put f", "rename g", "put g"]);
  assert.deepEqual(b.tree(), { g: "two" });
});

test("FILE-16 renamed over another file: the survivor lives everywhere", async () => {
  await using world = await filled(2, { f: "one", g: "two" });
  const { a } = world;
  a.move("f", "g");
  const tree = await world.alike((now) => now.f === undefined);
  assert.deepEqual(tree, { g: "one" });
});

test("FILE-16 a chain of files renamed over one another makes no conflicts", async () => {
  await using world = await filled(2, { "log.1": "new", "log.2": "middle", "log.3": "old" });
  const { a, b } = world;
  a.move("log.2", "log.3");
  a.move("log.1", "log.2");
  const tree = await world.alike((now) => now["log.1"] === undefined);
  assert.deepEqual(tree, { "log.2": "new", "log.3": "middle" });
  assert.deepEqual([a.sync.status().conflicts, b.sync.status().conflicts], [0, 0]);
});

test("FILE-17 a folder of 1,000 files renamed: no content is sent again, and the other side renames its own", async () => {
  const names = Array.from({ length: 1_000 }, (_, n) => `${n % 10}/file ${n}.txt`);
  await using world = await World.make(2);
  const { a, b } = world;
  for (const name of names) a.write(`old/${name}`, `text of ${name}`);
  await until(() => names.every((name) => existsSync(b.at(`old/${name}`))), PATIENCE_MS);
  await world.alike();
  const inodes = names.map((name) => inode(b, `old/${name}`));
  const seenBefore = a.wire.seen.length;
  a.move("old", "new/place");
  await until(() => existsSync(b.at(`new/place/${names[999]}`)) && b.sync.status().queue === 0, PATIENCE_MS);
  const tree = await world.alike((now) => now[`new/place/${names[999]}`] !== undefined);
  assert.deepEqual(Object.keys(tree).sort(), names.map((name) => `new/place/${name}`).sort());
  assert.deepEqual(
    names.map((name) => inode(b, `new/place/${name}`)),
    inodes,
  );
  const sent = a.wire.seen.slice(seenBefore);
  assert.equal(sent.filter(({ kind }) => kind.startsWith("PUT /v1/contents")).length, 0);
  for (const { body } of sent.filter(({ kind }) => kind === APPEND)) {
    const { contents } = decode<{ contents: Record<string, Uint8Array> }>(body as Uint8Array);
    assert.equal(Object.keys(contents).length, 0, "contents travelled again");
  }
  // Nor back: the other side has what was renamed.
  const page = await b.api.page({ since: 0, limit: 1_000, inline: "contents" });
  const rest = await b.api.page({ since: page.next, limit: 1_000, inline: "contents" });
  const bySize = Map.groupBy([...page.entries, ...rest.entries], ({ content }) => content !== undefined);
  assert.deepEqual([bySize.get(true)?.length, bySize.get(false)?.length], [1_000, 1_000]);
});

test("FILE-18 deleted and made again while nothing can be sent: the file lives", async () => {
  await using world = await filled(2, { f: "one" });
  const { a } = world;
  const undo = a.wire.on(APPEND, async () => failed(500, "INTERNAL"));
  a.remove("f");
  await until(() => a.heads().length === 0 && a.wire.count(APPEND) >= 2, PATIENCE_MS);
  a.write("f", "two");
  await until(() => a.heads().length === 1, PATIENCE_MS);
  undo();
  const tree = await world.alike((now) => now.f === "two");
  assert.deepEqual(tree, { f: "two" });
});

test("FILE-18 made, deleted, made again before the first push came through: the file lives", async () => {
  await using world = await World.make(2);
  const { a } = world;
  const undo = a.wire.on(APPEND, async () => failed(500, "INTERNAL"));
  a.write("f", "one");
  await until(() => a.wire.count(APPEND) >= 1, PATIENCE_MS);
  a.remove("f");
  await until(() => a.heads().length === 0, PATIENCE_MS);
  a.write("f", "two");
  undo();
  const tree = await world.alike((now) => now.f === "two");
  assert.deepEqual(tree, { f: "two" });
});

test("FILE-19 a swap arrives as a swap", async () => {
  await using world = await filled(2, { f: "one", g: "two" });
  const { a, b } = world;
  const docs = [a.docAt("f"), a.docAt("g")];
  const inodes = [inode(b, "f"), inode(b, "g")];
  a.move("f", "t");
  a.move("g", "f");
  a.move("t", "g");
  const tree = await world.alike((now) => now.f === "two");
  assert.deepEqual(tree, { f: "two", g: "one" });
  assert.deepEqual([b.docAt("g"), b.docAt("f")], docs);
  assert.deepEqual([inode(b, "g"), inode(b, "f")], inodes, "its own files were moved");
});

test("FILE-20 names that differ by case or Unicode form are kept apart, and a rename by case alone arrives", async () => {
  const names = ["readme", "README", "ReadMe.txt", "\u00e9", "e\u0301"];
  await using world = await filled(2, Object.fromEntries(names.map((name) => [name, `text of ${name}`])));
  const { a, b } = world;
  assert.deepEqual(Object.keys(b.tree()).sort(), [...names].sort());
  const doc = a.docAt("ReadMe.txt");
  a.move("ReadMe.txt", "readme.TXT");
  const tree = await world.alike((now) => now["readme.TXT"] !== undefined);
  assert.equal(tree["ReadMe.txt"], undefined);
  assert.equal(b.docAt("readme.TXT"), doc);
  assert.deepEqual([a.sync.status().conflicts, b.sync.status().conflicts], [0, 0]);
});
