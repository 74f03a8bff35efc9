// `compact` by processes that die at it, and beside readers and writers.

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { openWorkspace } from "../index.ts";
import { inProcess, killedEverywhere, type SdkCall, TempFolder } from "./testing/killed-at.ts";

test("STORE-23 compact killed before any change that it makes: every content is there, whole, and nothing is left behind", async () => {
  const names = ["a", "b", "c"];
  const deaths = await killedEverywhere(
    async (workspace) => {
      for (const name of names) await workspace.put(name, "the same");
    },
    ["compact", {}],
    async (folder, { at }) => {
      await using workspace = await openWorkspace(folder.path);
      for (const name of names) {
        assert.equal(Buffer.from((await workspace.get(name)).content).toString(), "the same", `killed at ${at}`);
        assert.deepEqual(readdirSync(folder.at(`.holdfast/data/data/${name}/1`)).sort(), ["content", "version.json"]);
      }
      await workspace.put("later", "sweeps");
      await workspace.compact();
      assert.deepEqual(await workspace.compact(), { contents: 0, bytes: 0 });
      await workspace.close();
      assert.deepEqual(readdirSync(folder.at(".holdfast/staging")), []);
    },
  );
  assert.ok(deaths > 8, `only ${deaths} changes were met`);
});

test("STORE-08 readers and writers go on while contents are compacted", { timeout: 120_000 }, async () => {
  using folder = new TempFolder();
  await using workspace = await openWorkspace(folder.path);
  for (let n = 0; n < 20; n += 1) await workspace.put(`a ${n}`, "the same");
  const times = (count: number, call: SdkCall): SdkCall[] => Array.from({ length: count }, () => call);
  let isDone = false;
  const others = Promise.all([
    inProcess(folder.path, times(30, ["compact", {}])),
    inProcess(folder.path, times(200, ["put", "b", "the same"])),
  ]).finally(() => {
    isDone = true;
  });
  let reads = 0;
  for (; !isDone; reads += 1) {
    await nextTurn();
    const { content } = await workspace.get(`a ${reads % 20}`);
    assert.equal(Buffer.from(content).toString(), "the same");
  }
  const told = (await others).flatMap((each) => each.told as { code?: string }[]);
  assert.deepEqual(
    told.filter((each) => "code" in each),
    [],
  );
  assert.ok(reads > 50, `${reads} reads`);
});
