// Versions that stand beside a document's head, and saves that are made while a head is laid out that changes nothing.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type EntryId, FILES } from "../entries/index.ts";
import { until } from "../hub/testing/wait-until.ts";
import { PATIENCE_MS, World } from "./testing/two-folders.ts";

const PAGE = "GET /v1/entries";
const APPEND = "POST /v1/entries";

test("FILE-07 a save made before a head is laid out that the folder shows already is still a save", async () => {
  await using world = await World.make(1);
  const { a } = world;
  const b = await world.joinedAfter("f", "one");
  const { sync } = b;
  // There and back again: the newest version holds what lies in the other folder, so there is nothing to place.
  for (const text of ["two", "one"]) {
    a.write("f", text);
    await until(async () => (await a.versions("f")).at(-1) === text && a.sync.status().queue === 0, PATIENCE_MS);
  }
  b.write("f", "mine");
  await sync.pull();
  await sync.scanAll();
  assert.ok((await b.versions("f")).includes("mine"), "the save is a version");
  await sync.syncOnce();
  await world.alike((tree) => tree.f === "mine");
});

test("FILE-10 killed between a version and its join: the version that stands beside the head is joined at the next start", async () => {
  await using world = await World.make(1);
  const { a } = world;
  const b = await world.joinedAfter("f", "one\n2\n3\n");
  const [first] = b.heads();
  assert.ok(first !== undefined);
  a.write("f", "one\n2\n3\nfour\n");
  await world.numbered(2);
  await b.sync.pull();
  // What a kill leaves: in the store, made from the version before the head, and recorded nowhere else.
  const staged = b.store.staging.stageBytes(Buffer.from("zero\n2\n3\n"));
  await b.store.write([
    {
      collection: FILES,
      name: "f",
      kind: "put",
      content: { at: staged, type: "text/plain" },
      doc: first.doc as EntryId,
      parents: [first.head as EntryId],
    },
  ]);
  await b.stop(0);
  const again = await b.open();
  await again.syncOnce();
  assert.equal(again.status().queue, 0, "the hub has taken it");
  await world.alike((tree) => tree.f === "zero\n2\n3\nfour\n");
});

test("FILE-11 a lane that wanted a pull first goes after the next one, also when that pull failed", async () => {
  await using world = await World.make(1);
  const { a } = world;
  const b = await world.joinedAfter("f", "one\n2\n3\n");
  const { sync } = b;
  a.write("f", "one\n2\n3\nfour\n");
  await world.numbered(2);
  b.write("f", "zero\n2\n3\n");
  await sync.scanAll();
  let cut = (): void => {};
  const undo = b.wire.on(APPEND, async (forward) => {
    undo();
    const refused = await forward();
    // Told late: by now a pull has brought both together, and the next one finds no hub.
    await sync.pull();
    cut = b.wire.on(PAGE, async () => {
      throw new TypeError("no hub");
    });
    return refused;
  });
  await assert.rejects(sync.push("throw"), { code: "HUB_UNREACHABLE" });
  cut();
  await sync.syncOnce();
  assert.equal(sync.status().queue, 0, "it was sent");
  await world.alike((tree) => tree.f === "zero\n2\n3\nfour\n");
});
