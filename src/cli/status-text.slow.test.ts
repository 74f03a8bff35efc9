// What `status` tells a person, beyond the numbers.

import assert from "node:assert/strict";
import { symlinkSync } from "node:fs";
import { test } from "node:test";
import { startHub } from "../hub/index.ts";
import { holdfast, holdfastJson, TestFolder } from "./testing/holdfast.ts";

test("status lists what is left alone, with the reason; of many the first ten", async () => {
  using folder = new TestFolder();
  await using stack = new AsyncDisposableStack();
  const hub = await startHub({
    dir: folder.at("hub"),
    port: 0,
    workspace: { id: "w", name: "shared" },
    limits: { fileBytes: 100_000 },
  });
  stack.defer(() => hub.close());
  const { token } = await hub.storage.tokens.create("member");
  await holdfastJson(["join", `${hub.url}/#${token}`, folder.at("a")]);
  folder.write("a/large", "x".repeat(100_001));
  symlinkSync("/etc/hostname", folder.at("a/out"));
  await holdfastJson(["-C", folder.at("a"), "sync"]);
  const lines = async (): Promise<string[]> =>
    (await holdfast(["-C", folder.at("a"), "status"])).stdout
      .split("\n")
      .filter((line) => line.startsWith("left alone"));
  assert.deepEqual(
    (await lines()).map((line) => line.replace(/^left alone +/, "")),
    ["large: TOO_LARGE: it is 100001 bytes; the hub takes 100000", "out: it links to the absolute path /etc/hostname"],
  );
  for (let n = 0; n < 12; n += 1) symlinkSync("/etc/hostname", folder.at(`a/out ${n}`));
  await holdfastJson(["-C", folder.at("a"), "sync"]);
  assert.match((await lines()).join("\n"), /\n.*and 4 more; --json lists them all$/);
});

test("status says of a hub that refuses the token that it does, and what to do; of one that is away, that", async () => {
  using folder = new TestFolder();
  await using stack = new AsyncDisposableStack();
  const hub = await startHub({ dir: folder.at("hub"), port: 0, workspace: { id: "w", name: "shared" } });
  stack.defer(() => hub.close());
  const { id, token } = await hub.storage.tokens.create("member");
  await holdfastJson(["join", `${hub.url}/#${token}`, folder.at("a")]);
  const status = async (): Promise<{ hub: { reachable: boolean; problem: Record<string, string> | null } }> =>
    holdfastJson(["-C", folder.at("a"), "status"]);
  const text = async (): Promise<string> => (await holdfast(["-C", folder.at("a"), "status"])).stdout;
  assert.equal((await status()).hub.problem, null);
  assert.match(await text(), new RegExp(`\nhub +${hub.url}\n`));

  await hub.storage.tokens.revoke(id);
  const refused = (await status()).hub;
  assert.deepEqual([refused.reachable, refused.problem?.code], [true, "UNAUTHORIZED"]);
  assert.match(await text(), /\nhub +\S+ \(refuses the token\)\n +Ask for a new invite.*`holdfast join INVITE FOLDER`/);

  await hub.close();
  const away = (await status()).hub;
  assert.deepEqual([away.reachable, away.problem?.code], [false, "HUB_UNREACHABLE"]);
  assert.match(await text(), /\nhub +\S+ \(does not answer\)\n/);
});
