// What waits to be sent: gathered, repeated, stopped, kept over a kill.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Running } from "../cli/testing/holdfast.ts";
import { createHub, SqliteStorage, serveHub } from "../hub/index.ts";
import { until } from "../hub/testing/wait-until.ts";
import {
  BACKOFF_MS,
  backOff,
  HubApi,
  laneState,
  nextBatch,
  nextTryAt,
  SyncDb,
  writeHubLink,
} from "../hub-client/index.ts";
import { initWorkspaceRecord } from "../store/index.ts";
import { retry } from "./index.ts";
import { PATIENCE_MS, TestFolder, World } from "./testing/two-folders.ts";
import { failed, Gate } from "./testing/wire.ts";

const APPEND = "POST /v1/entries";

test("FILE-08 ten saves at once are one request and one version, with the last bytes", async () => {
  await using world = await World.make(2);
  const { a, b } = world;
  for (let n = 1; n <= 10; n += 1) a.write("f", `save ${n}`);
  await b.has("f", "save 10");
  await world.alike();
  assert.equal(a.wire.count(APPEND), 1);
  assert.deepEqual(await b.versions("f"), ["save 10"]);
});

test("FILE-08 saves spread over half a second are two requests at the most: the first at once, then the last", async () => {
  await using world = await World.make(2);
  const { a, b } = world;
  const startMs = performance.now();
  let n = 0;
  for (; n < 10; n += 1) {
    a.write("f", `save ${n}`);
    await delay(30); // saves are spread over time
  }
  const tookMs = performance.now() - startMs;
  await b.has("f", `save ${n - 1}`);
  await world.alike();
  assert.ok(a.wire.count(APPEND) <= 1 + Math.ceil(tookMs / 500), `${a.wire.count(APPEND)} in ${tookMs} ms`);
});

test("FILE-08 saves while one is in flight lead to exactly one more request, with the newest", async () => {
  await using world = await World.make(2);
  const { a, b } = world;
  const open = a.wire.hold(APPEND);
  a.write("f", "save 1");
  await until(() => a.wire.count(APPEND) === 1, PATIENCE_MS);
  for (let n = 2; n <= 5; n += 1) {
    a.write("f", `save ${n}`);
    const known = a.heads()[0]?.head;
    // Each is a version of its own before the next is made.
    await until(() => a.heads()[0]?.head !== known, PATIENCE_MS);
  }
  assert.equal(a.wire.count(APPEND), 1);
  open();
  await b.has("f", "save 5");
  await world.alike();
  assert.equal(a.wire.count(APPEND), 2);
});

test("FILE-09 the pauses are 0.5, 1, 2, 5, 15, 30, 60 s, each with jitter, and then 60 s", () => {
  assert.deepEqual(BACKOFF_MS, [500, 1_000, 2_000, 5_000, 15_000, 30_000, 60_000]);
  const folder = mkdtempSync(join(tmpdir(), "holdfast-backoff-"));
  const { layout } = initWorkspaceRecord(folder);
  const seen: number[][] = [];
  {
    using db = SyncDb.open(layout);
    for (let lane = 0; lane < 20; lane += 1) {
      db.run("INSERT INTO unsent VALUES (?, ?, ?, NULL, 0)", `entry ${lane}`, lane, `lane ${lane}`);
      for (let attempt = 0; attempt < 9; attempt += 1) {
        backOff(db, [`lane ${lane}`], "busy", 1_000_000);
        const at = db.get<{ at: number }>("SELECT next_at_ms AS at FROM lanes WHERE lane = ?", `lane ${lane}`)?.at ?? 0;
        seen[attempt] = [...(seen[attempt] ?? []), at - 1_000_000];
      }
      assert.equal(laneState(db, `lane ${lane}`)?.attempts, 9);
    }
    assert.ok((nextTryAt(db, 1_000_000) ?? 0) >= 1_000_000 + 45_000);
  }
  for (const [attempt, pauses] of seen.entries()) {
    const wantedMs = BACKOFF_MS[Math.min(attempt, BACKOFF_MS.length - 1)] ?? 0;
    for (const pauseMs of pauses) assert.ok(pauseMs >= wantedMs * 0.75 && pauseMs <= wantedMs * 1.25, `${pauseMs}`);
    assert.ok(new Set(pauses).size > 5, "they differ");
  }
  rmSync(folder, { recursive: true });
});

