// Rows of what was saved by way of a journal: made a moment later, by whomever; until then, whoever lists reads from disk.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { appendFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Artifacts } from "../workspace/artifacts.ts";
import { Catalog } from "./catalog.ts";
import { JournalFold } from "./journal-fold.ts";
import { Layout } from "./layout.ts";
import { initWorkspaceRecord } from "./make-workspace.ts";
import { Store } from "./store.ts";
import { TemporaryStore } from "./testing/temporary-store.ts";

const journalOf = (place: TemporaryStore): string => place.at(".holdfast/journal/data");

async function listed(artifacts: Artifacts): Promise<string[]> {
  return (await artifacts.list()).artifacts.map(({ collection, name, version }) => `${collection} ${name} ${version}`);
}

/** Somebody who is in the middle of a transaction, and stays there. */
class Stopped implements Disposable {
  private readonly db: DatabaseSync;
  constructor(place: TemporaryStore) {
    this.db = new DatabaseSync(place.at(".holdfast/catalog.db"));
    this.db.exec("BEGIN IMMEDIATE");
  }
  [Symbol.dispose](): void {
    this.db.exec("ROLLBACK");
    this.db.close();
  }
}

/** The names in the order in which their entries came. */
async function arrived(place: TemporaryStore, isSettled = true): Promise<string[]> {
  const { layout, identity } = initWorkspaceRecord(place.folder);
  using store = new Store(layout, identity);
  if (isSettled) await store.settlePending();
  const all = await store.arrivals(0, 2_000);
  return all.map(({ entry }) => `${entry.collection} ${entry.name}`);
}

test("STORE-08 while somebody is stopped in the middle of a transaction, saves and lists go on at once, and the lists are right", async () => {
  using place = new TemporaryStore();
  const [writer, reader] = [place.artifacts(), place.artifacts()];
  await writer.put("a", "one");
  await writer.list();
  {
    using _ = new Stopped(place);
    const sinceMs = performance.now();
    for (const text of ["two", "three"]) await writer.put("a", text);
    await writer.put("b", "one");
    assert.deepEqual(await listed(reader), ["data a 3", "data b 1"]);
    await nextTurn();
    assert.deepEqual(await listed(writer), ["data a 3", "data b 1"]);
    assert.ok(performance.now() - sinceMs < 10_000, "nobody waited for the transaction");
    assert.deepEqual(await arrived(place, false), ["data a"]);
  }
  assert.deepEqual(await arrived(place), ["data a", "data a", "data a", "data b"]);
  assert.deepEqual(await listed(reader), ["data a 3", "data b 1"]);
});

/** A store, and how to hold up its folding. */
function heldUp(place: TemporaryStore): { store: Store; goOn: () => void } & Disposable {
  const { layout, identity } = initWorkspaceRecord(place.folder);
  const store = new Store(layout, identity);
  const { foldIfFree } = JournalFold.prototype;
  const held: JournalFold[] = [];
  const added = JournalFold.prototype.added;
  JournalFold.prototype.foldIfFree = function (this: JournalFold) {
    held.push(this);
  };
  return {
    store,
    goOn: () => {
      JournalFold.prototype.foldIfFree = foldIfFree;
      held.at(-1)?.foldIfFree();
    },
    [Symbol.dispose]: () => {
      Object.assign(JournalFold.prototype, { foldIfFree, added });
    },
  };
}

test("STORE-22 a deleter whose fold is overtaken, by one who has less to enter, folds again before the journal goes", async () => {
  using place = new TemporaryStore();
  await place.artifacts().put("seed", "1");
  await place.artifacts().list();
  using first = heldUp(place);
  const deleter = place.artifacts();
  await first.store.put("first", "kept in memory");
  await nextTurn();
  const fold = Catalog.prototype.fold;
  try {
    // By one that is killed right after that.
    JournalFold.prototype.added = () => {};
    await place.artifacts().put("second", "1");
    let times = 0;
    Catalog.prototype.fold = function (this: Catalog, ...what) {
      times += 1;
      Catalog.prototype.fold = fold;
      first.goOn();
      return fold.apply(this, what);
    };
    await deleter.delete("seed");
    assert.equal(times, 1);
  } finally {
    Catalog.prototype.fold = fold;
  }
  assert.deepEqual(await listed(place.artifacts()), ["data first 1", "data second 1"]);
  assert.deepEqual((await arrived(place)).toSorted(), ["data first", "data second", "data seed"]);
});

test("a collection that comes while the catalog is being filled has its rows, also when its journal goes before that is done", async () => {
  using place = new TemporaryStore();
  for (const collection of ["a", "b"]) await place.artifacts().put("x", "1", { collection });
  const { layout, identity } = initWorkspaceRecord(place.folder);
  using holder = new Store(layout, identity);
  const isOver = Promise.withResolvers<void>();
  const held = holder.exclusively(["b"], {}, () => isOver.promise);
  const filling = place.artifacts().list();
  // It has looked which collections there are.
  while (!existsSync(place.at(".holdfast/locks/b/waiting"))) await nextTurn();
  const writer = place.artifacts();
  for (const text of ["1", "2"]) await writer.put("doc", text, { collection: "new" });
  await writer.put("gone", "1", { collection: "new" });
  await writer.delete("gone", { collection: "new" });
  isOver.resolve();
  await Promise.all([held, filling]);
  assert.deepEqual(
    (await arrived(place)).filter((name) => name.startsWith("new")),
    ["new doc", "new doc", "new gone"],
  );
  assert.equal((await place.artifacts().verify()).catalog, "agrees");
});

