// `data watch`: every version that comes or goes is told, once, whichever process does it, also across catalogs made anew.

import assert from "node:assert/strict";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { makeCatalogAnew } from "./catalog-check.ts";
import { BusyWriters } from "./testing/busy-writers.ts";
import { TemporaryStore } from "./testing/temporary-store.ts";
import type { Change, WatchOptions } from "./watch-changes.ts";

/** Watches until it is ended, and keeps what it is told. */
class Watching {
  readonly told: Change[] = [];
  readonly ready: Promise<void>;
  private readonly stop = new AbortController();
  private readonly over: Promise<void>;
  private readonly changed = new Set<() => void>();

  constructor(store: TemporaryStore, options: WatchOptions = {}) {
    const ready = Promise.withResolvers<void>();
    this.ready = ready.promise;
    this.over = this.watch(store, { ...options, signal: this.stop.signal, onReady: () => ready.resolve() });
    this.over.catch(ready.reject);
  }

  private async watch(store: TemporaryStore, options: WatchOptions): Promise<void> {
    for await (const change of store.artifacts().watch(options)) {
      this.told.push(change);
      for (const wake of this.changed) wake();
    }
  }

  /** When something was told for which `is` holds; fails when the watch ends first. */
  async until(is: (change: Change) => boolean): Promise<void> {
    while (!this.told.some(is)) {
      await Promise.race([
        this.over.then(() => assert.fail("it ended")),
        new Promise<void>((resolve) => this.changed.add(resolve)),
      ]);
    }
  }

  async end(): Promise<void> {
    this.stop.abort();
    await this.over;
  }
}

const short = ({ kind, collection, name, version, deleted }: Change): string =>
  `${kind} ${collection} ${name} ${version ?? `-${deleted.join(",")}`}`;

test("watch tells what others put and delete from when it is ready, and ends with its signal", async () => {
  using store = new TemporaryStore();
  const other = store.artifacts();
  await other.put("before", "x");
  const [all, some] = [new Watching(store), new Watching(store, { collection: "c", prefix: "a" })];
  await Promise.all([all.ready, some.ready]);
  await other.put("a", "one", { type: "text/plain", tags: { kind: "note" } });
  await other.put("a", "two", { collection: "c" });
  await other.put("b", "two", { collection: "c" });
  for (const text of ["1", "2", "3"]) await other.put("a", text);
  await Promise.all([all.until(({ version }) => version === 4), some.until(({ version }) => version === 1)]);
  await other.delete("a", { version: 2 });
  await other.delete("before");
  await other.delete("a", { collection: "c" });
  await all.until(({ kind, collection }) => kind === "delete" && collection === "c");
  await some.until(({ kind }) => kind === "delete");
  await Promise.all([all.end(), some.end()]);
  assert.deepEqual(all.told.map(short), [
    "put data a 1",
    "put c a 1",
    "put c b 1",
    "put data a 2",
    "put data a 3",
    "put data a 4",
    "delete data a -2",
    "delete data before -1",
    "delete c a -1",
  ]);
  assert.deepEqual(some.told.map(short), ["put c a 1", "delete c a -1"]);
  const { size, type, tags, hash } = all.told[0] ?? assert.fail();
  assert.deepEqual([size, type, tags, hash.length], [3, "text/plain", { kind: "note" }, 64]);
});

test("watch loses nothing and doubles nothing while processes write and the catalog is made anew again and again", async () => {
  using store = new TemporaryStore();
  const own = store.artifacts();
  await own.put("before", "x");
  const watching = new Watching(store);
  await watching.ready;
  let made = await (async () => {
    await using writers = new BusyWriters(store.folder, ["p", "q"]);
    for (let round = 0; round < 4; round += 1) {
      const upTo = writers.changes.length + 40;
      while (writers.changes.length < upTo) await writers.change();
      await makeCatalogAnew(store.artifacts().store, {});
    }
    return writers.changes;
  })();
  await own.list();
  const last = await own.put("last", "x");
  await watching.until(({ name }) => name === "last");
  await watching.end();
  const told = watching.told;
  assert.equal(new Set(told.map(({ entry }) => entry)).size, told.length, "none is told twice");
  const came = new Set(told.map(({ name, version }) => `${name} ${version}`));
  const went = new Set(told.flatMap(({ name, deleted }) => deleted.map((version) => `${name} ${version}`)));
  made = [...made, { name: "last", version: last.version }];
  const missed = made
    .flatMap(({ name, version }) => (version === undefined ? [] : [`${name} ${version}`]))
    .filter((version) => !came.has(version) && !went.has(version));
  assert.deepEqual(missed, [], "every save is told, or that what it saved is gone");
  const gone = made.flatMap(({ name, deleted = [] }) => deleted.map((version) => `${name} ${version}`));
  assert.deepEqual(
    gone.filter((version) => !went.has(version)),
    [],
    "every delete is told",
  );
  assert.ok(!came.has("before 1"));
  assert.ok(came.size > went.size * 0.5, "most saves are told themselves");
});

test("watch tells a version that its writer died over before it was written down", async () => {
  using store = new TemporaryStore();
  const other = store.artifacts();
  await other.put("a", "one");
  await other.put("a", "two");
  await other.list(); // from here on the catalog counts as complete
  const db = new DatabaseSync(store.at(".holdfast/catalog.db"));
  db.exec("DELETE FROM versions WHERE name = 'a' AND version = 2");
  const watching = new Watching(store);
  await watching.ready;
  db.exec("INSERT INTO pending (collection, name, note) VALUES ('data', 'a', 1)");
  db.close();
  await watching.until(() => true);
  await watching.end();
  assert.deepEqual(watching.told.map(short), ["put data a 2"]);
});

test("watch that is not waited on tells all the same, later", async () => {
  using store = new TemporaryStore();
  const stop = new AbortController();
  const ready = Promise.withResolvers<void>();
  const changes = store.artifacts().watch({ signal: stop.signal, onReady: () => ready.resolve() });
  const first = changes.next();
  await ready.promise;
  const other = store.artifacts();
  for (let n = 0; n < 30; n += 1) await other.put(`${n}`, "x");
  await first;
  await nextTurn();
  for (let n = 1; n < 30; n += 1) assert.equal((await changes.next()).value?.name, `${n}`);
  const ending = changes.next();
  stop.abort();
  assert.deepEqual(await ending, { done: true, value: undefined });
});
