// Topics that are subscribed to late.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { noteFile, publishNote, subscribeTopics } from "../hub-client/index.ts";
import { type TestFolder, World } from "./testing/two-folders.ts";

/** The texts of a topic's notes, as they are laid out. */
function notes(folder: TestFolder, topic: string): string[] {
  const text = readFileSync(noteFile(folder.sync.parts.layout, topic), "utf8");
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#") && !line.startsWith("<"));
}

async function publish(folder: TestFolder, topic: string, text: string): Promise<void> {
  const { store, db } = folder.sync.parts;
  await publishNote({ store, db, api: folder.api, topic, text });
}

test("HUB-11 a topic subscribed to later is filled in from the start, in order, and so is one subscribed to during that", async () => {
  await using world = await World.make(1);
  const { a } = world;
  for (const n of [1, 2, 3]) for (const topic of ["news", "builds"]) await publish(a, topic, `${topic} ${n}`);
  const b = await world.add({ up: false });
  const sync = await b.open();
  await sync.syncOnce();
  subscribeTopics(b.db, ["news"]);
  // This one comes, and is laid out, before those that were passed over.
  await publish(a, "news", "news 4");
  const { parts } = sync;
  const transaction = parts.db.transaction.bind(parts.db);
  let isLate = false;
  parts.db.transaction = (body) => {
    const result = transaction(body);
    // The page that fills in `news` is taken in; only now somebody wants `builds`, too.
    if (!isLate && parts.db.get("SELECT 1 FROM topic_notes WHERE topic = 'news'") !== undefined) {
      isLate = true;
      subscribeTopics(b.db, ["builds"]);
    }
    return result;
  };
  await sync.pull();
  parts.db.transaction = transaction;
  assert.ok(isLate);
  for (let rounds = 0; rounds < 2; rounds += 1) await sync.pull();
  assert.deepEqual(notes(b, "news"), ["news 1", "news 2", "news 3", "news 4"]);
  assert.deepEqual(notes(b, "builds"), ["builds 1", "builds 2", "builds 3"]);
});
