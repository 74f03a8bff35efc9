// A folder whose token was revoked gets another one by `join`, while it is up.

import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { startHub } from "../hub/index.ts";
import { until } from "../hub/testing/wait-until.ts";
import { holdfast, holdfastFailure, holdfastJson, TestFolder } from "./testing/holdfast.ts";

const PATIENCE_MS = 20_000;

interface Status {
  readonly pid: number | null;
  readonly lastError: { readonly code: string } | null;
}

test("FILE-34 a revoked token pauses the daemon; joining the same hub with another one resumes it, without a restart", async () => {
  using folder = new TestFolder();
  await using stack = new AsyncDisposableStack();
  const hub = await startHub({ dir: folder.at("hub"), port: 0, workspace: { id: "w", name: "shared" } });
  stack.defer(() => hub.close());
  const other = await startHub({ dir: folder.at("other hub"), port: 0, workspace: { id: "w", name: "shared" } });
  stack.defer(() => other.close());
  const [first, second, elsewhere] = [
    await hub.storage.tokens.create("member"),
    await hub.storage.tokens.create("member"),
    await other.storage.tokens.create("member"),
  ];
  const b = folder.at("b");
  await holdfastJson(["join", `${hub.url}/#${first.token}`, folder.at("a")]);
  await holdfastJson(["join", `${hub.url}/#${first.token}`, b]);
  stack.defer(async () => void (await holdfast(["down", folder.at("a")])));
  const { pid } = await holdfastJson<{ pid: number }>(["up", folder.at("a"), "--detach"]);
  const statusOf = (): Promise<Status> => holdfastJson<Status>(["-C", folder.at("a"), "status"]);

  await hub.storage.tokens.revoke(first.id);
  writeFileSync(folder.at("a/waits"), "for a token");
  await until(async () => (await statusOf()).lastError?.code === "UNAUTHORIZED", PATIENCE_MS);

  const refused = await holdfastFailure(["join", `${other.url}/#${elsewhere.token}`, folder.at("a")]);
  assert.deepEqual([refused.code, refused.details?.pid], ["ALREADY_UP", pid]);
  assert.ok(refused.error.includes(hub.url) && refused.error.includes(other.url), refused.error);
  assert.equal((await holdfastFailure(["join", `${hub.url}/#${"x".repeat(43)}`, folder.at("a")])).code, "UNAUTHORIZED");

  const joined = await holdfastJson(["join", `${hub.url}/#${second.token}`, folder.at("a")]);
  assert.deepEqual([joined.hub, joined.pid], [hub.url, pid]);
  await holdfastJson(["join", `${hub.url}/#${second.token}`, b]);
  await until(async () => {
    await holdfastJson(["-C", b, "sync"]);
    return existsSync(`${b}/waits`) && readFileSync(`${b}/waits`, "utf8") === "for a token";
  }, PATIENCE_MS);
  const status = await statusOf();
  assert.deepEqual([status.pid, status.lastError], [pid, null]);
  writeFileSync(folder.at("a/later"), "seen again");
  await until(async () => {
    await holdfastJson(["-C", b, "sync"]);
    return existsSync(`${b}/later`);
  }, PATIENCE_MS);
});
