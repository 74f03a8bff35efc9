// Bringing documents together ends, whatever they are.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { EntryId } from "../entries/index.ts";
import type { FolderParts } from "./folder-parts.ts";
import { joinAllBehind } from "./take-remote.ts";
import { World } from "./testing/two-folders.ts";

test("a document that cannot be brought together is left, once, and keeps no other from it", {
  timeout: 30_000,
}, async () => {
  await using world = await World.make(2);
  const { a, b } = world;
  for (const name of ["stuck", "other"]) a.write(name, "one");
  await world.alike((tree) => tree.other === "one" && tree.stuck === "one");
  // As no version that the store holds: nothing can be made of it.
  b.db.run("UPDATE docs SET remote = 'none', remote_sequence = 1000 WHERE doc = ?", b.docAt("stuck"));
  a.write("other", "two");
  await b.has("other", "two");
  b.write("other", "three");
  await a.has("other", "three");
  assert.equal(b.read("stuck"), "one");
});

test("what never ends is an invariant that is broken, not a process that hangs", { timeout: 30_000 }, async () => {
  let told = 0;
  const id = (n: number): EntryId => `entry ${n}` as EntryId;
  // A hub that tells of the next version whenever one has been taken in.
  const row = (): object => ({ doc: "d", path: "p", live: 1, head: id(told), synced: id(told - 1), remote: id(told) });
  const documents = {
    behind: () => {
      told += 1;
      return [row()];
    },
    doc: row,
    putDoc: () => {
      told += 1;
    },
  };
  const parts = {
    documents,
    db: { transaction: (step: () => void) => step() },
    store: { catalog: { entryById: (entry: EntryId) => ({ id: entry, name: "p", kind: "put" }) } },
  } as unknown as FolderParts;
  await assert.rejects(joinAllBehind(parts), { code: "INTERNAL", message: /^invariant broken: documents are joined/ });
  assert.ok(told > 10_000);
});
