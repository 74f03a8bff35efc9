// Answers that come late, and steps between which something else happens: what is known only ever gets newer.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { statSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { FILES } from "../entries/index.ts";
import { until } from "../hub/testing/wait-until.ts";
import { pullPage, type Sequenced } from "../hub-client/index.ts";
import { contentFile } from "../store/index.ts";
import type { DocRow } from "./documents.ts";
import { PATIENCE_MS, type TestFolder, World } from "./testing/two-folders.ts";
import { Gate, type Kind, type Wire } from "./testing/wire.ts";

const APPEND = "POST /v1/entries";
const PAGE = "GET /v1/entries";

/** The next such request reaches the hub, whose answer is kept until the gate opens. */
function answerLate(wire: Wire, kind: Kind): { gate: Gate; answered: Promise<void> } {
  const gate = new Gate();
  const answered = Promise.withResolvers<void>();
  const undo = wire.on(kind, async (forward, _request, signal) => {
    undo();
    const response = await forward();
    answered.resolve();
    await gate.passed(signal);
    return response;
  });
  return { gate, answered: answered.promise };
}

const rowOf = (folder: TestFolder): DocRow | undefined => folder.db.get<DocRow>("SELECT * FROM docs WHERE path = 'f'");
const look = (folder: TestFolder): Promise<number> => folder.sync.takePaths(new Set(["f"]));

test("FILE-02 a page that was asked for long ago does not take a document back to the version that it tells of", async () => {
  await using world = await World.make(0);
  const a = await world.add({ up: false });
  const sync = await a.open();
  a.write("f", "one");
  await look(a);
  const accepted = answerLate(a.wire, APPEND);
  const sending = sync.push("throw");
  await accepted.answered;
  // The hub has the first version and says so in a page; both answers are under way.
  const page = answerLate(a.wire, PAGE);
  const pulling = sync.pull();
  await page.answered;
  accepted.gate.open();
  await sending;
  a.write("f", "two");
  await look(a);
  await sync.push("throw");
  const known = rowOf(a);
  page.gate.open();
  await pulling;
  assert.equal(a.read("f"), "two");
  assert.deepEqual(a.outcomes("f"), [], "the file was not touched");
  assert.deepEqual(rowOf(a), known);
});

test("FILE-02 the answer to a push that comes after newer versions does not take back what is known of the hub", async () => {
  await using world = await World.make(1);
  const { a: other } = world;
  const b = await world.add({ up: false });
  const sync = await b.open();
  b.write("f", "one");
  await look(b);
  const accepted = answerLate(b.wire, APPEND);
  const sending = sync.push("throw");
  await other.has("f", "one");
  other.write("f", "two");
  await world.numbered(2);
  await sync.pull();
  assert.equal(b.read("f"), "two");
  const known = rowOf(b);
  assert.equal(known?.remote_sequence, 2);
  accepted.gate.open();
  await sending;
  assert.deepEqual(rowOf(b), known);
});

test("FILE-01 the answer about one version leaves a newer one of the same document in the queue", async () => {
  await using world = await World.make(0);
  const a = await world.add({ up: false });
  const sync = await a.open();
  a.write("f", "one");
  await look(a);
  const accepted = answerLate(a.wire, APPEND);
  const sending = sync.push("throw");
  await accepted.answered;
  a.write("f", "two");
  await look(a);
  // Held here, so that what the first answer clears can be seen.
  const open = a.wire.hold(APPEND);
  accepted.gate.open();
  await until(() => a.wire.count(APPEND) === 2, PATIENCE_MS);
  assert.equal(a.db.all("SELECT entry FROM unsent").length, 1, "the newer one waits");
  open();
  assert.equal(await sending, 2);
  assert.deepEqual(await world.atHub(), ["put f", "put f"]);
});

