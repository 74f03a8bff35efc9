// Listening over connections that break.

import assert from "node:assert/strict";
import { test } from "node:test";
import { HubApi } from "./hub-api.ts";
import { listenEntries } from "./listen.ts";

const event = (name: string, data: unknown): string => `event: ${name}\ndata: ${JSON.stringify(data)}\n\n`;
const ready = event("ready", { epoch: "e", sequence: 0 });
const entry = (sequence: number): string =>
  event("entry", {
    sequence,
    id: `id ${sequence}`,
    collection: "notes/t",
    name: "n",
    kind: "put",
    author: "a",
    time: "2026-01-01T00:00:00.000Z",
  });

/** A hub whose nth connection says this, and then breaks. */
function hubSaying(...connections: readonly (readonly string[] | Response)[]): {
  api: HubApi;
  asked: (string | null)[];
} {
  const asked: (string | null)[] = [];
  const answer: typeof fetch = async (input) => {
    const says = connections[asked.length];
    asked.push(new URL(String(input)).searchParams.get("since"));
    if (says === undefined) throw new TypeError("the cable is out");
    if (says instanceof Response) return says;
    const body = new ReadableStream({
      start(controller) {
        for (const each of says) controller.enqueue(new TextEncoder().encode(each));
        controller.close();
      },
    });
    return new Response(body, { headers: { "content-type": "text/event-stream" } });
  };
  return { api: new HubApi({ url: "http://hub", token: "token", fetch: answer }), asked };
}

test("HUB-32 after a lost connection listening goes on exactly there, each entry once, and stops at an authentication error", async () => {
  const { api, asked } = hubSaying(
    [ready, entry(1), entry(2)],
    [],
    [ready, entry(2), entry(3)], // a hub that tells one again
    Response.json({ error: "it was revoked", code: "UNAUTHORIZED" }, { status: 401 }),
  );
  const seen: number[] = [];
  const pausesMs: number[] = [];
  const listening = (async () => {
    const onReconnect = (_error: unknown, pauseMs: number): number => pausesMs.push(pauseMs);
    for await (const { sequence } of listenEntries(api, { since: 0, onReconnect })) seen.push(sequence);
  })();
  await assert.rejects(listening, { code: "UNAUTHORIZED" });
  assert.deepEqual(seen, [1, 2, 3]);
  assert.deepEqual(asked, ["0", "2", "2", "3"]);
  const [first = 0, second = 0, third = 0] = pausesMs;
  assert.equal(pausesMs.length, 3);
  assert.ok(first >= 50 && first <= 100, `${first} ms after the first loss`);
  assert.ok(second >= 125 && second <= 250, `${second} ms after one that brought nothing`);
  assert.ok(third >= 50 && third <= 100, `${third} ms after one that did: it begins anew`);
});
