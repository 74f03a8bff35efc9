// The SDK's face, against the command line and a real hub.

import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { holdfastJson, TestFolder } from "../cli/testing/holdfast.ts";
import { type StartedHub, startHub } from "../hub/index.ts";
import { HoldfastError, NotFoundError, openWorkspace } from "../index.ts";

class TestHub implements AsyncDisposable {
  readonly hub: StartedHub;
  private constructor(hub: StartedHub) {
    this.hub = hub;
  }
  static async start(folder: TestFolder): Promise<TestHub> {
    return new TestHub(await startHub({ dir: folder.at("hub"), port: 0, workspace: { id: "w", name: "shared" } }));
  }
  get url(): string {
    return this.hub.url;
  }
  async token(): Promise<string> {
    return (await this.hub.storage.tokens.create("member")).token;
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.hub.close();
  }
}

test("calls resolve to what the commands print, and get adds the content", async () => {
  using folder = new TestFolder();
  await using workspace = await openWorkspace(folder.at("new"));
  const cli = (...args: string[]): Promise<Record<string, unknown>> => holdfastJson(["-C", folder.at("new"), ...args]);
  const put = await workspace.put("a", "text", { type: "text/plain", tags: { owner: "ann" } });
  assert.deepEqual(Object.keys(put).sort(), ["collection", "entry", "hash", "name", "size", "version"]);
  const { content, ...described } = await workspace.get("a");
  assert.ok(content instanceof Uint8Array);
  assert.equal(Buffer.from(content).toString(), "text");
  assert.deepEqual(await cli("data", "get", "a"), described);
  assert.deepEqual(await cli("data", "list"), await workspace.list());
  assert.deepEqual(await cli("data", "versions", "a"), await workspace.versions("a"));
  assert.deepEqual(await cli("status"), await workspace.status());
  assert.deepEqual(await cli("conflicts"), await workspace.conflicts());
  assert.deepEqual(await workspace.delete("a"), { collection: "data", name: "a", deleted: [1] });
});

test("content is text, bytes, or a stream of bytes", async () => {
  using folder = new TestFolder();
  await using workspace = await openWorkspace(folder.path);
  async function* pieces(): AsyncGenerator<Uint8Array> {
    for (let n = 0; n < 3; n += 1) yield Buffer.from(`piece ${n};`);
  }
  await workspace.put("a", pieces());
  await workspace.put("a", Buffer.from([0, 255, 128]));
  await workspace.put("a", "");
  assert.equal(Buffer.from((await workspace.get("a", { version: 1 })).content).toString(), "piece 0;piece 1;piece 2;");
  assert.deepEqual([...(await workspace.get("a", { version: 2 })).content], [0, 255, 128]);
  assert.equal((await workspace.get("a")).size, 0);
  async function* broken(): AsyncGenerator<Uint8Array> {
    yield Buffer.from("some");
    throw new Error("the source broke");
  }
  await assert.rejects(workspace.put("a", broken()), /the source broke/);
  await assert.rejects(workspace.put("a", pieces(), { maxBytes: 10 }), { code: "TOO_LARGE" });
  assert.equal((await workspace.versions("a")).versions.length, 3);
});

test("a base that is not the newest version is refused, and nothing is written", async () => {
  using folder = new TestFolder();
  await using workspace = await openWorkspace(folder.path);
  const first = await workspace.put("a", "1", { base: null });
  await assert.rejects(workspace.put("a", "2", { base: null }), { code: "STALE_BASE" });
  const second = await workspace.put("a", "2", { base: first.entry });
  await assert.rejects(workspace.put("a", "3", { base: first.entry }), (error: unknown) => {
    assert.ok(error instanceof HoldfastError);
    assert.equal(error.code, "STALE_BASE");
    assert.deepEqual(error.details, { current: second.entry });
    return true;
  });
  assert.equal((await workspace.versions("a")).versions.length, 2);
});

