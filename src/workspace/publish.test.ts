// A note whose hub does not answer: what the command says is true.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { startHub } from "../hub/index.ts";
import { HubApi } from "../hub-client/hub-api.ts";
import { publishNote } from "../hub-client/publish.ts";
import { SyncDb } from "../hub-client/sync-db.ts";
import { openWorkspace } from "../index.ts";
import { openWorkspaceRecord, Store } from "../store/index.ts";

test("a note that the hub did not answer is kept, as the hint says, and goes with the next sync, once", async () => {
  const root = mkdtempSync(join(tmpdir(), "holdfast-publish-"));
  const folder = join(root, "a");
  const start = (port: number): ReturnType<typeof startHub> =>
    startHub({ dir: join(root, "hub"), port, workspace: { id: "w", name: "shared" } });
  let hub = await start(0);
  try {
    const { token } = await hub.storage.tokens.create("member");
    await using a = await openWorkspace(folder, { hub: hub.url, token });
    await hub.close();
    const { layout, identity } = openWorkspaceRecord(folder);
    {
      using store = new Store(layout, identity);
      using db = SyncDb.open(layout);
      const api = new HubApi({ url: hub.url, token });
      const publishing = publishNote({ store, db, api, topic: "news", text: "hello", key: "k", retryForMs: 100 });
      await assert.rejects(publishing, (error: { code: string; hint: string }) => {
        assert.equal(error.code, "HUB_UNREACHABLE");
        assert.match(error.hint, /is kept and goes with the next sync/);
        return true;
      });
    }
    hub = await start(hub.port);
    assert.deepEqual(await a.sync(), { pulled: 0, pushed: 1, sequence: 1 });
    assert.equal((await a.publish("news", "hello", { key: "k" })).sequence, 1, "the same key is the same note");
    assert.equal(await hub.storage.entries.head(), 1);
  } finally {
    await hub.close();
    rmSync(root, { recursive: true, force: true, maxRetries: 5 });
  }
});
