// What others did comes into the folder, where that takes longer.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { until } from "../hub/testing/wait-until.ts";
import { PATIENCE_MS, type TestFolder, World } from "./testing/two-folders.ts";
import { failed } from "./testing/wire.ts";

const APPEND = "POST /v1/entries";
const PAGE = "GET /v1/entries";
const LINES = "1\n2\n3\n4\n5\n";

/** Small, seeded: the same numbers every time. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 4_294_967_296) * below);
  };
}

for (const [how, answer] of [
  ["empty", async (forward: () => Promise<Response>) => new Response(new Uint8Array(), await forward())],
  [
    "cut off",
    async (forward: () => Promise<Response>) => {
      const bytes = new Uint8Array(await (await forward()).arrayBuffer());
      return new Response(bytes.subarray(0, bytes.length - 3), { headers: { "content-type": "application/cbor" } });
    },
  ],
  ["a failure", async () => failed(500, "INTERNAL")],
  ["not found", async () => failed(404, "NOT_FOUND")],
  ["no Holdfast at all", async () => new Response("<html>", { status: 200 })],
] as const) {
  test(`FILE-26 a listing that is ${how} deletes nothing`, async () => {
    await using world = await World.make(2);
    const { a, b } = world;
    for (let n = 0; n < 10; n += 1) a.write(`f${n}`, "one");
    const before = await world.alike((tree) => Object.keys(tree).length === 10);
    await b.stop();
    const undo = b.wire.on(PAGE, answer);
    await b.start();
    a.write("more", "two");
    const asked = b.wire.count(PAGE);
    await until(() => b.wire.count(PAGE) >= asked + 2, PATIENCE_MS);
    await b.sync.scanAll();
    assert.deepEqual(b.tree(), before);
    undo();
    const tree = await world.alike((now) => now.more === "two");
    assert.deepEqual(tree, { ...before, more: "two" });
    assert.deepEqual(
      (await world.atHub()).filter((entry) => entry.startsWith("delete")),
      [],
    );
  });
}

test("FILE-27 a delete that is still queued: no pull, scan or restart brings the file back", async () => {
  await using world = await World.make(2);
  const { a, b } = world;
  a.write("f", "one");
  a.write("g", "one");
  await world.alike((tree) => tree.f === "one" && tree.g === "one");
  const undo = a.wire.on(APPEND, async () => failed(500, "INTERNAL"));
  a.remove("f");
  await until(() => a.heads().length === 1, PATIENCE_MS);
  b.write("g", "two");
  await a.has("g", "two");
  assert.equal(a.read("f"), undefined, "after a pull");
  await a.sync.scanAll();
  assert.equal(a.read("f"), undefined, "after a scan");
  await a.stop(0);
  await a.start();
  b.write("g", "three");
  await a.has("g", "three");
  assert.equal(a.read("f"), undefined, "after a restart");
  undo();
  const tree = await world.alike((now) => now.f === undefined);
  assert.deepEqual(tree, { g: "three" });
});

for (const seed of [1, 2, 3]) {
  test(`FILE-33 three machines going off- and online: the same bytes in the end, and no save lost (seed ${seed})`, async () => {
    await using world = await World.make(3);
    const next = numbers(seed);
    const saved = new Set<string>();
    world.a.write("f0.txt", LINES);
    await world.alike((tree) => tree["f0.txt"] === LINES);
    const save = async (folder: TestFolder, path: string, text: string): Promise<void> => {
      folder.write(path, text);
      // Acknowledged: it is a version here.
      if (folder.isUp) await folder.sync.takePaths(new Set([path]));
      const hash = createHash("sha256").update(text).digest("hex");
      if (!folder.isUp || folder.knownHashes().has(hash)) saved.add(hash);
    };
    for (let step = 0; step < 30; step += 1) {
      const folder = world.folders[next(3)];
      assert.ok(folder !== undefined);
      const roll = next(10);
      const path = `f${next(3)}.txt`;
      if (roll === 0) folder.wire.offline();
      else if (roll === 1) folder.wire.online();
      else if (roll === 2) await folder.stop(0).then(() => folder.start());
      else if (roll === 3 && folder.read(path) !== undefined) folder.remove(path);
      else {
        const lines = (folder.read(path) ?? LINES).split("\n");
        lines[next(5)] = `step ${step} seed ${seed}`;
        await save(folder, path, lines.join("\n"));
      }
    }
    for (const folder of world.folders) folder.wire.online();
    await world.alike();
    for (const folder of world.folders) {
      const known = folder.knownHashes();
      for (const hash of saved) assert.ok(known.has(hash), `a save is missing in ${folder.path}`);
    }
    assert.ok(saved.size > 10);
  });
}
