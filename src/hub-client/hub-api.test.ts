// A hub as its clients meet it: over real HTTP, with the typed client.

import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { createServer } from "node:http";
import { networkInterfaces } from "node:os";
import { test } from "node:test";
import type { Conflict } from "../hub/index.ts";
import { openTokens, startHub } from "../hub/index.ts";
import { SampleAuthor } from "../hub/testing/sample-author.ts";
import { until } from "../hub/testing/wait-until.ts";
import { HubApi } from "./hub-api.ts";
import { newDir, oneTo, outgoing, sequencesUntil, withHub } from "./testing/with-hub.ts";

test("HUB-20 one key published by 16 at once has one sequence", async () => {
  await withHub(async ({ member, admin }) => {
    const ann = new SampleAuthor("ann");
    const { api } = await member(ann);
    const note = ann.note("t", "once");
    const answers = await Promise.all(Array.from({ length: 16 }, () => api.append([outgoing(note)])));
    assert.deepEqual(new Set(answers.map(({ results }) => results[0]?.sequence)), new Set([1]));
    assert.equal(answers.filter(({ results }) => results[0]?.repeated === false).length, 1);
    assert.equal((await admin.workspace()).sequence, 1);
  });
});

test("a conflict arrives as a coded error with the current head", async () => {
  await withHub(async ({ member }) => {
    const ann = new SampleAuthor("ann");
    const { api } = await member(ann);
    const file = ann.create("f", "1");
    await api.append([outgoing(file)]);
    await assert.rejects(api.append([outgoing(ann.create("f", "2"))]), (error: Refusal) => {
      assert.deepEqual([error.code, error.details.conflicts[0]?.current?.entry], ["PATH_TAKEN", file.entry.id]);
      return true;
    });
  });
});
interface Refusal {
  readonly code: string;
  readonly details: { readonly conflicts: readonly Conflict[] };
}

test("HUB-25 a revoked token ends its open streams at once, also when revoked by another process; others go on", async () => {
  await withHub(async ({ member, served, dir }) => {
    const ann = new SampleAuthor("ann");
    const { api: annApi } = await member(ann);
    const [here, beside] = [await member(), await member()];
    // A stream that is not ended ends here quietly, and the test fails instead of waiting for ever.
    const signal = AbortSignal.timeout(10_000);
    const streams = [here, beside].map(({ api }) => api.events({ since: 0, signal }));
    for (const stream of streams) assert.equal((await stream.next()).value?.event, "ready");
    const other = annApi.events({ since: 0 });
    await other.next();
    const ended = streams.map((stream) => assert.rejects(stream.next(), { code: "UNAUTHORIZED" }));
    const fromMs = performance.now();
    await served.storage.tokens.revoke(here.id);
    await ended[0];
    const tokens = openTokens(dir);
    await tokens.tokens.revoke(beside.id);
    tokens.close();
    await ended[1];
    assert.ok(performance.now() - fromMs < 3_000);
    for (const { api } of [here, beside]) await assert.rejects(api.workspace(), { code: "UNAUTHORIZED" });
    await annApi.append([outgoing(ann.note("t", "goes on"))]);
    assert.equal((await other.next()).value?.event, "entry");
    await other.return();
  });
});

test("HUB-26 a second hub on the same data folder is refused and names the first", async () => {
  await withHub(async ({ dir, served, admin }) => {
    const second = startHub({ dir, port: 0, workspace: { id: "w", name: "test" } });
    await assert.rejects(second, (error: { code: string; message: string }) => {
      assert.equal(error.code, "DATA_FOLDER_IN_USE");
      assert.ok(error.message.includes(String(process.pid)) && error.message.includes(served.url), error.message);
      return true;
    });
    await admin.workspace();
  });
});

