// Answers of the hub that come late, where that takes longer.

import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../hub/testing/wait-until.ts";
import { PATIENCE_MS, type TestFolder, World } from "./testing/two-folders.ts";

const look = (folder: TestFolder): Promise<number> => folder.sync.takePaths(new Set(["f"]));

test("FILE-31 the hub's version moves on while a join with the one before is written: they are joined once more", async () => {
  await using world = await World.make(1);
  const { a } = world;
  const b = await world.joinedAfter("f", "1\n2\n3\n4\n5\n6\n7\n");
  const { sync } = b;
  a.write("f", "one\n2\n3\n4\n5\n6\n7\n");
  await world.numbered(2);
  // A save that the folder has not been looked at for: the hub's version becomes the head, and is not laid out.
  b.write("f", "1\n2\n3\n4\n5\n6\nseven\n");
  await sync.pull();
  const { store } = sync.parts;
  const write = store.write.bind(store);
  let writes = 0;
  let pulling: Promise<number> | undefined;
  store.write = async (...args) => {
    writes += 1;
    if (writes === 2) {
      // The first was the save; this is the join. Before it is written, the head moves.
      a.write("f", "one\n2\n3\nfour\n5\n6\n7\n");
      await world.numbered(3);
      pulling = sync.pull();
      await until(() => b.db.cursor === 3, PATIENCE_MS);
    }
    return write(...args);
  };
  await look(b);
  store.write = write;
  assert.ok(writes >= 2, "there was a join");
  await pulling;
  await sync.syncOnce();
  await world.alike((tree) => tree.f === "one\n2\n3\nfour\n5\n6\nseven\n");
});
