// What of a store travels to peers: from when on, and what does not.

import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import type { EntryId } from "../entries/index.ts";
import { Store } from "../store/index.ts";
import { initWorkspaceRecord } from "../store/make-workspace.ts";
import { INLINE_BYTES } from "./messages.ts";
import { StoreHoldings } from "./store-holdings.ts";

class Scene implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "holdfast-holdings-"));
  private readonly opened = initWorkspaceRecord(this.folder);
  readonly store = new Store(this.opened.layout, this.opened.identity);
  readonly holdings = new StoreHoldings(this.store);

  [Symbol.dispose](): void {
    this.store[Symbol.dispose]();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

test("what was saved just now can be given out before the catalog has it", async () => {
  using scene = new Scene();
  const { store, holdings } = scene;
  await store.put("first", "its collection is new, which is another case");
  await store.readyCatalog();
  const { entry } = await store.put("a", "just now");
  assert.equal(store.catalog.has(entry), false, "else this shows nothing");
  assert.ok(holdings.has(entry));
  assert.equal(holdings.entry(entry)?.name, "a");
  assert.equal(text(await holdings.carried(entry)), "just now");
  await store.readyCatalog();
  assert.ok(store.catalog.has(entry));
  const carried = await holdings.carried(entry);
  assert.equal(text(carried), "just now");
  assert.deepEqual(Buffer.from(carried?.block ?? []), Buffer.from(holdings.entry(entry)?.block ?? []));
});

test("a content too large to travel along is given out piece by piece before the catalog has it", async () => {
  using scene = new Scene();
  const { store, holdings } = scene;
  await store.put("first", "its collection is new, which is another case");
  await store.readyCatalog();
  const bytes = Buffer.alloc(INLINE_BYTES + 1_000, 7);
  const { entry, hash } = await store.put("a", bytes);
  assert.equal(store.catalog.has(entry), false, "else this shows nothing");
  const made = holdings.entry(entry);
  assert.ok(made !== undefined && holdings.hasContent(made));
  const piece = await holdings.piece(hash, INLINE_BYTES, 1_000);
  assert.deepEqual(Buffer.from(piece ?? []), bytes.subarray(INLINE_BYTES));
});

test("a content travels along up to the limit, one that lies with another version too, and a delete has none", async () => {
  using scene = new Scene();
  const { store, holdings } = scene;
  const carried = async (id: EntryId) => await holdings.carried(id);
  const most = await store.put("most", Buffer.alloc(INLINE_BYTES, 1));
  const more = await store.put("more", Buffer.alloc(INLINE_BYTES + 1, 1));
  await store.readyCatalog();
  assert.equal((await carried(most.entry))?.content?.length, INLINE_BYTES);
  assert.equal((await carried(more.entry))?.content, undefined);

  const first = store.catalog.entryById(most.entry);
  assert.ok(first?.content != null);
  const draft = { collection: first.collection, name: "linked", kind: "put" as const };
  const at = { ...first.content, name: "most", version: most.version };
  const [linked] = await store.write([{ ...draft, content: { at, type: "text/plain" } }]);
  assert.ok(linked?.contentAt !== undefined, "else this shows nothing");
  await store.readyCatalog();
  assert.equal((await carried(linked.entry.id))?.content?.length, INLINE_BYTES);

  await store.delete("more");
  const deletion = (await store.arrivals(0, 100)).at(-1)?.entry;
  assert.ok(deletion?.kind === "delete");
  const gone = await carried(deletion.id);
  assert.ok(gone !== undefined && gone.content === undefined);
  assert.equal(await carried(more.entry), undefined);
});

test("a damaged content is told of, and its entry travels", async () => {
  using scene = new Scene();
  const { store, holdings } = scene;
  const { entry, collection, version } = await store.put("a", "sound");
  await store.readyCatalog();
  appendFileSync(join(store.layout.versionDir(collection, "a", version), "content"), "!");
  const carried = await holdings.carried(entry);
  assert.equal(carried?.damage?.code, "CORRUPT");
  assert.equal(carried?.content, undefined);
  assert.deepEqual(Buffer.from(carried?.block ?? []), Buffer.from(holdings.entry(entry)?.block ?? []));
});

function text(carried: { readonly content?: Uint8Array } | undefined): string {
  return Buffer.from(carried?.content ?? []).toString();
}
