// The catalog may be made anew while others have it open: emptied in its place, as on another boot or by another release, or set
// aside as damaged.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import type { Entry } from "../entries/index.ts";
import { Catalog } from "./catalog.ts";
import { initWorkspaceRecord } from "./make-workspace.ts";
import { Store } from "./store.ts";

/** A folder, and stores on it as different processes would have them. */
class Scene implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "holdfast-anew-"));
  readonly opened = initWorkspaceRecord(this.folder);
  private readonly stores: Store[] = [];

  store(): Store {
    const store = new Store(this.opened.layout, this.opened.identity);
    this.stores.push(store);
    return store;
  }

  [Symbol.dispose](): void {
    for (const store of this.stores) store[Symbol.dispose]();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function adopt(store: Store, entry: Entry, text: string, onWait = (): void => {}): Promise<number | undefined> {
  const [record] = await store.adopt([{ entry, content: await store.staging.stage(text) }], { onWait });
  return record?.version;
}

test("STORE-30 a catalog that another process has emptied in its place is filled again: all is listed, nothing is taken in twice", async () => {
  using scene = new Scene();
  const daemon = scene.store();
  for (let index = 0; index < 5; index += 1) await daemon.put(`a${index}`, `x${index}`);
  assert.equal((await daemon.list()).length, 5);
  const [first] = await daemon.arrivals(0, 1);
  assert.ok(first !== undefined);
  using db = new DatabaseSync(scene.opened.layout.catalogFile);
  db.exec("UPDATE meta SET value = 'of another boot' WHERE key = 'boot'");
  await scene.store().put("new", "y");
  assert.equal(daemon.catalog.isReplaced(), false, "else this shows nothing");
  assert.deepEqual((await daemon.list()).map(({ name }) => name).sort(), ["a0", "a1", "a2", "a3", "a4", "new"]);
  assert.equal(await adopt(daemon, first.entry, "x0"), undefined);
  assert.equal(daemon.versions(first.entry.name).length, 1);
});

test("an entry is taken in once by two who wait for the lock while the catalog is set aside", async () => {
  using theirs = new Scene();
  await theirs.store().put("theirs", "content");
  const [arrival] = await theirs.store().arrivals(0, 1);
  assert.ok(arrival !== undefined);
  const { entry } = arrival;
  using scene = new Scene();
  const [one, two] = [scene.store(), scene.store()];
  await one.put("own", "1");
  await one.readyCatalog();
  await two.readyCatalog();
  const [held, freed] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const holding = scene.store().exclusively(["data"], {}, async () => {
    held.resolve();
    await freed.promise;
  });
  await held.promise;
  // Both have asked the catalog that there is, and wait.
  const waiting = [two, one].map((store) => {
    const { promise, resolve } = Promise.withResolvers<void>();
    return { promise, taking: adopt(store, entry, "content", resolve) };
  });
  await Promise.all(waiting.map(({ promise }) => promise));
  Catalog.setAside(scene.opened.layout.catalogFile);
  Catalog.open(scene.opened.layout.catalogFile).close();
  freed.resolve();
  await holding;
  assert.deepEqual(
    (await Promise.all(waiting.map(({ taking }) => taking))).filter((version) => version !== undefined),
    [1],
  );
  assert.equal(one.versions("theirs").length, 1);
});
