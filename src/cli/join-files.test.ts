// Joining with a folder that holds files already: they are merged and sent, and that is said.

import assert from "node:assert/strict";
import { mkdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { startHub } from "../hub/index.ts";
import { holdfast, holdfastJson, TestFolder } from "./testing/holdfast.ts";

test("join says how many files lie in the folder already, that they are merged and sent, and does it", async () => {
  using folder = new TestFolder();
  await using stack = new AsyncDisposableStack();
  const hub = await startHub({ dir: folder.at("hub"), port: 0, workspace: { id: "w", name: "shared" } });
  stack.defer(() => hub.close());
  const invite = `${hub.url}/#${(await hub.storage.tokens.create("member")).token}`;

  mkdirSync(folder.at("a/deep"), { recursive: true });
  for (const name of ["one", "deep/two", "left.swp"]) folder.write(`a/${name}`, `text of ${name}`);
  const first = await holdfast(["join", invite, folder.at("a")]);
  assert.equal(first.code, 0, first.stderr);
  assert.match(first.stderr, /^holdfast: 2 files in \S+ already: merged with what is at the hub, and sent there\n/);
  assert.match(first.stdout, /\nWhat lay here before is merged into it and sent: 2 files\n/);

  mkdirSync(folder.at("b"));
  folder.write("b/three", "text of three");
  const second = await holdfast(["--json", "join", invite, folder.at("b")]);
  assert.equal(second.stderr, "");
  assert.deepEqual([JSON.parse(second.stdout).found, JSON.parse(second.stdout).pulled > 0], [1, true]);
  assert.equal(readFileSync(folder.at("b/deep/two"), "utf8"), "text of deep/two");

  // Nothing lay there, or what lies there is the copy's own: nothing to be said.
  const third = await holdfast(["join", invite, folder.at("c")]);
  const again = await holdfast(["join", invite, folder.at("a")]);
  assert.deepEqual([third.stderr, again.stderr, again.code], ["", "", 0]);
  assert.doesNotMatch(third.stdout + again.stdout, /lay here before/);
  assert.equal((await holdfastJson(["join", invite, folder.at("a")])).found, 0);
});
