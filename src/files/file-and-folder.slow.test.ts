// A file on one side and a folder of the same name on the other: the folder keeps the path, the file moves aside.

import assert from "node:assert/strict";
import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { test } from "node:test";
import { until } from "../hub/testing/wait-until.ts";
import { listConflicts } from "./index.ts";
import { PATIENCE_MS, type TestFolder, type Tree, World } from "./testing/two-folders.ts";

const COPY = /^x \(conflict \d{4}-\d\d-\d\d [a-z0-9]{8}\)$/;

/** What lies aside, by the name that it had. */
function asides(tree: Tree): Record<string, string> {
  const found = Object.entries(tree).filter(([path]) => path.includes(" (conflict "));
  return Object.fromEntries(found.map(([path, text]) => [path.replace(/ \(conflict [^)]*\)/, ""), text]));
}

/** Nothing is left alone, and all list the same conflicts: of these paths. */
function assertTold(world: World, paths: readonly string[], notices: readonly string[] = []): void {
  const [first] = world.folders;
  assert.ok(first !== undefined);
  for (const folder of world.folders) {
    assert.deepEqual(folder.sync.status().refused, [], "nothing is left alone");
    for (const notice of folder.notices()) assert.ok(notices.includes(notice), notice);
    assert.deepEqual(listConflicts(folder.db), listConflicts(first.db));
    assert.deepEqual(
      listConflicts(folder.db).map(({ path }) => path),
      paths,
    );
  }
}

/** Both folders are offline, each does its part, and they are brought together in the order given. */
async function apart(
  world: World,
  first: { folder: TestFolder; act: (folder: TestFolder) => void },
  second: { folder: TestFolder; act: (folder: TestFolder) => void },
): Promise<void> {
  await Promise.all(world.folders.map((folder) => folder.stop()));
  first.act(first.folder);
  second.act(second.folder);
  await first.folder.start();
  await first.folder.idle();
  await second.folder.start();
  for (const folder of world.folders) if (!folder.isUp) await folder.start();
}

const file = (folder: TestFolder): void => folder.write("x", "the file");
const full = (folder: TestFolder): void => folder.write("x/a.txt", "in the folder");
const empty = (folder: TestFolder): void => void mkdirSync(folder.at("x"));

for (const isFileFirst of [true, false]) {
  const order = isFileFirst ? "the file first" : "the folder first";

  test(`FILE-29 a file here and a folder there: the folder keeps the path, the file moves aside (${order})`, async () => {
    await using world = await World.make(2);
    const [a, b] = [world.a, world.b];
    const acts = [
      { folder: a, act: file },
      { folder: b, act: full },
    ] as const;
    await apart(world, acts[isFileFirst ? 0 : 1], acts[isFileFirst ? 1 : 0]);
    const tree = await world.alike((now) => now["x/a.txt"] !== undefined && Object.keys(now).length === 2);
    assert.deepEqual(asides(tree), { x: "the file" });
    const copy = Object.keys(tree).find((path) => path !== "x/a.txt") ?? "";
    assert.match(copy, COPY);
    assertTold(world, ["x"]);
    for (const folder of world.folders) {
      // Its history goes with it: a rename of the document that it was.
      assert.deepEqual(await folder.versions("x"), ["the file"]);
      assert.equal(folder.docAt(copy), a.docAt(copy));
    }
    assert.deepEqual(
      (await world.atHub()).filter((entry) => entry.startsWith("put") && entry !== "put x/a.txt"),
      ["put x"],
      "one copy, and nobody has to bring two together",
    );
  });

  test(`FILE-29 a file here and an empty folder there: the folder keeps the path (${order})`, async () => {
    await using world = await World.make(2);
    const acts = [
      { folder: world.a, act: file },
      { folder: world.b, act: empty },
    ] as const;
    await apart(world, acts[isFileFirst ? 0 : 1], acts[isFileFirst ? 1 : 0]);
    const tree = await world.alike((now) => Object.keys(now).length === 2);
    assert.deepEqual([tree.x, asides(tree)], ["dir", { x: "the file" }]);
    assertTold(world, ["x"]);
  });

  test(`FILE-29 a link here and a folder there: the folder keeps the path (${order})`, async () => {
    await using world = await World.make(2);
    const acts = [
      { folder: world.a, act: (folder: TestFolder) => symlinkSync("elsewhere", folder.at("x")) },
      { folder: world.b, act: full },
    ] as const;
    await apart(world, acts[isFileFirst ? 0 : 1], acts[isFileFirst ? 1 : 0]);
    const tree = await world.alike((now) => now["x/a.txt"] !== undefined && Object.keys(now).length === 2);
    assert.deepEqual(asides(tree), { x: "-> elsewhere" });
    assertTold(world, ["x"]);
  });

  test(`FILE-29 a file far up a folder's path moves aside (${order})`, async () => {
    await using world = await World.make(2);
    const acts = [
      { folder: world.a, act: (folder: TestFolder) => folder.write("a/b", "the file") },
      { folder: world.b, act: (folder: TestFolder) => folder.write("a/b/c/d.txt", "deep") },
    ] as const;
    await apart(world, acts[isFileFirst ? 0 : 1], acts[isFileFirst ? 1 : 0]);
    const tree = await world.alike((now) => now["a/b/c/d.txt"] === "deep" && Object.keys(now).length === 2);
    assert.deepEqual(asides(tree), { "a/b": "the file" });
    assertTold(world, ["a/b"]);
  });

  test(`FILE-31 a file is edited here and replaced by a folder there: both are kept (${order})`, async () => {
    await using world = await World.make(2);
    const { a, b } = world;
    a.write("x", "one");
    await world.alike((now) => now.x === "one");
    const doc = a.docAt("x");
    const edit = (folder: TestFolder): void => folder.write("x", "two");
    const replace = (folder: TestFolder): void => {
      folder.remove("x");
      full(folder);
    };
    const acts = [
      { folder: a, act: edit },
      { folder: b, act: replace },
    ] as const;
    await apart(world, acts[isFileFirst ? 0 : 1], acts[isFileFirst ? 1 : 0]);
    const tree = await world.alike((now) => now["x/a.txt"] !== undefined && Object.keys(now).length === 2);
    assert.deepEqual(asides(tree), { x: "two" });
    assertTold(world, ["x"]);
    const copy = Object.keys(tree).find((path) => path !== "x/a.txt") ?? "";
    for (const folder of world.folders) assert.equal(folder.docAt(copy), doc, "it is the document that it was");
  });
}