test("HUB-30 nothing is lost or doubled between replay and live, under concurrent publishers", async () => {
  await withHub(async ({ member }) => {
    const total = 600;
    const reader = (await member()).api;
    const publishers = Array.from({ length: 6 }, async (_, index) => {
      const author = new SampleAuthor(`p${index}`);
      const { api } = await member(author);
      for (let n = 0; n < total / 6; n += 4) {
        await api.append(Array.from({ length: 4 }, () => outgoing(author.note("t", "x"))));
      }
    });
    const listeners: Promise<void>[] = [];
    for (let from = 0; from < total; from += 100) {
      await until(async () => (await reader.workspace()).sequence >= from);
      const since = Math.floor(from / 2);
      const wanted = oneTo(total).slice(since);
      listeners.push(sequencesUntil(reader.events({ since }), total).then((seen) => assert.deepEqual(seen, wanted)));
    }
    await Promise.all([...publishers, ...listeners]);
  });
});

test("events: filtered by topic, only new ones without since, hints with wake", async () => {
  await withHub(async ({ member }) => {
    const ann = new SampleAuthor("ann");
    const { api } = await member(ann);
    await api.append([outgoing(ann.note("a", "1")), outgoing(ann.note("b", "2"))]);
    const filtered = api.events({ since: 0, topics: ["b"] });
    const fromNow = api.events({});
    const hints = api.events({ since: 0, data: "wake" });
    for (const stream of [filtered, fromNow, hints]) assert.equal((await stream.next()).value?.event, "ready");
    assert.deepEqual((await hints.next()).value, { event: "head", sequence: 2 });
    await api.append([outgoing(ann.note("b", "3"))]);
    assert.deepEqual(await sequencesUntil(filtered, 3), [2, 3]);
    assert.deepEqual(await sequencesUntil(fromNow, 3), [3]);
    assert.deepEqual((await hints.next()).value, { event: "head", sequence: 3 });
    await hints.return();
  });
});

test("HUB-34 stop answers what is in flight, ends streams, then ends; a new start finds everything", async () => {
  const ann = new SampleAuthor("ann");
  const dir = newDir();
  const served = await startHub({ dir, port: 0, workspace: { id: "w", name: "test" } });
  const api = new HubApi({ url: served.url, token: served.adminToken ?? "" });
  await api.registerKey(ann.identity);
  const stream = api.events({ since: 0 });
  await stream.next();
  const batch = Array.from({ length: 500 }, () => outgoing(ann.note("t", "in flight")));
  const inFlight = api.append(batch);
  const streamEnds = assert.rejects(
    async () => {
      for await (const _ of stream);
    },
    { code: "HUB_UNREACHABLE" },
  );
  await api.workspace();
  const closing = served.close();
  const outcome = await inFlight.then(
    ({ results }) => results.length,
    ({ code }) => code,
  );
  await Promise.all([closing, streamEnds]);
  await assert.rejects(api.workspace(), { code: "HUB_UNREACHABLE" });
  const again = await startHub({ dir, port: served.port, workspace: { id: "w", name: "test" } });
  const head = await again.storage.entries.head();
  // Either the request had arrived and was answered, or it never got a connection.
  assert.ok((outcome === 500 && head === 500) || (outcome === "HUB_UNREACHABLE" && head === 0), `${outcome}, ${head}`);
  await again.close();
});

test("HUB-34 port in use, a file in place of the folder, a bad address: one clear error each; the next port on wish", async () => {
  const workspace = { id: "w", name: "test" };
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const port = (taken.address() as { port: number }).port;
  const dir = newDir();
  await assert.rejects(startHub({ dir, port, workspace }), { code: "PORT_IN_USE" });
  const next = await startHub({ dir, port, workspace, strictPort: false });
  assert.ok(next.port > port && next.port <= port + 100);
  await next.close();
  taken.close();
  await assert.rejects(startHub({ dir: import.meta.filename, port: 0, workspace }), { code: "NOT_A_FOLDER" });
  await assert.rejects(startHub({ dir, port: 70_000, workspace }), { code: "BAD_OPTION" });
  await assert.rejects(startHub({ dir, port: 0, host: "192.0.2.1", insecure: true, workspace }), {
    code: "BAD_OPTION",
  });
  assert.throws(() => new HubApi({ url: "not a url", token: "" }), { code: "BAD_OPTION" });
});