test("FILE-09 what waited when the clock was set back is tried, not in a year", () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-set-back-"));
  const { layout } = initWorkspaceRecord(folder);
  const limits = { entries: 10, inlineBytes: 1_000 };
  const yearMs = 365 * 24 * 3_600_000;
  {
    using db = SyncDb.open(layout);
    db.run("INSERT INTO unsent VALUES ('entry', 1, 'lane', NULL, 0)");
    backOff(db, ["lane"], "busy", yearMs);
    assert.equal(nextBatch(db, yearMs, limits).length, 0, "it waits");
    assert.ok((nextTryAt(db, yearMs) ?? 0) > yearMs);
    assert.equal(nextBatch(db, yearMs + 1_000, limits).length, 1, "it is due");
    assert.equal(nextBatch(db, 5_000, limits).length, 1, "it is due after the clock was set back, too");
    assert.ok((nextTryAt(db, 5_000) ?? Number.NaN) <= 5_000);
  }
  rmSync(folder, { recursive: true });
});

test("FILE-09 a new save does not bypass the pause", async () => {
  await using world = await World.make(1);
  const { a } = world;
  const undo = a.wire.on(APPEND, async () => failed(500, "INTERNAL"));
  let n = 0;
  a.write("f", "save 0");
  await until(() => {
    n += 1;
    a.write("f", `save ${n}`);
    return a.wire.count(APPEND) === 3;
  }, PATIENCE_MS);
  const times = a.wire.seen.filter(({ kind }) => kind === APPEND).map(({ atMs }) => atMs);
  for (const [index, pauseMs] of BACKOFF_MS.slice(0, 2).entries()) {
    const gapMs = (times[index + 1] ?? 0) - (times[index] ?? 0);
    // The clock that says when is another one, in whole milliseconds.
    assert.ok(gapMs >= pauseMs * 0.75 - 50, `pause ${index + 1} was ${gapMs.toFixed(0)} ms`);
  }
  undo();
  a.write("f", "the last");
  const b = await world.add();
  await b.has("f", "the last");
});

for (const how of ["a re-save", "retry"]) {
  test(`FILE-09 what cannot heal by itself stops its row only, and is shown; ${how} starts it again`, async () => {
    await using world = await World.make(2);
    const { a, b } = world;
    const undo = a.wire.on(APPEND, async () => failed(413, "TOO_LARGE", { index: 0 }));
    a.write("f", "one");
    await until(() => a.sync.status().stopped.length === 1, PATIENCE_MS);
    assert.equal(a.sync.status().stopped[0]?.path, "f");
    assert.match(a.sync.status().stopped[0]?.reason ?? "", /TOO_LARGE/);
    undo();
    a.write("g", "another");
    await b.has("g", "another");
    assert.equal(b.read("f"), undefined);
    assert.equal(a.sync.status().stopped.length, 1);
    if (how === "retry") {
      // As the command does it: another process, another connection.
      using db = SyncDb.open(a.sync.parts.layout);
      assert.equal(retry(db, "f"), 1);
    } else a.write("f", "two");
    const tree = await world.alike((now) => now.f !== undefined);
    assert.equal(tree.f, how === "retry" ? "one" : "two");
    assert.deepEqual(a.sync.status().stopped, []);
  });
}

