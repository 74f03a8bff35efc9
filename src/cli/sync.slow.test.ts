// One sync at a time, and what an ended one leaves behind: real folders, real processes, a hub behind a gate that holds
// requests back for as long as a test likes.

import assert from "node:assert/strict";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { openTokens, type StartedHub, startHub } from "../hub/index.ts";
import type { ListedPage } from "../hub/protocol.ts";
import { isHoldfastError, openWorkspace } from "../index.ts";
import { holdfast, holdfastFailure, holdfastJson, Running, TestFolder } from "./testing/holdfast.ts";

/** A hub, and a way to it that can be shut, or made to fail. */
class GatedHub implements AsyncDisposable {
  mode: "open" | "shut" | "failing" = "open";
  waiting = 0;
  readonly url: string;
  readonly hub: StartedHub;
  private readonly close: () => Promise<void>;

  private constructor(hub: StartedHub, url: string, close: () => Promise<void>) {
    this.hub = hub;
    this.url = url;
    this.close = close;
  }

  static async start(dir: string): Promise<GatedHub> {
    const hub = await startHub({ dir, port: 0, workspace: { id: "w", name: "shared" } });
    let gated: GatedHub | undefined;
    const server = createServer((request, response) => {
      gated?.pass(request, response).catch(() => response.destroy());
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    gated = new GatedHub(hub, `http://127.0.0.1:${port}`, async () => {
      server.close();
      server.closeAllConnections();
      await hub.close();
    });
    return gated;
  }

  private async pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.waiting += 1;
    while (this.mode === "shut" && !response.destroyed) await sleep(5);
    this.waiting -= 1;
    if (this.mode === "failing") {
      response.writeHead(500).end("{}");
      return;
    }
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const { authorization = "", accept = "", "content-type": type = "" } = request.headers;
    const answer = await fetch(this.hub.url + request.url, {
      method: request.method ?? "GET",
      headers: { authorization, accept, ...(type === "" ? {} : { "content-type": type }) },
      ...(chunks.length === 0 ? {} : { body: Buffer.concat(chunks) }),
    });
    response.writeHead(answer.status, { "content-type": answer.headers.get("content-type") ?? "" });
    response.end(Buffer.from(await answer.arrayBuffer()));
  }

  async invite(): Promise<string> {
    return `${this.url}/#${(await this.hub.storage.tokens.create("member")).token}`;
  }

  async entries(): Promise<ListedPage["entries"]> {
    const { token } = await this.hub.storage.tokens.create("admin");
    const answer = await fetch(`${this.hub.url}/v1/entries?since=0&limit=1000`, {
      headers: { authorization: `Bearer ${token}`, accept: "application/json" },
    });
    return ((await answer.json()) as ListedPage).entries;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.mode = "open";
    await this.close();
  }
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!condition()) {
    assert.ok(performance.now() < deadline, `never happened: ${what}`);
    await sleep(5);
  }
}

test("HUB-01 of 16 contenders in one process exactly one syncs, and 15 get SYNC_RUNNING", async () => {
  using folder = new TestFolder();
  await using gate = await GatedHub.start(folder.at("hub"));
  await holdfastJson(["join", await gate.invite(), folder.at("a")]);
  await using workspace = await openWorkspace(folder.at("a"));
  gate.mode = "shut";
  let refused = 0;
  const contenders = Array.from({ length: 16 }, () =>
    workspace.sync().catch((error: unknown) => {
      assert.ok(isHoldfastError(error, "SYNC_RUNNING"), String(error));
      refused += 1;
      return undefined;
    }),
  );
  await until(() => refused === 15, "15 are refused");
  gate.mode = "open";
  const results = await Promise.all(contenders);
  assert.equal(results.filter((result) => result !== undefined).length, 1);
  assert.equal(refused, 15);
});

