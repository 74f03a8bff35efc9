// Versions that go, and whose bytes others refer to.

import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { initWorkspaceRecord } from "./make-workspace.ts";
import { readContent } from "./read-content.ts";
import { Store } from "./store.ts";

class Place implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "holdfast-carried-"));
  store = this.open();

  private open(): Store {
    const { layout, identity } = initWorkspaceRecord(this.folder);
    return new Store(layout, identity);
  }
  /** As another process would have it. */
  reopen({ withoutCatalog = false } = {}): Store {
    this.store[Symbol.dispose]();
    if (withoutCatalog) {
      for (const suffix of ["", "-wal", "-shm"]) rmSync(this.store.layout.catalogFile + suffix, { force: true });
    }
    this.store = this.open();
    return this.store;
  }
  [Symbol.dispose](): void {
    this.store[Symbol.dispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** `b` is a rename of `a` as it comes from elsewhere: its bytes lie with `a`. */
async function referring(store: Store): Promise<void> {
  const { entry, hash, size } = await store.put("a", "the only bytes");
  await store.write([
    {
      collection: "data",
      name: "b",
      kind: "rename",
      from: "a",
      content: { at: { name: "a", version: 1, hash, size }, type: "text/plain" },
      parents: [entry],
    },
  ]);
  assert.ok(!existsSync(join(store.layout.versionDir("data", "b", 1), "content")));
}

async function textOf(store: Store, name: string): Promise<string> {
  await store.recovered();
  return (await readContent(store.layout, store.find(name))).toString();
}

for (const withoutCatalog of [false, true]) {
  test(`STORE-25 a version whose bytes another one refers to goes, and the other keeps them${withoutCatalog ? ", without a catalog" : ""}`, async () => {
    using place = new Place();
    await place.store.list(); // from here on the catalog counts as complete
    await referring(place.store);
    const store = place.reopen({ withoutCatalog });
    await store.delete("a");
    assert.equal(await textOf(store, "b"), "the only bytes");
    // And the catalog knows where they are now.
    const { hash } = await store.put("c", "the only bytes");
    assert.equal((await store.readyCatalog()).contentOf("data", hash)?.entry.name, "b");
    assert.equal(await textOf(place.reopen({ withoutCatalog: true }), "b"), "the only bytes");
  });
}

test("STORE-25 a version goes together with the one that refers to its bytes", async () => {
  using place = new Place();
  await referring(place.store);
  const { hash, size } = place.store.find("a").entry.content ?? { hash: "", size: 0 };
  await place.store.write([
    { collection: "data", name: "a", kind: "put", content: { at: { name: "a", version: 1, hash, size }, type: "x" } },
  ]);
  assert.deepEqual((await place.store.delete("a")).deleted, [1, 2]);
  assert.equal(await textOf(place.store, "b"), "the only bytes");
});

test("STORE-25 more versions than one entry can name go at once", { timeout: 120_000 }, async () => {
  using place = new Place();
  const versions = 1_030;
  const content = { at: { name: "a", version: 1, hash: "ab".repeat(32), size: 1 }, type: "x" };
  await place.store.write(
    Array.from({ length: versions }, () => ({ collection: "data", name: "a", kind: "put", content })),
  );
  assert.equal((await place.store.delete("a")).deleted.length, versions);
  assert.equal((await place.store.put("a", "x")).version, versions + 1);
});