test("FILE-04 a version that is saved and not yet recorded is not sent before it is: the document is clean afterwards", async () => {
  await using world = await World.make(0);
  const a = await world.add({ up: false });
  const sync = await a.open();
  const { store } = sync.parts;
  const [write, inLane] = [store.write.bind(store), sync.inLane.bind(sync)];
  let sending: Promise<number> | undefined;
  store.write = async (...args) => {
    const records = await write(...args);
    store.write = write;
    // In the store, in no row yet: whoever sends now must not see it, and finds nothing to send, or waits for us.
    const waits = Promise.withResolvers<void>();
    sync.inLane = (step) => {
      waits.resolve();
      return inLane(step);
    };
    sending = sync.push("throw");
    await Promise.race([waits.promise, sending]);
    sync.inLane = inLane;
    return records;
  };
  a.write("f", "one");
  await look(a);
  await sending;
  await sync.push("throw");
  const row = rowOf(a);
  assert.ok(row !== undefined && row.head === row.synced && row.head === row.remote, JSON.stringify(row));
});

test("FILE-36 a hint that comes while a pull is under way leads to one more pull", async () => {
  await using world = await World.make(2);
  const { a, b } = world;
  a.write("warm", "up");
  await world.alike((tree) => tree.warm === "up");
  const page = answerLate(b.wire, PAGE);
  a.write("f", "one");
  await page.answered;
  // What b is being told knows nothing of this.
  a.write("g", "two");
  const known = b.sync.passOwn.bind(b.sync);
  let looks = 0;
  b.sync.passOwn = () => {
    looks += 1;
    return known();
  };
  // Each hint is compared with the cursor twice; then it is acted on.
  await until(() => looks >= 2, PATIENCE_MS);
  page.gate.open();
  await b.has("f", "one");
  await b.has("g", "two");
});

test("FILE-29 the same bytes saved here before the hub's document was heard of: they attach, and ours is not sent", async () => {
  await using world = await World.make(1);
  const { a } = world;
  const b = await world.add({ up: false });
  const sync = await b.open();
  b.write("f", "one");
  await look(b);
  const before = statSync(b.at("f"), { bigint: true });
  a.write("f", "one");
  await world.numbered(1);
  await sync.syncOnce();
  assert.equal(b.outcomes("f")[0], "attached");
  assert.deepEqual(await world.alike(), { f: "one" });
  assert.deepEqual(await world.atHub(), ["put f"]);
  const after = statSync(b.at("f"), { bigint: true });
  assert.deepEqual([after.ino, after.mtimeNs], [before.ino, before.mtimeNs]);
});

test("FILE-29 the same bytes, with an older version of ours before them: they do not attach, or that one would be lost", async () => {
  await using world = await World.make(1);
  const { a } = world;
  const b = await world.add({ up: false });
  const sync = await b.open();
  for (const text of ["zero", "one"]) {
    b.write("f", text);
    await look(b);
  }
  a.write("f", "one");
  await world.numbered(1);
  await sync.syncOnce();
  const isKept = (): boolean => a.knownHashes().has(createHash("sha256").update("zero").digest("hex"));
  await until(isKept, PATIENCE_MS);
});

test("FILE-09 a version that cannot be sent keeps those that stand on it from being sent, too", async () => {
  await using world = await World.make(0);
  const a = await world.add({ up: false });
  const sync = await a.open();
  a.write("f", "zero");
  await sync.syncOnce();
  for (const text of ["one", "two"]) {
    a.write("f", text);
    await look(a);
  }
  // The first of the two cannot be read any more, and says nothing of the second.
  const { store } = sync.parts;
  const record = store.find("f", { collection: FILES, version: 2 });
  writeFileSync(contentFile(store.layout, record), "eno");
  const appends = a.wire.count(APPEND);
  await sync.push("throw");
  assert.equal(a.wire.count(APPEND), appends);
  assert.match(a.sync.status().stopped[0]?.reason ?? "", /CORRUPT/);
});

test("HUB-14 a page that was asked for ahead, from where the cursor is not any more, is not taken", async () => {
  await using world = await World.make(1);
  const { a } = world;
  const b = await world.joinedAfter("f", "one");
  const { sync } = b;
  a.write("f", "two");
  await world.numbered(2);
  const { store, db } = sync.parts;
  const { limits } = await b.api.workspace();
  const told: number[] = [];
  const parts = {
    store,
    db,
    api: b.api,
    limits,
    onDocuments: (all: readonly Sequenced[]) => told.push(...all.map((each) => each.sequence)),
  };
  const old = { since: 0, page: b.api.page({ since: 0, limit: 1, inline: "contents" }) };
  await pullPage(parts, old);
  assert.deepEqual([told, db.cursor], [[2], 2]);
});
