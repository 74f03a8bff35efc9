// What commands tell a person of what is not there.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { test } from "node:test";
import { startHub } from "../hub/index.ts";
import { until } from "../hub/testing/wait-until.ts";
import { holdfast, holdfastJson, TestFolder } from "./testing/holdfast.ts";

test("FILE-40 grep without a hit says so on stderr, and nothing on stdout; with --json it is an empty list", async () => {
  using folder = new TestFolder();
  await using stack = new AsyncDisposableStack();
  const hub = await startHub({ dir: folder.at("hub"), port: 0, workspace: { id: "w", name: "shared" } });
  stack.defer(() => hub.close());
  const { token } = await hub.storage.tokens.create("member");
  mkdirSync(folder.at("a"));
  folder.write("a/plan", "words to be found\n");
  await holdfastJson(["join", `${hub.url}/#${token}`, folder.at("a")]);
  const grep = (...args: string[]): ReturnType<typeof holdfast> => holdfast(["-C", folder.at("a"), "grep", ...args]);
  await until(async () => (await grep("found")).stdout === "plan:1: words to be found\n", 20_000);
  assert.equal((await grep("found")).stderr, "");
  const none = await grep("missing");
  assert.deepEqual([none.code, none.stdout, none.stderr], [0, "", "holdfast: no match\n"]);
  const json = await grep("missing", "--json");
  assert.deepEqual([json.code, json.stdout, json.stderr], [0, '{"results":[]}\n', ""]);
});

test("up takes --no-dashboard, and its help says that there is none", async () => {
  using folder = new TestFolder();
  assert.match(
    (await holdfast(["up", "--help"])).stdout,
    /--no-dashboard +accepted for scripts; there is no web page yet/,
  );
  await holdfastJson(["up", folder.path, "--port", "0", "--detach", "--no-dashboard"]);
  await holdfastJson(["down", folder.path]);
});