test("errors are classes with a code and a hint", async () => {
  using folder = new TestFolder();
  await using workspace = await openWorkspace(folder.path);
  await assert.rejects(workspace.get("nothing"), (error: unknown) => {
    assert.ok(error instanceof NotFoundError && error instanceof HoldfastError && error instanceof Error);
    assert.equal(error.code, "NOT_FOUND");
    assert.ok((error.hint ?? "").length > 0);
    return true;
  });
  await assert.rejects(workspace.put("a", "x", { collection: "files" }), { code: "USAGE" });
  await assert.rejects(workspace.sync(), { code: "NOT_JOINED" });
  await assert.rejects(openWorkspace(folder.write("file", "x")), { code: "NOT_A_FOLDER" });
  await assert.rejects(openWorkspace(folder.at("inside")), { code: "NESTED_WORKSPACE" });
  await assert.rejects(openWorkspace(folder.path, { token: "t" }), { code: "BAD_OPTION" });
});

test("a folder joined through the SDK remembers hub and token; notes and files go through", {
  timeout: 60_000,
}, async () => {
  using folder = new TestFolder();
  await using hub = await TestHub.start(folder);
  await using a = await openWorkspace(folder.at("a"), { hub: hub.url, token: await hub.token() });
  {
    await using joined = await openWorkspace(folder.at("b"), { hub: hub.url, token: await hub.token() });
    assert.equal(joined.id, a.id);
    assert.equal(joined.name, "shared");
  }
  await using b = await openWorkspace(folder.at("b"));
  writeFileSync(folder.at("a/plan.md"), "a plan\n");
  assert.deepEqual(await a.sync(), { pulled: 0, pushed: 1, sequence: 1 });
  assert.deepEqual(await b.sync(), { pulled: 1, pushed: 0, sequence: 1 });
  assert.equal(readFileSync(folder.at("b/plan.md"), "utf8"), "a plan\n");

  const note = await a.publish("builds", "green", { key: "build 1" });
  assert.equal(note.sequence, 2);
  assert.deepEqual(await a.publish("builds", "green", { key: "build 1" }), note, "the same key is the same note");
  assert.deepEqual(await b.subscribe(["builds"]), { topics: ["builds"] });
  await b.sync();
  assert.match(readFileSync(folder.at("b/.holdfast/notes/builds.md"), "utf8"), /green/);

  const history = await b.history("plan.md");
  assert.deepEqual(
    history.versions.map(({ version, kind, author, path }) => [version, kind, author, path]),
    [[1, "put", a.author, "plan.md"]],
  );
});

test("listen yields every entry from a sequence on, and ends with its signal", { timeout: 60_000 }, async () => {
  using folder = new TestFolder();
  await using hub = await TestHub.start(folder);
  await using a = await openWorkspace(folder.at("a"), { hub: hub.url, token: await hub.token() });
  await a.publish("t", "one");
  const stop = new AbortController();
  const heard: [number, string | undefined, string][] = [];
  for await (const { sequence, text, author } of a.listen({ since: 0, signal: stop.signal })) {
    heard.push([sequence, text, author]);
    if (heard.length === 1) await a.publish("t", "two");
    if (heard.length === 2) stop.abort();
  }
  assert.deepEqual(heard, [
    [1, "one", a.author],
    [2, "two", a.author],
  ]);
});

test("closing ends what waits, and leaves nothing", async () => {
  using folder = new TestFolder();
  const workspace = await openWorkspace(folder.path);
  const started = Promise.withResolvers<void>();
  async function* endless(): AsyncGenerator<Uint8Array> {
    for (;;) {
      yield Buffer.from("more ");
      started.resolve();
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  const put = assert.rejects(workspace.put("a", endless()), { code: "INTERRUPTED" });
  await started.promise;
  await workspace.close();
  await put;
  await workspace.close();
  await using again = await openWorkspace(folder.path);
  assert.deepEqual(await again.list(), { artifacts: [] });
  assert.ok(existsSync(folder.at(".holdfast/workspace.json")));
});
