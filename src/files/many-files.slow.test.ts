// Many files at once: what is taken in goes out while the rest is read, so that nobody waits for the last to get the first.

import assert from "node:assert/strict";
import { test } from "node:test";
import { until } from "../hub/testing/wait-until.ts";
import { PATIENCE_MS, World } from "./testing/two-folders.ts";

const FILES = 1_500;
const APPEND = "POST /v1/entries";

test("a batch of many files has gone before all of them are taken in", async () => {
  await using world = await World.make(0);
  const folder = await world.add({ up: false });
  for (let n = 0; n < FILES; n += 1) folder.write(`d${n % 10}/f${n}`, `text ${n}`);
  const takenAt: number[] = [];
  folder.wire.on(APPEND, (forward) => {
    takenAt.push(folder.heads().length);
    return forward();
  });
  await folder.start();
  await until(() => folder.db.cursor >= FILES || folder.sync.passOwn() >= FILES, PATIENCE_MS);
  assert.equal(folder.heads().length, FILES);
  // Batch by batch as they are written, and not the first at once and the others at the end.
  assert.ok(takenAt.length >= 2 && takenAt.length <= 8, `${takenAt}`);
  assert.ok(
    takenAt.slice(0, 2).every((taken) => taken < FILES),
    `sent when so many were taken in: ${takenAt}`,
  );
});

test("a hub that does not answer does not keep files from being taken in", async () => {
  await using world = await World.make(0);
  const folder = await world.add({ up: false });
  for (let n = 0; n < FILES; n += 1) folder.write(`d${n % 10}/f${n}`, `text ${n}`);
  const open = folder.wire.hold(APPEND);
  const starting = folder.start();
  await until(() => folder.isUp && folder.heads().length === FILES, PATIENCE_MS);
  open();
  await starting;
  await folder.idle();
});