test("a journal in whose place an older copy was put swallows no save", async () => {
  using place = new TemporaryStore();
  const writer = place.artifacts();
  await writer.list();
  for (let n = 10; n < 15; n += 1) await writer.put(`n${n}`, "x");
  const older = readFileSync(journalOf(place));
  for (let n = 15; n < 20; n += 1) await writer.put(`n${n}`, "x");
  await writer.list();
  writeFileSync(journalOf(place), older);
  for (let n = 20; n < 25; n += 1) {
    await writer.put(`n${n}`, "x");
    assert.equal((await listed(place.artifacts())).length, n - 9);
  }
  assert.equal((await arrived(place)).length, 15);
});

test("what is no journal in the place of one stops no reader", async () => {
  using place = new TemporaryStore();
  await place.artifacts().put("a", "one");
  await place.artifacts().delete("a");
  await place.artifacts().put("b", "one", { collection: "other" });
  await place.artifacts().list();
  for (const make of ["mkdir", "mkfifo"]) {
    assert.equal(spawnSync(make, [journalOf(place)]).status, 0);
    const { artifacts } = await place.artifacts().list({ collection: "data" });
    assert.deepEqual([artifacts, await listed(place.artifacts())], [[], ["other b 1"]]);
    rmSync(journalOf(place), { recursive: true });
  }
});

test("STORE-30 a version that was damaged before it had its row stays listed as that", async () => {
  using place = new TemporaryStore();
  const writer = place.artifacts();
  await writer.put("a", "one");
  await writer.list();
  {
    using _ = new Stopped(place);
    await writer.put("a", "two");
    writeFileSync(place.data("data/a/2/version.json"), "damaged");
  }
  await arrived(place);
  const { artifacts } = await place.artifacts().list();
  assert.deepEqual(
    artifacts.map(({ version, damaged }) => [version, damaged !== undefined]),
    [[2, true]],
  );
});

test("saves that were made while the catalog was busy all get their rows, however many", async () => {
  using place = new TemporaryStore();
  const writer = place.artifacts();
  await writer.put("before", "x");
  await writer.list();
  const count = 200;
  {
    using _ = new Stopped(place);
    for (let n = 0; n < count; n += 1) await writer.put(`n${n}`, "x");
  }
  await writer.put("after", "x");
  assert.equal((await listed(place.artifacts())).length, count + 2);
  assert.equal((await arrived(place)).length, count + 2);
  assert.equal((await writer.verify()).catalog, "agrees");
});

test("entries arrive in the order in which one process has saved them, in whatever collections and by whatever protocol", async () => {
  using place = new TemporaryStore();
  const [one, other] = [place.artifacts(), place.artifacts()];
  await one.list();
  await one.put("z", "1", { collection: "z" });
  await one.put("a", "1", { collection: "a" });
  await one.put("z", "2", { collection: "z" });
  await other.put("large", "x".repeat(200_000), { collection: "z" });
  await other.put("b", "1", { collection: "a" });
  await one.put("c", "1", { collection: "a" });
  assert.deepEqual(await arrived(place), ["z z", "a a", "z z", "z large", "a b", "a c"]);
});

test("each new journal is folded in from its start, also one that has the inode of one that is gone", async (context) => {
  using place = new TemporaryStore();
  const artifacts = place.artifacts();
  await artifacts.list();
  let reused = 0;
  for (let n = 0, last = 0; n < 20; n += 1) {
    await artifacts.put(`first ${n}`, "x");
    await artifacts.put(`second ${n}`, "x");
    const { ino } = statSync(journalOf(place));
    if (ino === last) reused += 1;
    last = ino;
    await artifacts.delete(`second ${n}`); // the journal goes
    assert.ok(!existsSync(journalOf(place)));
  }
  context.diagnostic(`${reused} had the inode of the one before`); // on ext4 most, unless many files were just removed
  const { layout, identity } = initWorkspaceRecord(place.folder);
  using store = new Store(layout, identity);
  const catalog = await store.readyCatalog();
  assert.equal(catalog.names("data").length, 20);
});

test("a line that cannot be read costs no row, and what is being written is left for later", async () => {
  using place = new TemporaryStore();
  const writer = place.artifacts();
  await writer.put("a", "one");
  await writer.list();
  {
    using _ = new Stopped(place);
    await writer.put("b", "one");
    await writer.put("c", "one");
    await nextTurn();
  }
  const whole = readFileSync(journalOf(place), "utf8");
  writeFileSync(journalOf(place), whole.replace(/.{20}\n$/, `${"x".repeat(20)}\n`));
  assert.deepEqual(await listed(place.artifacts()), ["data a 1", "data b 1", "data c 1"]);
  appendFileSync(journalOf(place), whole.slice(0, 50));
  assert.deepEqual(await listed(place.artifacts()), ["data a 1", "data b 1", "data c 1"]);
  assert.deepEqual((await arrived(place)).toSorted(), ["data a", "data b", "data c"]);
});

test("a folder without a catalog, or with one of another format, is listed from what lies on disk", async () => {
  using place = new TemporaryStore();
  await place.artifacts().put("a", "one");
  for (const name of ["catalog.db", "catalog.db-wal", "catalog.db-shm"])
    rmSync(place.at(".holdfast", name), { force: true });
  await place.artifacts().put("a", "two");
  assert.deepEqual(await listed(place.artifacts()), ["data a 2"]);
  assert.deepEqual(await arrived(place), ["data a", "data a"]);
  assert.ok(existsSync(new Layout(place.folder).journalFile("data")) === false);
});
