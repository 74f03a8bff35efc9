// The journal: what stands in it survives the next boot whatever became of its files, and it speaks of nothing else.

import assert from "node:assert/strict";
import fs, { existsSync, readdirSync, readFileSync, readlinkSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { test } from "node:test";
import { forceRelease, lockPath, readLock } from "../coordination/index.ts";
import type { Artifacts } from "../workspace/artifacts.ts";
import { formatBatch, parseJournal } from "./journal-record.ts";
import { startMachineAnew } from "./testing/another-boot.ts";
import { TemporaryStore } from "./testing/temporary-store.ts";

const BIG = "x".repeat(200_000);

const journalOf = (place: TemporaryStore): string => place.at(".holdfast/journal/data");

async function textOf(artifacts: Artifacts, name: string, version?: number): Promise<string> {
  const { content } = await artifacts.get(name, version === undefined ? {} : { version });
  return Buffer.from(content).toString();
}

function versionsIn(journal: string): string[] {
  const { batches } = parseJournal(readFileSync(journal, "utf8"));
  return batches.flatMap(({ versions }) => versions.map(({ name, version }) => `${name} ${version}`));
}

test("STORE-23 what a power loss took of versions that were acknowledged is put back by whoever opens the workspace next", async () => {
  using place = new TemporaryStore();
  const before = place.artifacts();
  for (const name of ["whole", "gone", "empty", "torn", "n".repeat(400)]) {
    await before.put(name, `${name} 1`);
    await before.put(name, `${name} 2`);
  }
  rmSync(place.data("data/gone"), { recursive: true });
  truncateSync(place.data("data/empty/2/version.json"));
  truncateSync(place.data("data/torn/2/content"), 3);
  const hashed = readdirSync(place.data("data")).find((name) => name.startsWith("~")) ?? "";
  rmSync(place.data("data", hashed), { recursive: true });
  startMachineAnew(place.folder);

  const after = place.artifacts();
  for (const name of ["whole", "gone", "empty", "torn", "n".repeat(400)]) {
    assert.deepEqual([await textOf(after, name, 1), await textOf(after, name)], [`${name} 1`, `${name} 2`]);
    assert.equal((await after.put(name, "next")).version, 3);
  }
  assert.equal(readFileSync(place.data("data/gone/latest"), "utf8"), "3");
  assert.deepEqual((await after.verify()).damaged, []);
  assert.deepEqual(readdirSync(place.at(".holdfast/trash")), []);
});

test("STORE-23 on the same boot nothing is replayed, and on the next one only once", async () => {
  using place = new TemporaryStore();
  await place.artifacts().put("a", "one");
  assert.deepEqual(versionsIn(journalOf(place)), ["a 1"]);
  await place.artifacts().put("a", "two");
  assert.deepEqual(versionsIn(journalOf(place)), ["a 1", "a 2"]);
  startMachineAnew(place.folder);
  await Promise.all([place.artifacts().list(), place.artifacts().get("a"), place.artifacts().put("b", "b")]);
  assert.ok(!existsSync(journalOf(place)) || versionsIn(journalOf(place)).join() === "b 1");
  assert.equal(await textOf(place.artifacts(), "a"), "two");
});

test("STORE-21 STORE-23 what was deleted, renamed or collected is not put back by a journal", async () => {
  using place = new TemporaryStore();
  const before = place.artifacts();
  await before.put("deleted", "x");
  await before.put("older", "x");
  await before.put("older", "y", { keep: 1 });
  await before.put("from", "x");
  await before.delete("deleted");
  assert.ok(!existsSync(journalOf(place)), "a delete is of what lies in its place");
  await before.put("from", "y");
  await before.rename("from", "to");
  await before.gc();
  await before.put("in another", "x", { collection: "c" });
  await before.deleteAll({ collection: "c" });
  assert.deepEqual(readdirSync(place.at(".holdfast/journal")), [".boot"]);
  startMachineAnew(place.folder);
  const { artifacts } = await place.artifacts().list();
  assert.deepEqual(
    artifacts.map(({ name, version }) => `${name} ${version}`),
    ["older 2", "to 2"],
  );
});

test("STORE-23 a version too large for the journal is flushed in its own place, with all that the journal held", async () => {
  using place = new TemporaryStore();
  const artifacts = place.artifacts();
  await artifacts.put("a", "one");
  await artifacts.put("a", BIG);
  assert.ok(!existsSync(journalOf(place)));
});

test("STORE-23 a journal is bounded: from a mebibyte on, all of it is flushed in its own place", async () => {
  using place = new TemporaryStore();
  const artifacts = place.artifacts();
  let most = 0;
  for (let n = 0; n < 40; n += 1) {
    await artifacts.put("a", "x".repeat(60_000));
    most = Math.max(most, readFileSync(journalOf(place)).length);
  }
  assert.ok(most <= 1_024 * 1_024, `${most} bytes`);
  assert.ok(versionsIn(journalOf(place)).length < 20);
});

test("STORE-23 what a writer that died wrote into the journal and never published is let go by the next", async () => {
  using place = new TemporaryStore();
  await place.artifacts().put("a", "one");
  const whole = readFileSync(journalOf(place), "utf8");
  const [batch] = parseJournal(whole).batches;
  assert.ok(batch !== undefined);
  const versions = batch.versions.map((version) => ({ ...version, version: 2 }));
  for (const tail of [formatBatch({ ...batch, versions }), "cut off", `${whole.slice(0, -20)}\n`]) {
    writeFileSync(journalOf(place), whole + tail);
    await place.artifacts().put("b", "b");
    assert.deepEqual(versionsIn(journalOf(place)).length, 1, "it was checkpointed first");
    await place.artifacts().delete("b");
    writeFileSync(journalOf(place), whole);
  }
});

test("STORE-15 of two that gave one number the journal keeps the one saved under the later lock", async () => {
  using place = new TemporaryStore();
  await place.artifacts().put("a", "of the successor");
  const text = readFileSync(journalOf(place), "utf8");
  const [batch] = parseJournal(text).batches;
  assert.ok(batch !== undefined);
  const late = Buffer.from("of one that slept").toString("base64");
  const versions = batch.versions.map((version) => ({ ...version, content: late }));
  writeFileSync(journalOf(place), text + formatBatch({ ...batch, generation: batch.generation - 1, versions }));
  rmSync(place.data("data/a"), { recursive: true });
  startMachineAnew(place.folder);
  assert.equal(await textOf(place.artifacts(), "a"), "of the successor");
});

test("STORE-15 a saver whose lock is taken away right before it publishes flushes its version in its own place", async () => {
  using place = new TemporaryStore();
  const artifacts = place.artifacts();
  await artifacts.put("a", "one");
  const flushed: string[] = [];
  const { renameSync, fsyncSync } = fs;
  fs.fsyncSync = (fd) => {
    flushed.push(readlinkSync(`/proc/self/fd/${fd}`));
    fsyncSync(fd);
  };
  fs.renameSync = (from, to) => {
    if (String(to) === place.data("data/a/2")) {
      const lock = lockPath(place.at(".holdfast/locks"), "data");
      const held = readLock(lock);
      assert.ok(held.state === "held" && forceRelease(lock, held.generation));
      rmSync(journalOf(place)); // its successor's checkpoint, which did not find the version in its place
    }
    renameSync(from, to);
  };
  syncBuiltinESMExports();
  try {
    await artifacts.put("a", "two");
  } finally {
    Object.assign(fs, { renameSync, fsyncSync });
    syncBuiltinESMExports();
  }
  for (const path of ["data/a/2/content", "data/a/2/version.json", "data/a/2", "data/a", "data"]) {
    assert.ok(flushed.includes(place.data(path)), path);
  }
});