test("FILE-10 killed with an append in flight, and between a write and its row: a restart sends", async () => {
  await using ending = new AsyncDisposableStack();
  const root = mkdtempSync(join(tmpdir(), "holdfast-killed-"));
  ending.defer(() => rmSync(root, { recursive: true, force: true, maxRetries: 5 }));
  const storage = new SqliteStorage(join(root, "hub"), { id: "00000000-0000-4000-8000-000000000001", name: "test" });
  ending.defer(() => storage.close());
  const hub = createHub({ storage });
  let gate: Gate | undefined;
  let arrived = 0;
  const served = await serveHub(
    {
      close: () => hub.close(),
      fetch: async (request, env) => {
        if (request.method === "POST" && new URL(request.url).pathname === "/v1/entries") {
          arrived += 1;
          await gate?.passed();
        }
        return hub.fetch(request, env);
      },
    },
    { port: 0 },
  );
  ending.defer(() => served.close());
  const { token } = await storage.tokens.create("member");
  const other = new TestFolder(join(root, "other"), served.url, token);
  await other.start();
  ending.defer(async () => void (await other.stop(0)));
  const folder = new TestFolder(join(root, "killed"), served.url, token);
  const opened = initWorkspaceRecord(folder.path, { id: "00000000-0000-4000-8000-000000000001", name: "test" });
  await new HubApi({ url: served.url, token }).registerKey(opened.identity);
  writeHubLink(opened.layout, { url: served.url, token });
  const up = async (): Promise<Running> => {
    const running = new Running(["up", folder.path]);
    await running.firstLine();
    return running;
  };

  {
    await using first = await up();
    gate = new Gate();
    folder.write("in flight", "one");
    await until(() => arrived === 1, PATIENCE_MS);
    await first.end("SIGKILL");
    gate.open();
  }
  {
    await using second = await up();
    await other.has("in flight", "one");
    gate = new Gate();
    folder.write("in flight", "two");
    await until(() => arrived > 1, PATIENCE_MS);
    // Nobody has looked at these yet.
    folder.write("just written", "three");
    folder.move("in flight", "moved");
    await second.end("SIGKILL");
    gate.open();
  }
  folder.write("while down", "four");
  await using third = await up();
  await other.has("just written", "three");
  await other.has("while down", "four");
  await until(() => JSON.stringify(other.tree()) === JSON.stringify(folder.tree()), PATIENCE_MS);
  assert.deepEqual(other.tree(), { "just written": "three", moved: "two", "while down": "four" });
  assert.equal((await third.end()).code, 0);
});

test("FILE-11 the answer to a create is lost: one document, not two", async () => {
  await using world = await World.make(2);
  const { a, b } = world;
  const undo = a.wire.on(APPEND, async (forward) => {
    await forward();
    undo();
    throw new TypeError("the answer was lost");
  });
  a.write("f", "one");
  await world.alike((tree) => tree.f === "one");
  assert.deepEqual(await world.atHub(), ["put f"]);
  assert.equal(b.docAt("f"), a.docAt("f"));
});

test("FILE-11 the content is gone at the hub after it said that it has it: it is sent anew", async () => {
  await using world = await World.make(2);
  const { a, b } = world;
  const undo = a.wire.on("POST /v1/contents/missing", async () => Response.json({ missing: [] }));
  const text = "a large text\n".repeat(20_000);
  a.write("f", text);
  // Told that it is missing, it asks what is; told that nothing is, it waits, and asks again.
  await until(() => a.lastError === "CONTENT_MISSING", PATIENCE_MS);
  undo();
  await until(() => b.read("f") === text, PATIENCE_MS);
});

test("FILE-11 the remote copy was deleted while ours was edited: it lives again", async () => {
  await using world = await World.make(2);
  const { a, b } = world;
  a.write("f", "one");
  await world.alike((tree) => tree.f === "one");
  await a.stop();
  b.remove("f");
  await until(async () => (await world.atHub()).length === 2, PATIENCE_MS);
  a.write("f", "two");
  await a.start();
  const tree = await world.alike((now) => now.f !== undefined);
  assert.deepEqual(tree, { f: "two" });
});

test("FILE-12 a stop within the drain time leaves the queue empty", async () => {
  await using world = await World.make(2);
  const { a, b } = world;
  a.write("f", "one");
  assert.equal(await a.stop(), 0);
  await b.has("f", "one");
});

test("FILE-12 beyond the drain time: it ends, what is left is told, and sent after the next start", async () => {
  await using world = await World.make(2);
  const { a, b } = world;
  const open = a.wire.hold(APPEND);
  a.write("f", "one");
  await until(() => a.wire.count(APPEND) === 1, PATIENCE_MS);
  const startMs = performance.now();
  assert.equal(await a.stop(100), 1);
  assert.ok(performance.now() - startMs < 5_000, "it did not wait for the hub");
  open();
  await a.start();
  await b.has("f", "one");
});

test("FILE-12 rows that are stopped are not waited for", async () => {
  await using world = await World.make(1);
  const { a } = world;
  a.wire.on(APPEND, async () => failed(413, "TOO_LARGE", { index: 0 }));
  a.write("f", "one");
  await until(() => a.sync.status().stopped.length === 1, PATIENCE_MS);
  const startMs = performance.now();
  assert.equal(await a.stop(60_000), 0);
  assert.ok(performance.now() - startMs < 10_000);
});