test("FILE-29 a file and a folder of one name on each side at once: each file moves aside, once", async () => {
  await using world = await World.make(2);
  const { a, b } = world;
  a.wire.offline();
  b.wire.offline();
  a.write("x", "of a");
  a.write("y/a.txt", "in a's folder");
  b.write("x/b.txt", "in b's folder");
  b.write("y", "of b");
  for (const folder of [a, b]) await until(() => folder.heads().length === 2, PATIENCE_MS);
  a.wire.online();
  b.wire.online();
  const tree = await world.alike((now) => Object.keys(now).length === 4);
  assert.deepEqual(asides(tree), { x: "of a", y: "of b" });
  assertTold(world, ["x", "y"]);
});

test("FILE-29 sent by both before either knew: the clash is found at the hub, and parted", async () => {
  await using world = await World.make(3);
  const { a, b } = world;
  const open = [a, b].map((folder) => folder.wire.hold("GET /v1/entries"));
  file(a);
  full(b);
  await until(async () => (await world.atHub()).length === 2, PATIENCE_MS);
  for (const each of open) each();
  const tree = await world.alike((now) => now["x/a.txt"] !== undefined && Object.keys(now).length === 2);
  assert.deepEqual(asides(tree), { x: "the file" });
  assertTold(world, ["x"]);
  assert.equal((await world.atHub()).length, 3, "one of the three has parted them");
});

test("FILE-29 sent by both, and neither comes back: whoever is there parts them", async () => {
  await using world = await World.make(3);
  const { a, b, c } = world;
  const open = [a, b].map((folder) => folder.wire.hold("GET /v1/entries"));
  file(a);
  full(b);
  await until(async () => (await world.atHub()).length === 2, PATIENCE_MS);
  await a.stop(0);
  await b.stop(0);
  for (const each of open) each();
  await until(() => c.read("x/a.txt") !== undefined && Object.keys(c.tree()).length === 2, PATIENCE_MS);
  await a.start();
  await b.start();
  const tree = await world.alike((now) => Object.keys(now).length === 2);
  assert.deepEqual(asides(tree), { x: "the file" });
  assertTold(world, ["x"]);
});

test("FILE-29 a folder that joins later shows what the others show; a clash that was parted is none", async () => {
  await using world = await World.make(2);
  await apart(world, { folder: world.a, act: file }, { folder: world.b, act: full });
  const before = await world.alike((now) => Object.keys(now).length === 2);
  const entries = (await world.atHub()).length;
  const c = await world.add();
  const tree = await world.alike();
  assert.deepEqual(tree, before);
  assertTold(world, ["x"]);
  assert.equal((await world.atHub()).length, entries);
  assert.deepEqual(c.notices(), []);
});