test("HUB-35 not reachable from another host unless asked; without TLS only when told --insecure", async (t) => {
  const workspace = { id: "w", name: "test" };
  for (const host of ["0.0.0.0", "::", "example.org", "192.168.0.1"]) {
    await assert.rejects(startHub({ dir: newDir(), port: 0, host, workspace }), { code: "TLS_REQUIRED" });
  }
  const outside = Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .find(({ internal, family }) => !internal && family === "IPv4")?.address;
  if (outside === undefined) {
    t.diagnostic("this machine has no other address");
    return;
  }
  await withHub(async ({ served }) => {
    await assert.rejects(fetch(`http://${outside}:${served.port}/healthz`));
  });
  await withHub(
    async ({ served }) => {
      assert.equal((await fetch(`http://${outside}:${served.port}/healthz`)).status, 200);
    },
    { host: "0.0.0.0", insecure: true },
  );
});

test("uploads and downloads go on where they broke off; several of one content at once", async () => {
  await withHub(async ({ member }) => {
    const { api } = await member();
    const bytes = Buffer.alloc(3_000_000, "0123456789");
    const name = hash("sha256", bytes);
    const pieces = async function* (from: number, to = bytes.length): AsyncGenerator<Uint8Array> {
      for (let at = from; at < to; at += 100_000) yield bytes.subarray(at, Math.min(to, at + 100_000));
    };
    const broken = api.upload(name, bytes.length, async function* (offset) {
      yield* pieces(offset, 1_000_000);
      throw new Error("the disk went away");
    });
    await assert.rejects(broken, /the disk went away/);
    await until(async () => (await api.uploaded(name)).bytes > 0);
    const offsets: number[] = [];
    await Promise.all(
      oneTo(4).map(() =>
        api.upload(name, bytes.length, (offset) => {
          offsets.push(offset);
          return pieces(offset);
        }),
      ),
    );
    assert.ok(
      offsets.some((offset) => offset > 0),
      `${offsets}`,
    );
    const parts: Uint8Array[] = [];
    for await (const part of api.download(name)) parts.push(part);
    for await (const part of api.download(name, 2_999_000)) parts.push(part);
    assert.deepEqual(Buffer.concat(parts), Buffer.concat([bytes, bytes.subarray(2_999_000)]));
    await assert.rejects(
      async () => {
        for await (const _ of api.download("0".repeat(64)));
      },
      { code: "CONTENT_MISSING" },
    );
  });
});

test("HUB-13 a hung hub: bounded failure; a rubbish answer: HUB_ERROR; nobody there: HUB_UNREACHABLE", async () => {
  const hung = createServer(() => {});
  const rubbish = createServer((_, response) => response.end("<html>"));
  for (const server of [hung, rubbish]) await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const urlOf = (server: typeof hung): string => `http://127.0.0.1:${(server.address() as { port: number }).port}`;
  const deadlines = { headersMs: 100, idleMs: 100, silenceMs: 100 };
  await assert.rejects(new HubApi({ url: urlOf(hung), token: "t", deadlines }).workspace(), {
    code: "HUB_UNREACHABLE",
  });
  await assert.rejects(new HubApi({ url: urlOf(rubbish), token: "t" }).workspace(), { code: "HUB_ERROR" });
  const gone = urlOf(rubbish);
  for (const server of [hung, rubbish]) {
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  }
  await assert.rejects(new HubApi({ url: gone, token: "t" }).workspace(), { code: "HUB_UNREACHABLE" });
});

test("a stream falls silent: HUB_UNREACHABLE; the caller's signal ends it quietly", async () => {
  await withHub(async ({ admin, served }) => {
    const impatient = new HubApi({ url: served.url, token: served.adminToken ?? "", deadlines: { silenceMs: 100 } });
    await assert.rejects(
      async () => {
        for await (const _ of impatient.events({}));
      },
      { code: "HUB_UNREACHABLE" },
    );
    const controller = new AbortController();
    for await (const { event } of admin.events({ signal: controller.signal })) {
      assert.equal(event, "ready");
      controller.abort();
    }
  });
});
