// The race between saving and sending, and what a folder does when the hub or the disk is not as it should be.

import assert from "node:assert/strict";
import { mkdirSync, renameSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import type { DocumentStatus } from "../hub/index.ts";
import { until } from "../hub/testing/wait-until.ts";
import { PATIENCE_MS, World } from "./testing/two-folders.ts";
import { Gate, type Wire } from "./testing/wire.ts";

const STATUS = "POST /v1/documents/status";
const APPEND = "POST /v1/entries";

/** From now on the hub says that every document is in `state`. */
function sayState(wire: Wire, state: DocumentStatus["state"], reason?: string): () => void {
  return wire.on(STATUS, async (forward) => {
    const { documents } = (await (await forward()).json()) as { documents: DocumentStatus[] };
    return Response.json({
      documents: documents.map((each) => ({ ...each, state, ...(reason === undefined ? {} : { reason }) })),
    });
  });
}

test("FILE-01 a write while done is waited for: done of the older one is not done, the newer is sent", async () => {
  await using world = await World.make(2);
  const { a, b } = world;
  const late = new Gate();
  let isFirst = true;
  a.wire.on(STATUS, async (forward, _request, signal) => {
    if (!isFirst) {
      const { documents } = (await (await forward()).json()) as { documents: DocumentStatus[] };
      return Response.json({ documents: documents.map((each) => ({ ...each, state: "indexing" })) });
    }
    isFirst = false;
    // The answer about the first version is underway while the second is written.
    const { documents } = (await (await forward()).json()) as { documents: DocumentStatus[] };
    await late.passed(signal);
    return Response.json({ documents: documents.map((each) => ({ ...each, state: "done" })) });
  });
  a.write("f", "one");
  await until(() => a.wire.count(STATUS) === 1, PATIENCE_MS);
  a.write("f", "two, which is newer");
  await b.has("f", "two, which is newer");
  await until(() => a.heads()[0]?.head === b.heads()[0]?.head, PATIENCE_MS);
  late.open();
  await until(() => a.wire.count(STATUS) >= 3, PATIENCE_MS);
  assert.equal(a.sync.status().awaiting, 1, "the second version is still awaited");
  a.wire.on(STATUS, (forward) => forward());
  const tree = await world.alike();
  assert.deepEqual(tree, { f: "two, which is newer" });
});

test("FILE-03 two writes with one time stamp are two versions", async () => {
  await using world = await World.make(0);
  const a = await world.add({ up: false });
  const sync = await a.open();
  const at = new Date(1_700_000_000_000);
  for (const text of ["one", "two"]) {
    writeFileSync(a.at("f"), text);
    utimesSync(a.at("f"), at, at);
    await sync.takePaths(new Set(["f"]));
  }
  assert.deepEqual(await a.versions("f"), ["one", "two"]);
  await sync.syncOnce();
  assert.deepEqual(await world.atHub(), ["put f", "put f"]);
});

test("FILE-04 unchanged since it was sent: clean, and not sent again", async () => {
  await using world = await World.make(1);
  const { a } = world;
  a.write("f", "one");
  await until(() => a.heads().length === 1, PATIENCE_MS);
  await a.idle();
  const row = a.db.get<{ head: string; synced: string; remote: string }>("SELECT head, synced, remote FROM docs");
  assert.ok(row !== undefined && row.head === row.synced && row.head === row.remote);
  const appends = a.wire.count(APPEND);
  await a.sync.scanAll();
  await a.sync.push("throw");
  assert.equal(a.wire.count(APPEND), appends);
  assert.deepEqual(await world.atHub(), ["put f"]);
});

test("FILE-05 a time-out while done is waited for is not done; the poller finishes it", async () => {
  await using world = await World.make(0);
  const a = await world.add({ deadlines: { headersMs: 100 } });
  const open = a.wire.hold(STATUS);
  a.write("f", "one");
  await until(() => a.wire.count(STATUS) >= 3, PATIENCE_MS);
  assert.equal(a.sync.status().awaiting, 1);
  assert.equal(a.lastError, "HUB_UNREACHABLE");
  open();
  await until(() => a.sync.status().awaiting === 0, PATIENCE_MS);
});

test("FILE-06 failed ends the wait at once, and is shown with its reason", async () => {
  await using world = await World.make(1);
  const { a } = world;
  sayState(a.wire, "failed", "the text is no text");
  a.write("f", "one");
  await until(() => a.sync.status().failed.length > 0, PATIENCE_MS);
  const { failed, queue, awaiting } = a.sync.status();
  assert.deepEqual(
    failed.map(({ path, reason }) => `${path}: ${reason}`),
    ["f: the text is no text"],
  );
  assert.deepEqual([queue, awaiting], [0, 0]);
  assert.equal(a.wire.count(STATUS), 1);
});

test("FILE-07 a save between looking at a file and replacing it is not overwritten, and becomes a version", async () => {
  await using world = await World.make(1);
  const { a } = world;
  const b = await world.joinedAfter("f", "1\n2\n3\n4\n5\n");
  const { sync } = b;
  a.write("f", "one\n2\n3\n4\n5\n");
  await world.numbered(2);
  const undo = b.wire.on("GET /v1/entries", async (forward) => {
    const response = await forward();
    // The folder was looked at; only now somebody saves.
    if (b.read("f") === "1\n2\n3\n4\n5\n") b.write("f", "1\n2\n3\n4\nfive\n");
    return response;
  });
  await sync.pull();
  undo();
  assert.equal(b.read("f"), "1\n2\n3\n4\nfive\n");
  assert.deepEqual(b.outcomes("f").slice(-1), ["skippedDirty"]);
  // What the hub has not finished with is asked about by the next sync.
  await until(async () => {
    await sync.syncOnce();
    return sync.status().queue === 0;
  }, PATIENCE_MS);
  const tree = await world.alike((now) => now.f === "one\n2\n3\n4\nfive\n");
  assert.deepEqual(Object.keys(tree), ["f"]);
  const versions = await a.versions("f");
  assert.ok(versions.includes("1\n2\n3\n4\nfive\n"), "the save is in the history of the other machine");
});

test("FILE-34 a token that is not known any more pauses and is shown; a new one goes on", async () => {
  await using world = await World.make(2);
  const { a, b } = world;
  b.write("f", "one");
  await world.alike((tree) => tree.f === "one");
  for (const { id, role } of await world.hub.storage.tokens.list()) {
    if (role === "member") await world.hub.storage.tokens.revoke(id);
  }
  a.write("f", "two");
  await until(() => a.lastError === "UNAUTHORIZED" && a.sync.status().queue === 1, PATIENCE_MS);
  assert.equal(a.read("f"), "two");
  for (const folder of world.folders) {
    await folder.stop(0);
    folder.token = (await world.hub.storage.tokens.create("member")).token;
    await folder.start();
  }
  const tree = await world.alike((now) => now.f === "two");
  assert.deepEqual(tree, { f: "two" });
});

for (const [how, leave] of [
  ["it is gone", () => {}],
  ["an empty one is in its place", (path: string) => mkdirSync(path)],
] as const) {
  test(`FILE-39 the folder vanishes while it is up (${how}): it stops and deletes nothing elsewhere`, async () => {
    await using world = await World.make(2);
    const { a, b } = world;
    for (const path of ["f", "dir/g"]) a.write(path, `text of ${path}`);
    await world.alike((tree) => tree["dir/g"] !== undefined && tree.f !== undefined);
    const before = (await world.atHub()).length;
    renameSync(a.path, `${a.path} away`);
    leave(a.path);
    await a.sync.scanAll().catch((error: { code?: string }) => assert.equal(error.code, "FOLDER_GONE"));
    await until(() => a.notices().some((notice) => notice.includes("is gone")), PATIENCE_MS);
    assert.equal((await world.atHub()).length, before);
    assert.deepEqual(b.tree(), { "dir/g": "text of dir/g", f: "text of f" });
    rmSync(a.path, { recursive: true, force: true });
    renameSync(`${a.path} away`, a.path);
    await a.stop(0);
    await a.start();
    const tree = await world.alike();
    assert.deepEqual(tree, { "dir/g": "text of dir/g", f: "text of f" });
  });
}

test("FILE-40 search finds by words, ranked, with line numbers; a changed file by its new words within a second", async () => {
  await using world = await World.make(1);
  const { a } = world;
  a.write("often.txt", "heron\nheron heron heron\n");
  a.write("once.txt", `${"other words\n".repeat(40)}a heron\n`);
  a.write("never.txt", "gull\n");
  let found = await a.api.search({ q: "heron" });
  await until(async () => {
    found = await a.api.search({ q: "heron" });
    return new Set(found.map(({ name }) => name)).size === 2;
  }, PATIENCE_MS);
  assert.ok(found.some(({ name, line, text }) => name === "once.txt" && line === 41 && text === "a heron"));
  assert.ok(found.some(({ name, line }) => name === "often.txt" && line === 2));
  assert.deepEqual(
    [...found].sort((x, y) => y.score - x.score),
    found,
    "best first",
  );
  await a.idle();
  a.write("never.txt", "cormorant\n");
  await world.numbered(4);
  const startMs = performance.now();
  await until(async () => (await a.api.search({ q: "cormorant" })).length === 1, PATIENCE_MS);
  assert.ok(performance.now() - startMs < 1_000, "from the moment the hub has it");
  assert.deepEqual(await a.api.search({ q: "gull" }), []);
});