test("FILE-29 the folder is deleted later: the file stays aside, and nothing is left alone", async () => {
  await using world = await World.make(2);
  const { a, b } = world;
  await apart(world, { folder: a, act: file }, { folder: b, act: full });
  await world.alike((now) => Object.keys(now).length === 2);
  b.remove("x");
  const tree = await world.alike((now) => Object.keys(now).length === 1);
  assert.deepEqual(asides(tree), { x: "the file" });
  assertTold(world, ["x"]);
  a.write("x", "another file");
  assert.deepEqual(Object.keys(await world.alike((now) => now.x === "another file")).length, 2);
});

test("FILE-29 a folder with nothing but ignored files is in the way of a file: told, and healed when it is gone", async () => {
  await using world = await World.make(2);
  const { a, b } = world;
  await b.stop();
  file(a);
  await until(async () => (await world.atHub()).length === 1, PATIENCE_MS);
  b.write("x/.DS_Store", "ignored");
  await b.start();
  await until(() => b.sync.status().refused.length === 1, PATIENCE_MS);
  const reason = "it cannot be laid out here (a folder is there that does not travel)";
  assert.deepEqual({ ...b.sync.status().refused[0] }, { path: "x", reason });
  a.write("y", "goes on");
  await b.has("y", "goes on");
  assert.deepEqual(Object.keys(a.tree()).sort(), ["x", "y"], "nothing is parted");
  b.remove("x");
  const tree = await world.alike((now) => now.x === "the file");
  assert.deepEqual(Object.keys(tree), ["x", "y"]);
  assertTold(world, [], [`x: ${reason}; it is in the store and at the hub`]);
});

test("FILE-38 a folder that is ignored is in the way of a file: told, nothing of it travels, and healed when it is gone", async () => {
  await using world = await World.make(2);
  const { a, b } = world;
  await b.stop();
  a.write(".holdfastignore", "x/\n");
  file(a);
  await until(async () => (await world.atHub()).length === 2, PATIENCE_MS);
  b.write(".holdfastignore", "x/\n");
  b.write("x/deep/a.txt", "ignored");
  await b.start();
  await until(() => b.sync.status().refused.length === 1, PATIENCE_MS);
  assert.equal((await world.atHub()).length, 2);
  b.remove("x");
  await world.alike((now) => now.x === "the file");
  assert.deepEqual(b.sync.status().refused, []);
  assert.equal((await world.atHub()).length, 2);
});

test("FILE-24 what could not be laid out and is not wanted there any more is not left alone any more", async () => {
  await using world = await World.make(2);
  const { a, b } = world;
  await b.stop();
  full(a);
  await until(async () => (await world.atHub()).length === 1, PATIENCE_MS);
  symlinkSync("/etc", b.at("x"));
  await b.start();
  await until(() => b.sync.status().refused.length === 2, PATIENCE_MS);
  a.remove("x");
  await until(() => b.sync.status().refused.length === 1, PATIENCE_MS);
  assert.deepEqual(b.sync.status().refused[0]?.path, "x");
});

test("FILE-24 a link that stays behind here is in the way of a folder: told, and healed when it is gone", async () => {
  await using world = await World.make(2);
  const { a, b } = world;
  await b.stop();
  full(a);
  await until(async () => (await world.atHub()).length === 1, PATIENCE_MS);
  symlinkSync("/etc", b.at("x"));
  await b.start();
  await until(() => b.sync.status().refused.length === 2, PATIENCE_MS);
  assert.deepEqual(
    b.sync.status().refused.map(({ path, reason }) => `${path}: ${reason}`),
    ["x: it links to the absolute path /etc", "x/a.txt: it cannot be laid out here (x is no folder here)"],
  );
  b.remove("x");
  await world.alike((now) => now["x/a.txt"] === "in the folder");
  await until(() => b.sync.status().refused.length === 0, PATIENCE_MS);
});

test("FILE-10 a folder of folders is replaced by a file while nobody looks: the start takes it in", async () => {
  await using world = await World.make(2);
  const { a } = world;
  a.write("x/y/z/deep", "one");
  await world.alike((now) => now["x/y/z/deep"] === "one");
  await a.stop();
  a.remove("x");
  file(a);
  await a.start();
  assert.deepEqual(await world.alike((now) => now.x === "the file"), { x: "the file" });
  assertTold(world, []);
});