test("HUB-02 of 16 processes exactly one syncs; the others exit 75 and name lock, holder and since when", async () => {
  using folder = new TestFolder();
  await using gate = await GatedHub.start(folder.at("hub"));
  await holdfastJson(["join", await gate.invite(), folder.at("a")]);
  gate.mode = "shut";
  const startedAt = Date.now();
  const contenders = Array.from({ length: 16 }, () => new Running(["--json", "-C", folder.at("a"), "sync"]));
  let ended = 0;
  for (const { finished } of contenders) void finished.then(() => (ended += 1));
  await until(() => ended === 15, "15 have ended");
  gate.mode = "open";
  const done = await Promise.all(contenders.map(({ finished }) => finished));
  const winner = done.findIndex(({ code }) => code === 0);
  assert.notEqual(winner, -1);
  for (const [index, { code, stderr, stdout }] of done.entries()) {
    if (index === winner) continue;
    assert.deepEqual([code, stdout], [75, ""]);
    const failure = JSON.parse(stderr) as { code: string; details: { path: string; pid: number; since: string } };
    assert.equal(failure.code, "SYNC_RUNNING");
    assert.equal(failure.details.path, folder.at("a/.holdfast/locks/sync"));
    assert.equal(failure.details.pid, contenders[winner]?.pid);
    const since = Date.parse(failure.details.since);
    assert.ok(since >= startedAt - 1_000 && since <= Date.now(), failure.details.since);
  }
});

test("HUB-03 a sync that finds another at work, or an up, names the lock, the holder's pid and since when: SYNC_RUNNING, exit 75", async () => {
  using folder = new TestFolder();
  await using gate = await GatedHub.start(folder.at("hub"));
  const lock = folder.at("a/.holdfast/locks/sync");
  await holdfastJson(["join", await gate.invite(), folder.at("a")]);
  const sync = ["-C", folder.at("a"), "sync"];
  const isToldBy = async (holder: Running): Promise<void> => {
    const failure = await holdfastFailure(sync);
    const { path, pid, since = "" } = failure.details as Record<string, string>;
    assert.deepEqual([failure.code, failure.exitCode], ["SYNC_RUNNING", 75]);
    assert.deepEqual([path, Number(pid)], [lock, holder.pid]);
    assert.equal(new Date(since).toISOString(), since);
    // The same words for people, and the same since: it is the holder's, not the moment of asking.
    const { code, stdout, stderr } = await holdfast(sync);
    assert.deepEqual([code, stdout], [75, ""]);
    for (const fact of [lock, `pid ${holder.pid} `, since]) assert.ok(stderr.includes(fact), `${fact}: ${stderr}`);
    const { locks } = await holdfastJson<{ locks: { scope: string; pid: number }[] }>([
      "-C",
      folder.at("a"),
      "lock",
      "list",
    ]);
    assert.ok(locks.some((each) => each.scope === "sync" && each.pid === holder.pid));
  };
  gate.mode = "shut";
  {
    await using stuck = new Running(sync);
    await until(() => gate.waiting > 0, "it asks the hub");
    await isToldBy(stuck);
    gate.mode = "open";
    assert.equal((await stuck.finished).code, 0);
  }
  {
    await using up = new Running(["-C", folder.at("a"), "up"]);
    await up.firstLine();
    await isToldBy(up);
    await up.end();
  }
  await holdfastJson(sync);
});

test("HUB-04 after a sync that succeeded or failed in any way, the next one starts", { timeout: 60_000 }, async () => {
  using folder = new TestFolder();
  const gate = await GatedHub.start(folder.at("hub"));
  {
    await using _ = gate;
    await holdfastJson(["join", await gate.invite(), folder.at("a")]);
    const sync = ["-C", folder.at("a"), "sync"];
    await holdfastJson(sync);
    gate.mode = "failing";
    assert.equal((await holdfastFailure(sync)).code, "HUB_ERROR");
    gate.mode = "open";
    writeFileSync(folder.at("a/one"), "1");
    assert.deepEqual(await holdfastJson(sync), { pulled: 0, pushed: 1, sequence: 1 });
    // Damaged state is made anew, and nothing is doubled.
    for (const suffix of ["-wal", "-shm"]) writeFileSync(folder.at(`a/.holdfast/sync.db${suffix}`), "");
    writeFileSync(folder.at("a/.holdfast/sync.db"), "this is no database at all, and long enough to be looked at");
    await holdfastJson(sync);
    assert.equal((await gate.entries()).length, 1);
    assert.equal(readFileSync(folder.at("a/one"), "utf8"), "1");
  }
  const sync = ["-C", folder.at("a"), "sync"];
  for (let round = 0; round < 2; round += 1) assert.equal((await holdfastFailure(sync)).code, "HUB_UNREACHABLE");
});

