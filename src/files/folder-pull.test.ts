// What others did comes into the folder, and never over what was done here.

import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { test } from "node:test";
import { until } from "../hub/testing/wait-until.ts";
import { listConflicts } from "./index.ts";
import { PATIENCE_MS, World } from "./testing/two-folders.ts";
import { failed } from "./testing/wire.ts";

const PAGE = "GET /v1/entries";
const LINES = "1\n2\n3\n4\n5\n";

/** Waits until the hub has `count` entries. */
const entriesAre = (world: World, count: number): Promise<void> =>
  until(async () => (await world.atHub()).length === count, PATIENCE_MS);

test("FILE-25 a file deleted elsewhere: a clean one goes, a dirty one is kept and sent", async () => {
  await using world = await World.make(2);
  const { a, b } = world;
  a.write("clean", "one");
  a.write("dirty", "one");
  await world.alike((tree) => tree.clean === "one" && tree.dirty === "one");
  const open = b.wire.hold(PAGE);
  a.remove("clean");
  a.remove("dirty");
  await entriesAre(world, 4);
  b.write("dirty", "two");
  open();
  const tree = await world.alike((now) => now.clean === undefined && now.dirty !== undefined);
  assert.deepEqual(tree, { dirty: "two" });
  assert.ok(b.outcomes("clean").includes("removed"));
});

test("FILE-28 a document whose content is not there yet is not laid out, and appears when it is", async () => {
  await using world = await World.make(2);
  const { a, b } = world;
  const text = "not ready yet\n".repeat(10_000);
  const undo = b.wire.on("GET /v1/contents", async () => failed(404, "CONTENT_MISSING"));
  a.write("later", text);
  await entriesAre(world, 1);
  await until(() => b.db.cursor === 1, PATIENCE_MS);
  a.write("now", "one");
  await b.has("now", "one");
  // Asked for when it passed, and again after each page; no further page comes.
  await until(() => b.wire.count("GET /v1/contents") >= 3, PATIENCE_MS);
  await b.sync.inLane(async () => {});
  assert.deepEqual(Object.keys(b.tree()), ["now"]);
  undo();
  await until(() => b.read("later") === text, PATIENCE_MS);
  await world.alike();
});

test("FILE-29 the same path made on both sides: the same bytes attach, different bytes keep both", async () => {
  await using world = await World.make(2);
  const { a, b } = world;
  await b.stop();
  a.write("same", "one");
  a.write("other", "from a");
  await entriesAre(world, 2);
  b.write("same", "one");
  b.write("other", "from b");
  const before = statSync(b.at("same"), { bigint: true });
  await b.start();
  const tree = await world.alike((now) => Object.keys(now).length === 3);
  assert.deepEqual(Object.values(tree).sort(), ["from a", "from b", "one"]);
  assert.deepEqual([tree.same, tree.other], ["one", "from a"]);
  assert.ok(Object.keys(tree).some((path) => /^other \(conflict \d{4}-\d\d-\d\d [a-z0-9]{8}\)$/.test(path)));
  const after = statSync(b.at("same"), { bigint: true });
  assert.deepEqual([after.ino, after.mtimeNs], [before.ino, before.mtimeNs]);
  assert.equal((await world.atHub()).filter((entry) => entry === "put same").length, 1);
  for (const folder of [a, b]) {
    assert.deepEqual(
      listConflicts(folder.db).map(({ path }) => path),
      ["other"],
    );
  }
});

test("FILE-30 one's own push coming back changes neither bytes nor times", async () => {
  await using world = await World.make(2);
  const { a } = world;
  a.write("f", "one", 0o755);
  const before = statSync(a.at("f"), { bigint: true });
  const same = (): void => {
    const { ino, mtimeNs, ctimeNs } = statSync(a.at("f"), { bigint: true });
    assert.deepEqual([ino, mtimeNs, ctimeNs], [before.ino, before.mtimeNs, before.ctimeNs]);
  };
  await world.alike((tree) => tree.f === "x one");
  same();
  // Everything comes back once more.
  a.db.cursor = 0;
  await a.sync.pull();
  same();
  await a.restart();
  await world.alike();
  same();
  assert.deepEqual(await world.atHub(), ["put f"]);
});

/** Both folders have `start` in f; then each changes it without hearing of the other. */
async function bothEdit(world: World, start: string, ours: string, theirs: string): Promise<void> {
  const { a, b } = world;
  a.write("f.txt", start);
  await world.alike((tree) => tree["f.txt"] === start);
  await a.stop();
  await b.stop();
  a.write("f.txt", ours);
  b.write("f.txt", theirs);
  await a.start();
  await b.start();
}

test("FILE-31 both edited offline, apart: the text is merged, and both inputs are versions everywhere", async () => {
  await using world = await World.make(3);
  const [ours, theirs, both] = ["one\n2\n3\n4\n5\n", "1\n2\n3\n4\nfive\n", "one\n2\n3\n4\nfive\n"];
  await bothEdit(world, LINES, ours, theirs);
  const tree = await world.alike((now) => now["f.txt"] === both);
  assert.deepEqual(tree, { "f.txt": both });
  for (const folder of world.folders) {
    const versions = await folder.versions("f.txt");
    for (const text of [LINES, ours, theirs, both]) assert.ok(versions.includes(text), text);
  }
});

test("FILE-31 both edited one line offline: both are kept, on every machine alike", async () => {
  await using world = await World.make(3);
  await bothEdit(world, LINES, "1\n2\nfrom a\n4\n5\n", "1\n2\nfrom b\n4\n5\n");
  const tree = await world.alike((now) => Object.keys(now).length === 2);
  assert.deepEqual(Object.values(tree).sort(), ["1\n2\nfrom a\n4\n5\n", "1\n2\nfrom b\n4\n5\n"]);
  for (const folder of world.folders) {
    assert.deepEqual(
      listConflicts(folder.db).map(({ path }) => path),
      ["f.txt"],
    );
  }
});