test("FILE-33 a file moves into a folder of its own name, and out of it again: one document all the way", async () => {
  await using world = await World.make(2);
  const { a, b } = world;
  file(a);
  await world.alike((now) => now.x === "the file");
  const doc = a.docAt("x");
  a.move("x", "x.moving");
  a.move("x.moving", "x/x");
  await world.alike((now) => now["x/x"] === "the file");
  assert.equal(b.docAt("x/x"), doc);
  a.move("x/x", "x.moving");
  a.remove("x");
  a.move("x.moving", "x");
  await world.alike((now) => now.x === "the file");
  assert.equal(b.docAt("x"), doc);
  assertTold(world, []);
});

test("FILE-07 a folder that was deleted and not looked at since is not in the way of a file: nothing moves aside", async () => {
  await using world = await World.make(1);
  const { a } = world;
  full(a);
  await until(async () => (await world.atHub()).length === 1, PATIENCE_MS);
  const b = await world.add({ up: false });
  await (await b.open()).syncOnce();
  const c = await world.add({ up: false });
  await c.open();
  file(c);
  await c.sync.scanAll();
  await c.sync.push("throw");
  b.write("x/b.txt", "not sent yet");
  await b.sync.scanAll();
  b.remove("x");
  await b.sync.pull();
  await b.sync.syncOnce();
  await c.sync.syncOnce();
  assert.deepEqual(await world.alike((now) => now.x === "the file"), { x: "the file" });
});

test("FILE-29 a clash that is over on a later page of the hub's is none", async () => {
  await using world = await World.make(1, { requestsPerSecond: 100_000 });
  const { a } = world;
  file(a);
  await until(async () => (await world.atHub()).length === 1, PATIENCE_MS);
  await a.stop();
  // More than a page has.
  for (let n = 0; n < 1_100; n += 1) a.write(`files/${n}`, "");
  await a.start();
  await a.idle();
  a.remove("x");
  await until(() => a.heads().every(({ path }) => path !== "x"), PATIENCE_MS);
  await a.idle();
  const b = await world.add({ up: false });
  await b.open();
  full(b);
  await b.sync.scanAll();
  await b.sync.syncOnce();
  const tree = await world.alike((now) => now["x/a.txt"] === "in the folder");
  assert.equal(Object.keys(tree).length, 1_101);
  assertTold(world, []);
});

test("FILE-17 a folder that holds an empty one is renamed: nothing of the old name stays", async () => {
  await using world = await World.make(2);
  const { a } = world;
  mkdirSync(a.at("x/y"), { recursive: true });
  await world.alike((now) => now["x/y"] === "dir");
  a.move("x", "z");
  await world.alike((now) => now["z/y"] === "dir");
  for (const folder of world.folders) await folder.sync.scanAll();
  assert.deepEqual(await world.alike(), { "z/y": "dir" });
});

test("HUB-09 killed between making an empty folder and recording it: it is known as a folder, and moves as one", async () => {
  await using world = await World.make(1);
  const { a } = world;
  empty(a);
  await until(async () => (await world.atHub()).length === 1, PATIENCE_MS);
  const b = await world.add({ up: false });
  await (await b.open()).syncOnce();
  b.db.run("DELETE FROM files");
  b.db.run("UPDATE docs SET laid = NULL");
  await b.sync.scanAll();
  a.move("x", "z");
  await until(async () => (await world.atHub()).length === 2, PATIENCE_MS);
  await b.sync.syncOnce();
  assert.deepEqual(await world.alike(), { z: "dir" });
});

for (const [from, to] of [
  ["a file", "a folder"],
  ["a folder", "a file"],
  ["a file", "an empty folder"],
  ["an empty folder", "a file"],
] as const) {
  test(`FILE-33 ${from} is replaced by ${to} of its name: the others do so too, and nothing moves aside`, async () => {
    await using world = await World.make(2);
    const { a } = world;
    const make = { "a file": file, "a folder": full, "an empty folder": empty };
    make[from](a);
    const before = await world.alike((now) => Object.keys(now).length === 1);
    rmSync(a.at("x"), { recursive: true });
    make[to](a);
    const tree = await world.alike((now) => JSON.stringify(now) !== JSON.stringify(before));
    assert.deepEqual(tree, a.tree());
    assert.equal(Object.keys(tree).length, 1);
    assertTold(world, []);
    // Nobody ever hears of both at once.
    assert.deepEqual(
      (await world.atHub()).map((entry) => entry.split(" ")[0]),
      ["put", "delete", "put"],
    );
  });
}