test("HUB-05 a sync ended by SIGINT, SIGTERM or SIGKILL at any moment: the next recovers, nothing is doubled or skipped", {
  timeout: 120_000,
}, async () => {
  using folder = new TestFolder();
  await using gate = await GatedHub.start(folder.at("hub"));
  const [a, b] = [folder.at("a"), folder.at("b")];
  await holdfastJson(["join", await gate.invite(), a]);
  await holdfastJson(["join", await gate.invite(), b]);
  const signals: readonly NodeJS.Signals[] = ["SIGINT", "SIGTERM", "SIGKILL"];
  let cut = 0;
  for (let round = 0; round < 15; round += 1) {
    for (let n = 0; n < 4; n += 1) writeFileSync(`${a}/${round}-${n}`, `${n} of round ${round}\n`);
    for (const side of [a, b]) {
      await using running = new Running(["-C", side, "sync"]);
      // Spread over the whole life of a sync, its start included.
      await sleep(30 + Math.random() * 150);
      const { code } = await running.end(signals[round % 3] ?? "SIGKILL");
      if (code !== 0) cut += 1;
    }
  }
  for (const side of [a, b, a]) await holdfastJson(["-C", side, "sync"]);
  assert.ok(cut >= 10, `${cut} of 30 were cut off`);
  const names = (await gate.entries()).map(({ name }) => name).sort();
  assert.equal(names.length, 60, "one entry a file");
  assert.deepEqual([...new Set(names)], names);
  const visible = (side: string): string[] =>
    readdirSync(side)
      .filter((name) => name !== ".holdfast")
      .sort();
  assert.deepEqual(visible(b), visible(a));
  for (const name of visible(a))
    assert.equal(readFileSync(`${b}/${name}`, "utf8"), readFileSync(`${a}/${name}`, "utf8"));
  assert.deepEqual(await holdfastJson(["-C", b, "sync"]), { pulled: 0, pushed: 0, sequence: 60 });
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  test(`HUB-33 ${signal} on listen exits 0, also while its hub does not answer`, async () => {
    using folder = new TestFolder();
    await using gate = await GatedHub.start(folder.at("hub"));
    await holdfastJson(["join", await gate.invite(), folder.at("a")]);
    const direct = `${gate.hub.url}/#${(await gate.hub.storage.tokens.create("member")).token}`;
    mkdirSync(folder.at("b"));
    await holdfastJson(["join", direct, folder.at("b")]);
    await holdfastJson(["-C", folder.at("b"), "publish", "news", "hello"]);
    await using listening = new Running(["--json", "-C", folder.at("b"), "listen", "--since", "0"]);
    assert.equal((JSON.parse(await listening.firstLine()) as { text: string }).text, "hello");
    const done = await listening.end(signal);
    assert.deepEqual([done.code, done.stderr], [0, ""]);

    gate.mode = "shut";
    await using stuck = new Running(["-C", folder.at("a"), "listen"]);
    await until(() => gate.waiting > 0, "it asks");
    const ended = await stuck.end(signal);
    assert.deepEqual([ended.code, ended.stderr], [0, ""]);
  });
}

test("a listener whose token is revoked stops and says so", async () => {
  using folder = new TestFolder();
  await using gate = await GatedHub.start(folder.at("hub"));
  const { id, token } = await gate.hub.storage.tokens.create("member");
  await holdfastJson(["join", `${gate.hub.url}/#${token}`, folder.at("a")]);
  await holdfastJson(["-C", folder.at("a"), "publish", "news", "hello"]);
  await using listening = new Running(["--json", "-C", folder.at("a"), "listen", "--since", "0"]);
  await listening.firstLine();
  const { tokens, close } = openTokens(folder.at("hub"));
  await tokens.revoke(id);
  close();
  const done = await listening.finished;
  assert.equal(done.code, 1);
  assert.equal((JSON.parse(done.stderr) as { code: string }).code, "UNAUTHORIZED");
  assert.equal((await holdfast(["-C", folder.at("a"), "sync"])).code, 1);
});
