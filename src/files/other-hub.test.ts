// A hub that is not the one it was.

import assert from "node:assert/strict";
import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type StartedHub, startHub } from "../hub/index.ts";
import { TestFolder } from "./testing/two-folders.ts";

/** A hub whose data folder can be exchanged while nobody looks. */
class MovableHub implements AsyncDisposable {
  readonly root = mkdtempSync(join(tmpdir(), "holdfast-other-hub-"));
  private running: StartedHub | undefined;

  async start(name: string, port = 0): Promise<StartedHub> {
    await this.running?.close();
    const workspace = { id: "00000000-0000-4000-8000-000000000001", name: "test" };
    this.running = await startHub({ dir: join(this.root, name), port, workspace });
    return this.running;
  }
  async stop(): Promise<void> {
    await this.running?.close();
    this.running = undefined;
  }
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    rmSync(this.root, { recursive: true, force: true });
  }
}

for (const how of ["another hub", "an older state of the hub"]) {
  test(`HUB-12 ${how} at the same address is told, and nothing is skipped, sent or overwritten`, async (t) => {
    await using hubs = new MovableHub();
    const first = await hubs.start("first");
    const { port } = first;
    const folder = new TestFolder(
      join(hubs.root, "folder"),
      first.url,
      (await first.storage.tokens.create("member")).token,
    );
    t.after(() => folder.stop(0));
    const sync = await folder.open();
    folder.write("f", "one");
    await sync.syncOnce();
    await hubs.stop();
    cpSync(join(hubs.root, "first"), join(hubs.root, "older"), { recursive: true });
    await hubs.start("first", port);
    folder.write("f", "two");
    folder.write("g", "two");
    await sync.syncOnce();
    await folder.stop();

    const now = await hubs.start(how === "another hub" ? "second" : "older", port);
    if (how === "another hub") folder.token = (await now.storage.tokens.create("member")).token;
    if (how === "another hub") {
      // It has more to tell than the first, and nothing of it is for this folder.
      const { token } = await now.storage.tokens.create("member");
      const stranger = new TestFolder(join(hubs.root, "stranger"), now.url, token);
      const strange = await stranger.open();
      for (let n = 0; n < 5; n += 1) stranger.write(`of a stranger ${n}`, "one");
      await strange.syncOnce();
      await stranger.stop();
    }
    const headBefore = await now.storage.entries.head();
    folder.write("g", "three");
    const again = await folder.open();
    await assert.rejects(again.syncOnce(), { code: "EPOCH_CHANGED" });
    assert.deepEqual(folder.tree(), { f: "two", g: "three" });
    assert.equal(await now.storage.entries.head(), headBefore);
    assert.equal(folder.db.cursor, 3);
    await folder.stop(0);
    // Once the right hub is back, it goes on.
    folder.token = (await (await hubs.start("first", port)).storage.tokens.create("member")).token;
    await (await folder.open()).syncOnce();
    assert.equal(folder.db.cursor, 4);
    await folder.stop(0);
  });
}
