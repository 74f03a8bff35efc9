// Rows of what was saved by way of a journal: made a moment later, by whomever; until then, whoever lists reads from disk.

import assert from "node:assert/strict";
import { appendFileSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Artifacts } from "../workspace/artifacts.ts";
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

test("a journal that has the inode of one that is gone is folded in from its start", async (context) => {
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
  context.diagnostic(`${reused} had the inode of the one before`); // on ext4 all but the first
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
