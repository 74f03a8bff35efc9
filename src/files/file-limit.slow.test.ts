// Files over the limit of the hub that the folder is on, whenever that limit becomes known.

import assert from "node:assert/strict";
import { join } from "node:path";
import { test } from "node:test";
import { startHub } from "../hub/index.ts";
import { until } from "../hub/testing/wait-until.ts";
import { PATIENCE_MS, type TestFolder, World } from "./testing/two-folders.ts";

const LIMIT = 200_000;
const OVER = "x".repeat(LIMIT + 1);

/** The same hub, started anew with another limit. */
async function restart(world: World, fileBytes: number): Promise<void> {
  const { port } = world.hub;
  await world.hub.close();
  const hub = await startHub({
    dir: join(world.root, "hub"),
    port,
    workspace: { id: "ignored", name: "ignored" },
    requestsPerSecond: 100_000,
    limits: { fileBytes },
  });
  Object.assign(world, { hub });
}

const reasonOf = (folder: TestFolder, path: string): string | undefined =>
  folder.sync.status().refused.find((each) => each.path === path)?.reason;

const stoppedOf = (folder: TestFolder): readonly string[] => folder.sync.status().stopped.map(({ path }) => path);

test("FILE-22 the limit is the hub's own: a file over it is told once and left alone, and goes when it shrinks", async () => {
  await using world = await World.make(2, { limits: { fileBytes: LIMIT } });
  const { a, b } = world;
  a.write("large", OVER);
  a.write("exactly", OVER.slice(1));
  await b.has("exactly", OVER.slice(1));
  await until(() => reasonOf(a, "large") !== undefined, PATIENCE_MS);
  assert.match(reasonOf(a, "large") ?? "", new RegExp(`TOO_LARGE: it is ${LIMIT + 1} bytes; the hub takes ${LIMIT}`));
  await a.sync.scanAll();
  await a.sync.scanAll();
  assert.equal(a.notices().filter((message) => message.includes("large")).length, 1);
  assert.deepEqual(await a.versions("large"), [], "not a byte of it was stored");
  assert.equal(a.read("large"), OVER);
  a.write("large", "smaller");
  await b.has("large", "smaller");
  assert.deepEqual([reasonOf(a, "large"), stoppedOf(a)], [undefined, []]);
  // What is known grows beyond it: its last version that fits stays with the others.
  a.write("large", OVER);
  await until(() => reasonOf(a, "large") !== undefined, PATIENCE_MS);
  assert.equal(b.read("large"), "smaller");
});

test("FILE-22 a hub that comes back with a higher limit gets what was left alone, without `retry`", async () => {
  await using world = await World.make(2, { limits: { fileBytes: LIMIT } });
  const { a, b } = world;
  a.write("large", OVER);
  await until(() => reasonOf(a, "large") !== undefined, PATIENCE_MS);
  await restart(world, 2 * LIMIT);
  await b.has("large", OVER);
  assert.equal(reasonOf(a, "large"), undefined);
});

test("FILE-22 a limit that is known too late: the lane is stopped and told, and freed when the file shrinks", async () => {
  await using world = await World.make(2);
  const { a, b } = world;
  a.write("known", "small");
  a.write("deleted", "small");
  await b.has("known", "small");
  await b.has("deleted", "small");
  await a.idle();
  a.wire.offline();
  await restart(world, LIMIT);
  for (const path of ["known", "deleted", "new", "gone"]) a.write(path, `${path} ${OVER}`);
  await until(() => a.sync.status().queue === 4, PATIENCE_MS);
  a.wire.online();
  await until(() => stoppedOf(a).length === 4, PATIENCE_MS);
  assert.deepEqual(stoppedOf(a), ["deleted", "gone", "known", "new"]);
  assert.ok(a.sync.status().stopped.every(({ reason }) => reason.startsWith("TOO_LARGE")));
  a.write("known", "small again");
  a.write("new", "small now");
  a.remove("deleted");
  a.remove("gone");
  await b.has("known", "small again");
  await b.has("new", "small now");
  await until(() => b.read("deleted") === undefined, PATIENCE_MS);
  const tree = await world.alike();
  assert.deepEqual(tree, { known: "small again", new: "small now" });
  assert.deepEqual(stoppedOf(a), []);
  assert.deepEqual(
    (await a.versions("known")).map((text) => text?.length),
    [5, OVER.length + 6, 11, 11],
    "what was saved is kept",
  );
  a.write("new", "and on");
  b.write("known", "and on");
  await b.has("new", "and on");
  await a.has("known", "and on");
});
