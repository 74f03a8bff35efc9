// A save at each step by which the folder is changed (place.ts, lay-out.ts, aside-watch.ts): whoever saves meanwhile keeps
// the file, and what was saved is a version. The moments are made by standing in for one step; nothing is left to luck.

import assert from "node:assert/strict";
import fs, { appendFileSync, closeSync, openSync, readdirSync, writeSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { join } from "node:path";
import { test } from "node:test";
import { until } from "../hub/testing/wait-until.ts";
import { PATIENCE_MS, type TestFolder, World } from "./testing/two-folders.ts";

const entriesAre = (world: World, count: number): Promise<void> =>
  until(async () => (await world.atHub()).length === count, PATIENCE_MS);

/** Two folders that hold `start` in f; a has saved `next` since, which b, told when to pull, has not heard of. */
async function oneBehind(start: string, next: string): Promise<{ world: World; a: TestFolder; b: TestFolder }> {
  const world = await World.make(1);
  const { a } = world;
  a.write("f", start);
  await entriesAre(world, 1);
  const b = await world.add({ up: false });
  await (await b.open()).syncOnce();
  assert.equal(b.read("f"), start);
  a.write("f", next);
  await entriesAre(world, 2);
  return { world, a, b };
}

/** What b saved is a version on a, and both folders come to hold `wanted`. */
async function isKept(world: World, saved: string, wanted: string): Promise<void> {
  await world.b.sync.syncOnce();
  const tree = await world.alike((now) => now.f === wanted);
  assert.deepEqual(Object.keys(tree), ["f"]);
  assert.ok((await world.a.versions("f")).includes(saved), "the save is in the history of the other machine");
}

const LINES = "1\n2\n3\n4\n5\n";
const THEIRS = "one\n2\n3\n4\n5\n";
const OURS = "1\n2\n3\n4\nfive\n";
const BOTH = "one\n2\n3\n4\nfive\n";

test("FILE-07 a save between taking a file aside and laying out the newer one stays, and becomes a version", async () => {
  const { world, b } = await oneBehind(LINES, THEIRS);
  await using _ = world;
  const { placer } = b.sync.parts;
  const takeAside = placer.takeAside.bind(placer);
  placer.takeAside = (row) => {
    const aside = takeAside(row);
    b.write("f", OURS);
    placer.takeAside = takeAside;
    return aside;
  };
  await b.sync.pull();
  assert.equal(b.read("f"), OURS, "it was not replaced");
  assert.deepEqual(b.outcomes("f").slice(-1), ["skippedDirty"]);
  await isKept(world, OURS, BOTH);
});

test("FILE-07 a save right after a file was laid out is not taken for what was laid out, and becomes a version", async () => {
  const { world, b } = await oneBehind(LINES, THEIRS);
  await using _ = world;
  const { placer } = b.sync.parts;
  const linkIn = placer.linkIn.bind(placer);
  placer.linkIn = (from, path) => {
    const isIn = linkIn(from, path);
    appendFileSync(b.at(path), "and more\n");
    return isIn;
  };
  await b.sync.pull();
  placer.linkIn = linkIn;
  await isKept(world, `${THEIRS}and more\n`, `${THEIRS}and more\n`);
});

test("FILE-07 what an editor writes to a file that it had open when it was replaced becomes a version", async () => {
  const { world, b } = await oneBehind(LINES, THEIRS);
  await using _ = world;
  const editor = openSync(b.at("f"), "r+");
  await b.sync.pull();
  assert.equal(b.read("f"), THEIRS);
  writeSync(editor, OURS, 0);
  closeSync(editor);
  await b.stop();
  assert.deepEqual(readdirSync(join(b.path, ".holdfast/aside")), []);
  await b.open();
  await isKept(world, OURS, BOTH);
});

test("FILE-17 a rename of which only the old path was looked at is no delete: the new path is waited for", async () => {
  await using world = await World.make(2);
  const { a, b } = world;
  a.write("f", "one");
  await world.alike((tree) => tree.f === "one");
  const doc = a.docAt("f");
  a.move("f", "g");
  // As when the watcher has told of the one half, and not yet of the other.
  await a.sync.takePaths(new Set(["f"]));
  await world.alike((tree) => tree.g === "one" && tree.f === undefined);
  assert.deepEqual(await world.atHub(), ["put f", "rename g"]);
  assert.equal(b.docAt("g"), doc);
});

test("FILE-26 a file or a folder that cannot be read just now is not taken for deleted", async () => {
  await using world = await World.make(1);
  const { a } = world;
  for (const path of ["dir/in a folder", "beside"]) a.write(path, "one");
  await entriesAre(world, 2);
  await a.stop();
  const { readdirSync: readdir, lstatSync: lstat } = fs;
  const failing = (path: unknown): void => {
    if (path !== a.at("dir") && path !== a.at("beside")) return;
    throw Object.assign(new Error("EIO: i/o error"), { code: "EIO", syscall: "open" });
  };
  fs.readdirSync = ((...args: Parameters<typeof readdir>) => {
    failing(args[0]);
    return readdir(...args);
  }) as typeof readdir;
  const lstatSync = (...args: Parameters<typeof lstat>): unknown => {
    if (args[0] !== a.at("dir")) failing(args[0]);
    return lstat(...args);
  };
  Object.assign(fs, { lstatSync });
  syncBuiltinESMExports();
  try {
    await (await a.open()).syncOnce();
  } finally {
    Object.assign(fs, { readdirSync: readdir, lstatSync: lstat });
    syncBuiltinESMExports();
  }
  assert.deepEqual(
    a
      .heads()
      .map(({ path }) => path)
      .sort(),
    ["beside", "dir/in a folder"],
  );
  await a.sync.syncOnce();
  assert.deepEqual(await world.atHub().then((all) => all.toSorted()), ["put beside", "put dir/in a folder"]);
});

test("FILE-10 what changes while a folder that starts is being scanned is noticed", async () => {
  await using world = await World.make(1);
  const a = await world.add({ up: false });
  const sync = await a.open();
  const scanAll = sync.scanAll.bind(sync);
  sync.scanAll = async () => {
    const written = await scanAll();
    // The scan has passed; nothing is waited for after it but the watcher.
    a.write("f", "just too late for the scan");
    return written;
  };
  await sync.start();
  await world.a.has("f", "just too late for the scan");
});

test("FILE-07 a folder in place of a file that is about to be replaced stays, with all that is in it", async () => {
  const { world, b } = await oneBehind("one", "two");
  await using _ = world;
  b.remove("f");
  b.write("f/new", "just saved");
  await b.sync.pull();
  assert.equal(b.read("f/new"), "just saved");
});

test("FILE-07 killed with a folder aside: it goes back to its place", async () => {
  const { world, b } = await oneBehind("one", "two");
  await using _ = world;
  const [{ doc } = { doc: "" }] = b.heads();
  await b.stop(0);
  b.remove("f");
  b.write(`.holdfast/aside/${doc}.1.1/new`, "just saved");
  await b.open();
  assert.equal(b.read("f/new"), "just saved");
});
