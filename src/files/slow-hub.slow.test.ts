// A hub that does not come to an end: a sync does, and gives its lock back.

import assert from "node:assert/strict";
import { test } from "node:test";
import { wakeWaiting } from "../hub-client/index.ts";
import { World } from "./testing/two-folders.ts";
import type { Kind } from "./testing/wire.ts";

/** A byte now and then, for ever. */
function drip(type: string, signal: AbortSignal | undefined): Response {
  let timer: NodeJS.Timeout | undefined;
  const body = new ReadableStream<Uint8Array>({
    start(controller) {
      timer = setInterval(() => controller.enqueue(new Uint8Array([32])), 20);
      signal?.addEventListener("abort", () => {
        clearInterval(timer);
        controller.error(signal.reason);
      });
    },
    cancel: () => clearInterval(timer),
  });
  return new Response(body, { headers: { "content-type": type } });
}

test("HUB-13 whatever of a sync a hub gives byte by byte, the sync ends, and the next one has the lock and goes through", async () => {
  const deadlines = { headersMs: 300, idleMs: 300, graceMs: 300, minBytesPerSecond: 1_000_000 };
  await using world = await World.make(1);
  const a = world.a;
  a.write("from a", "x".repeat(100_000));
  await a.idle();
  const b = await world.add({ up: false, deadlines });
  b.write("from b", "y".repeat(100_000));
  const asked: [Kind, string][] = [
    ["GET /v1/workspace", "application/json"],
    ["POST /v1/keys", "application/json"],
    ["GET /v1/entries", "application/cbor"],
    ["GET /v1/contents", "application/octet-stream"],
    ["POST /v1/contents/missing", "application/json"],
    ["POST /v1/entries", "application/json"],
  ];
  for (const [kind, type] of asked) {
    const undo = b.wire.on(kind, async (_forward, _request, signal) => drip(type, signal));
    const sync = await b.open();
    wakeWaiting(b.db); // as `sync` does
    const fromMs = performance.now();
    await assert.rejects(sync.syncOnce(), { code: "HUB_UNREACHABLE", message: /too slow/ }, kind);
    assert.ok(performance.now() - fromMs < 5_000, `${kind} took ${performance.now() - fromMs} ms`);
    undo();
    await b.stop(0);
  }
  const sync = await b.open();
  wakeWaiting(b.db);
  await sync.syncOnce();
  assert.deepEqual(Object.keys(b.tree()).sort(), ["from a", "from b"]);
  assert.deepEqual((await world.atHub()).sort(), ["put from a", "put from b"]);
});

test("HUB-13 a start does not wait for a hub that says who it is and then no more; what is saved goes when it does", async () => {
  await using world = await World.make(1);
  const a = world.a;
  a.write("from a", "1");
  await a.idle();
  const b = await world.add({ up: false });
  b.write("from b", "2");
  const undo = b.wire.on("GET /v1/entries", async (_forward, _request, signal) => drip("application/cbor", signal));
  const fromMs = performance.now();
  await b.start();
  assert.ok(performance.now() - fromMs < 6_000, `it took ${performance.now() - fromMs} ms`);
  assert.deepEqual(await b.versions("from b"), ["2"], "it was scanned");
  undo();
  await a.has("from b", "2");
});
