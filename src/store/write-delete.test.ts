// The guards of the protocols by which versions come and go, each met at the very step that it guards: a holder that lost
// its lock right before it would publish, a writer that dies between two steps.

import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import fs, { existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { forceRelease, HeldLock, lockPath, readLock, tryAcquireLock, withLock } from "../coordination/index.ts";
import { type Entry, type EntryId, makeEntry, newIdentity } from "../entries/index.ts";
import { contentPath, listVersions, readNewest } from "./artifact-on-disk.ts";
import { Catalog } from "./catalog.ts";
import { deleteVersions } from "./delete-versions.ts";
import { initWorkspaceRecord } from "./make-workspace.ts";
import { Store } from "./store.ts";
import { readVersionFile } from "./version-record.ts";

/** A workspace of its own; every `store` is what another process would have. */
class Place implements Disposable {
  readonly folder = mkdtempSync(join(tmpdir(), "holdfast-store-"));
  private readonly opened: Store[] = [];

  store(): Store {
    const { layout, identity } = initWorkspaceRecord(this.folder);
    const store = new Store(layout, identity);
    this.opened.push(store);
    return store;
  }
  [Symbol.dispose](): void {
    for (const store of this.opened) store[Symbol.dispose]();
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** Runs as somebody who holds no lock. */
const asSomebodyElse = AsyncLocalStorage.snapshot();

/** The lock of the collection `data` is taken from whoever holds it, and held by somebody else. */
function takeOver(store: Store): HeldLock {
  const path = lockPath(store.layout.locks, "data");
  const held = readLock(path);
  assert.ok(held.state === "held" && forceRelease(path, held.generation), "somebody holds the lock");
  const successor = asSomebodyElse(() => tryAcquireLock(path, { scope: "data" }));
  assert.ok(successor instanceof HeldLock);
  return successor;
}

/** Until it is disposed of, `rename` stands in for the system's; the process dies where it throws. */
function renaming(rename: (from: string, to: string, real: typeof fs.renameSync) => void): Disposable {
  const { renameSync } = fs;
  fs.renameSync = ((from: string, to: string) => rename(from, to, renameSync)) as typeof renameSync;
  syncBuiltinESMExports();
  return {
    [Symbol.dispose]() {
      fs.renameSync = renameSync;
      syncBuiltinESMExports();
    },
  };
}

const newest = (store: Store): number | undefined => readNewest(readVersionFile, store.layout, "data", "a")?.version;
const numbers = (store: Store): number[] => listVersions(store.layout, "data", "a");

/** Every call by which a store changes what lies on disk is followed by `step`; those about locks are left alone. */
function stepping(step: () => void): Disposable {
  const real = { ...fs };
  const calls = ["renameSync", "mkdirSync", "linkSync", "writeFileSync", "rmSync", "openSync"] as const;
  for (const call of calls) {
    Object.assign(fs, {
      [call]: (...args: never[]) => {
        const result: unknown = Reflect.apply(real[call], fs, args);
        if (!args.some((arg) => String(arg).includes("/locks/"))) step();
        return result;
      },
    });
  }
  syncBuiltinESMExports();
  return {
    [Symbol.dispose]() {
      for (const call of calls) Object.assign(fs, { [call]: real[call] });
      syncBuiltinESMExports();
    },
  };
}

/** The newest version's bytes, as a reader finds them. */
function readNewestText(store: Store): string {
  const record = readNewest(readVersionFile, store.layout, "data", "a");
  return record === undefined ? "nothing" : fs.readFileSync(contentPath(store.layout, record), "utf8");
}

test("STORE-22 at every step of a save a reader sees what was there before it, or all of it", async () => {
  using place = new Place();
  const [store, reader] = [place.store(), place.store()];
  await store.put("a", "one");
  const seen: string[] = [];
  {
    using _ = stepping(() => seen.push(readNewestText(reader)));
    await store.put("a", "two");
  }
  assert.ok(seen.includes("one") && seen.includes("two"));
  assert.deepEqual(new Set(seen), new Set(["one", "two"]));
  assert.deepEqual(seen, seen.toSorted(), "and then never anything older");
});

test("STORE-22 at every step of a delete a reader sees all versions of the artifact, or none", async () => {
  using place = new Place();
  const [store, reader] = [place.store(), place.store()];
  for (const text of ["one", "two", "three"]) await store.put("a", text);
  const seen: string[] = [];
  {
    using _ = stepping(() => seen.push(`${numbers(reader)} ${readNewestText(reader)}`));
    await store.delete("a");
  }
  assert.deepEqual(new Set(seen), new Set(["1,2,3 three", " nothing"]));
});

test("STORE-23 a save that dies at any step has happened whole or not at all, and the next one goes on", async () => {
  for (let dieAt = 1, isThrough = false; !isThrough; dieAt += 1) {
    using place = new Place();
    const store = place.store();
    await store.put("a", "one");
    {
      let left = dieAt;
      using _ = stepping(() => {
        left -= 1;
        if (left === 0) throw new Error("dies here");
      });
      isThrough = await store.put("a", "two").then(
        () => true,
        () => false,
      );
      assert.ok(!isThrough || left > 0, "whatever dies is told as failed");
    }
    const next = place.store();
    await next.recovered();
    const text = readNewestText(next);
    assert.ok(text === "two" || (text === "one" && !isThrough), `step ${dieAt}: ${text}`);
    const versions = next.versions("a").map(({ version }) => version);
    assert.deepEqual(versions, text === "two" ? [1, 2] : [1]);
    assert.deepEqual(
      (await next.list()).map(({ version }) => version),
      [versions.at(-1)],
    );
    assert.equal((await next.put("a", "three")).version, versions.length + 1);
    assert.equal(readNewestText(next), "three");
  }
});

test("STORE-15 a save whose lock was taken over while it was prepared is refused with LOCK_LOST, and writes nothing", async () => {
  using place = new Place();
  const store = place.store();
  await store.put("a", "one");
  let successor: HeldLock | undefined;
  const late = store.write(
    [
      {
        collection: "data",
        name: "a",
        kind: "put",
        content: { at: store.staging.stageBytes(Buffer.from("late")), type: "text/plain" },
      },
    ],
    {},
    () => {
      successor = takeOver(store);
    },
  );
  await assert.rejects(late, { code: "LOCK_LOST" });
  assert.deepEqual(numbers(store), [1]);
  await successor?.release();
  assert.equal((await place.store().put("a", "two")).version, 2);
  assert.deepEqual(
    (await store.list()).map(({ version }) => version),
    [2],
  );
});

/** Deletes all of `a`, and does `meanwhile` once it is chosen what goes. */
function deleteAll(store: Store, meanwhile: () => void = () => {}): Promise<number[]> {
  const { layout, catalog, identity, clock } = store;
  const entryFor = (removed: readonly { entry: { id: EntryId } }[]): Entry => {
    meanwhile();
    return makeEntry(
      {
        collection: "data",
        name: "a",
        kind: "delete",
        content: null,
        parents: removed.map(({ entry }) => entry.id),
        clock: clock.tick(),
        tags: {},
        key: { writer: "late", n: 1 },
      },
      identity,
    );
  };
  return withLock(lockPath(layout.locks, "data"), { scope: "data" }, (fence) =>
    deleteVersions(
      { layout, catalog },
      { collection: "data", name: "a", choose: () => numbers(store), entryFor },
      fence,
    ),
  );
}

test("STORE-15 a delete whose lock was taken over while it was prepared is refused with LOCK_LOST, and nobody finishes it", async () => {
  using place = new Place();
  const store = place.store();
  for (const text of ["one", "two", "three"]) await store.put("a", text);
  let successor: HeldLock | undefined;
  const late = deleteAll(store, () => {
    successor = takeOver(store);
  });
  await assert.rejects(late, { code: "LOCK_LOST" });
  assert.deepEqual(numbers(store), [1, 2, 3]);
  await successor?.release();
  // Whoever comes next finishes what was written down: nothing may have been.
  await place.store().put("a", "four");
  assert.deepEqual(numbers(store), [1, 2, 3, 4]);
});

test("STORE-15 a delete whose lock was taken over once it was written down removes nothing that came since", async () => {
  using place = new Place();
  const store = place.store();
  for (const text of ["one", "two", "three"]) await store.put("a", text);
  let successor: HeldLock | undefined;
  {
    using _ = renaming((from, to, real) => {
      real(from, to);
      if (!to.includes("/.deleted/")) return;
      successor = takeOver(store);
      fs.cpSync(store.layout.versionDir("data", "a", 3), store.layout.versionDir("data", "a", 4), { recursive: true });
    });
    await assert.rejects(deleteAll(store), { code: "LOCK_LOST" });
  }
  await successor?.release();
  assert.ok(numbers(store).includes(4), "what the successor wrote is there");
});

test("STORE-21 a delete that dies right after the removal has not forgotten which numbers were given", async () => {
  using place = new Place();
  for (const text of ["one", "two", "three"]) await place.store().put("a", text);
  for (const options of [{ version: 3 }, {}]) {
    using _ = renaming((from, to, real) => {
      real(from, to);
      if (to.includes("/trash/")) throw new Error("dies here");
    });
    await assert.rejects(place.store().delete("a", options), /dies here/);
  }
  const next = place.store();
  assert.equal((await next.put("a", "four")).version, 4);
  assert.deepEqual(
    (await next.list()).map(({ version }) => version),
    [4],
  );
});

test("STORE-23 a delete that dies before the removal is finished by whoever comes next, and hits no version put later", async () => {
  using place = new Place();
  for (const text of ["one", "two", "three"]) await place.store().put("a", text);
  {
    using _ = renaming((from, to, real) => {
      if (to.includes("/trash/")) throw new Error("dies here");
      real(from, to);
    });
    await assert.rejects(place.store().delete("a"), /dies here/);
  }
  assert.equal((await place.store().put("a", "four")).version, 4);
  const next = place.store();
  await next.put("b", "of the same collection");
  assert.deepEqual(numbers(next), [4]);
  assert.deepEqual(
    (await next.list()).map(({ name, version }) => [name, version]),
    [
      ["a", 4],
      ["b", 1],
    ],
  );
});

test("STORE-23 a save that dies between its publication and the catalog is in every listing", async () => {
  using place = new Place();
  await place.store().put("a", "one");
  await place.store().list(); // from here on the catalog counts as complete
  {
    // `latest` is replaced right after the version has its name.
    using _ = renaming((from, to, real) => {
      if (to.endsWith("/latest")) throw new Error("dies here");
      real(from, to);
    });
    await assert.rejects(place.store().put("a", "two"), /dies here/);
  }
  const next = place.store();
  assert.deepEqual(
    (await next.list()).map(({ version }) => version),
    [2],
  );
  await next.settlePending();
  assert.deepEqual((await next.arrivals(0, 10)).length, 2);
});

test("STORE-22 a version that goes while a reader is at it: the reader gets the next lower one, not nothing", async () => {
  using place = new Place();
  const store = place.store();
  for (const text of ["one", "two", "three"]) await store.put("a", text);
  const dir = store.layout.artifactDir("data", "a");
  const { readdirSync: real, renameSync } = fs;
  let gone = 3;
  fs.readdirSync = ((...args: Parameters<typeof real>) => {
    const names = real(...args);
    // Listed, and deleted before it is read, twice.
    if (args[0] === dir && gone > 1) {
      renameSync(join(dir, String(gone)), join(place.folder, `gone ${gone}`));
      gone -= 1;
    }
    return names;
  }) as typeof real;
  syncBuiltinESMExports();
  try {
    assert.equal(newest(store), 1);
  } finally {
    fs.readdirSync = real;
    syncBuiltinESMExports();
  }
});

test("STORE-25 after the newest version was deleted the listing shows the next lower one, and after all were, nothing", async () => {
  using place = new Place();
  const store = place.store();
  for (const text of ["one", "two, which is longer"]) await store.put("a", text);
  await store.list(); // from here on the catalog counts as complete
  const sizes = (): number[] => store.catalog.list("data", "").map(({ size }) => size);
  await store.delete("a", { version: 2 });
  assert.deepEqual(sizes(), ["one".length]);
  await store.delete("a");
  assert.deepEqual(sizes(), []);
});

test("STORE-27 names that begin or end with dots are not taken for the store's own files", async () => {
  using place = new Place();
  const store = place.store();
  await store.put("a", "one");
  await store.delete("a");
  for (const name of [".deleted", "...", ".hidden"]) await store.put(name, name);
  const { catalogFile } = store.layout;
  store[Symbol.dispose]();
  for (const suffix of ["", "-wal", "-shm"]) rmSync(catalogFile + suffix, { force: true });
  const next = place.store();
  assert.deepEqual(
    (await next.list()).map(({ name }) => name),
    ["...", ".deleted", ".hidden"],
  );
  await next.delete(".deleted");
  assert.equal((await next.put("a", "two")).version, 2, "what was deleted of others is not forgotten");
});

test("STORE-30 two that make the catalog anew at the same moment make one, and neither undoes what the other recorded", async () => {
  using place = new Place();
  await place.store().put("a", "one");
  const path = place.store().layout.catalogFile;
  for (const suffix of ["", "-wal", "-shm"]) rmSync(path + suffix, { force: true });
  const { exec } = DatabaseSync.prototype;
  let first: Store | undefined;
  // The one has found that there are no tables; before it makes them, the other has made and filled them.
  DatabaseSync.prototype.exec = function (sql: string) {
    if (sql === "BEGIN IMMEDIATE" && first === undefined) {
      first = place.store();
      first.catalog.begin([{ collection: "data", name: "a" }]);
    }
    return exec.call(this, sql);
  };
  try {
    const catalog = Catalog.open(path);
    assert.equal(catalog.incarnation, first?.catalog.incarnation);
    assert.deepEqual(
      catalog.pending().map(({ name }) => name),
      ["a"],
    );
    catalog.close();
  } finally {
    DatabaseSync.prototype.exec = exec;
  }
});

test("STORE-30 a catalog filled from disk knows the newest by its number, whatever the clocks of those who made the versions", async () => {
  using place = new Place();
  const store = place.store();
  const mine = await store.put("a", "made by a clock that is ahead");
  const { entry } = store.find("a");
  const theirs = makeEntry(
    {
      collection: "data",
      name: "a",
      kind: "put",
      content: entry.content,
      parents: [mine.entry],
      clock: { wallMs: entry.clock.wallMs - 86_400_000, counter: 0 },
      tags: {},
      key: { writer: "theirs", n: 1 },
    },
    newIdentity().identity,
  );
  await store.adopt([{ entry: theirs }]);
  store[Symbol.dispose]();
  for (const suffix of ["", "-wal", "-shm"]) rmSync(store.layout.catalogFile + suffix, { force: true });
  assert.deepEqual(
    (await place.store().readyCatalog()).list("data", "").map(({ version }) => version),
    [2],
  );
});

test("STORE-23 a save sweeps what the dead left in staging, and nothing of the living", async () => {
  using place = new Place();
  const store = place.store();
  const staged = store.staging.stageBytes(Buffer.from("not yet saved"));
  await place.store().put("a", "one");
  assert.ok(existsSync(join(staged.dir, "content")));
  assert.ok(readdirSync(store.layout.staging).length > 0);
});
