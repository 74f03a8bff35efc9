// A program without types that calls the SDK with anything: told with a code before anything is done.

import assert from "node:assert/strict";
import { Readable } from "node:stream";
import { test } from "node:test";
import { TestFolder } from "../cli/testing/holdfast.ts";
import { isHoldfastError, openWorkspace } from "../index.ts";

type Loose = Record<string, (...args: unknown[]) => Promise<unknown>>;

test("values that cannot be meant are refused with BAD_OPTION, naming what they are, and nothing is saved", async () => {
  using folder = new TestFolder();
  await using workspace = await openWorkspace(folder.path);
  await workspace.put("a", "x");
  const loose = workspace as unknown as Loose;
  const odd: readonly (readonly [string, ...unknown[]])[] = [
    ["put", undefined, "x"],
    ["put", 5, "x"],
    ["put", "a", undefined],
    ["put", "a", null],
    ["put", "a", 5],
    ["put", "a", { length: 3 }],
    ["put", "a", [1, 2, 3]],
    ["put", "a", "\udc00 is half a letter"],
    ["put", "a", Readable.from([{ not: "bytes" }])],
    ["put", "a", "x", null],
    ["put", "a", "x", "text/plain"],
    ["put", "a", "x", { collection: 5 }],
    ["put", "a", "x", { type: {} }],
    ["put", "a", "x", { tags: "owner=ann" }],
    ["put", "a", "x", { tags: { owner: 5 } }],
    ["put", "a", "x", { base: 5 }],
    ["put", "a", "x", { takeOver: true }],
    ["put", "a", "x", { lockTimeoutMs: Number.NaN }],
    ["put", "a", "x", { lockTimeoutMs: -1 }],
    ["put", "a", "x", { lockTimeoutMs: "30" }],
    ["put", "a", "x", { signal: {} }],
    ["get", undefined],
    ["get", "a", { version: {} }],
    ["get", "a", { version: 1.5 }],
    ["get", "a", { version: Number.NaN }],
    ["get", "a", { version: 0 }],
    ["get", "a", { version: "" }],
    ["get", "a", 1],
    ["delete", "a", { version: "" }],
    ["delete", "a", { version: null }],
    ["delete", "a", { version: -1 }],
    ["versions", null],
    ["list", { prefix: 5 }],
    ["list", null],
    ["publish", 5, "text"],
    ["publish", "topic", undefined],
    ["publish", "topic", "text", { key: 5 }],
    ["subscribe", "topic"],
    ["subscribe", [5]],
    ["history", undefined],
    ["restore", "a", undefined],
    ["restore", "a", {}],
    ["restore", "a", { version: null }],
    ["resolveConflict", undefined],
    ["retry", 5],
    ["grep", undefined],
    ["grep", "word", { limit: "many" }],
    ["sync", { signal: "now" }],
  ];
  for (const [call, ...args] of odd) {
    await assert.rejects(
      async () => loose[call]?.(...args),
      (error) => {
        assert.ok(isHoldfastError(error, "BAD_OPTION"), `${call}(${args.map(String).join(", ")}): ${error}`);
        assert.notEqual(error.hint, undefined);
        return true;
      },
      `${call} with ${args.length} arguments`,
    );
  }
  await assert.rejects(async () => (await workspace.listen({ since: -1 }).next()).value, { code: "BAD_OPTION" });
  assert.deepEqual(
    (await workspace.versions("a")).versions.map(({ version }) => version),
    [1],
  );
});

test("a stream of texts is saved as their bytes, and options that are undefined are as if left out", async () => {
  using folder = new TestFolder();
  await using workspace = await openWorkspace(folder.path);
  const texts = Readable.from(["one ", "zwölf ", "🙂"]) as AsyncIterable<unknown> as AsyncIterable<Uint8Array>;
  const loose = { collection: undefined, type: undefined, base: undefined, tags: undefined } as object;
  await workspace.put("a", texts, loose);
  assert.equal(Buffer.from((await workspace.get("a")).content).toString(), "one zwölf 🙂");
});

test("openWorkspace refuses what is no folder's name", async () => {
  for (const folder of [undefined, null, 5, "", {}]) {
    await assert.rejects(openWorkspace(folder as string), { code: "BAD_OPTION" });
  }
  await assert.rejects(openWorkspace("/tmp", null as unknown as object), { code: "BAD_OPTION" });
  await assert.rejects(openWorkspace("/tmp", { hub: 5 } as unknown as object), { code: "BAD_OPTION" });
});
