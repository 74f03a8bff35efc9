// A folder's own hub comes back where it was: folders that have joined it know no other place.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { test } from "node:test";
import { holdfastJson, TestFolder } from "./testing/holdfast.ts";

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

test("HUB-34 a hub that was started on a port is there again after a restart that names none; taken, it moves and says so", async () => {
  using folder = new TestFolder();
  const port = await freePort();
  const up = async (...args: string[]): Promise<number> => {
    const { url } = await holdfastJson<{ url: string }>(["up", folder.path, "--detach", ...args]);
    return Number(new URL(url).port);
  };
  const down = (): Promise<unknown> => holdfastJson(["down", "-C", folder.path]);
  assert.equal(await up("--port", `${port}`), port);
  await down();
  assert.equal(await up(), port);
  await down();
  const squatter = createServer();
  await new Promise<void>((resolve) => squatter.listen(port, "127.0.0.1", resolve));
  try {
    assert.notEqual(await up(), port);
    const log = readFileSync(folder.at(".holdfast/daemon.log"), "utf8");
    assert.ok(log.includes(`port ${port} is taken`), log);
    await down();
  } finally {
    await new Promise((resolve) => squatter.close(resolve));
  }
});
