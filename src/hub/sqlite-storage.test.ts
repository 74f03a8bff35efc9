import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { openTokens, SqliteStorage } from "./sqlite-storage.ts";
import { SampleAuthor } from "./testing/sample-author.ts";
import { batchOf, storageConformance } from "./testing/storage-conformance.ts";
import { until } from "./testing/wait-until.ts";

const root = mkdtempSync(join(tmpdir(), "holdfast-hub-storage-"));
after(() => rmSync(root, { recursive: true, force: true }));
let dirs = 0;
const newDir = (): string => {
  dirs += 1;
  return join(root, String(dirs));
};
const workspace = { id: "w", name: "test" };

storageConformance("sqlite", async () => {
  const dir = newDir();
  return { open: async () => new SqliteStorage(dir, workspace) };
});

test("HUB-22 a full disk: DISK_FULL, sequence and file as before, and the hub goes on when there is room", async () => {
  const storage = new SqliteStorage(newDir(), workspace);
  const ann = new SampleAuthor();
  await storage.entries.append([batchOf([ann.note("t", "before")])]);
  const db: DatabaseSync = Reflect.get(storage, "db");
  const pages = Number(db.prepare("PRAGMA page_count").get()?.page_count);
  db.exec(`PRAGMA max_page_count = ${pages}`);
  const large = ann.note("t", "x".repeat(60_000));
  const [outcome] = await storage.entries.append([batchOf([large])]);
  assert.ok(outcome?.outcome === "failed");
  assert.equal((outcome.error as { code: string }).code, "DISK_FULL");
  assert.equal(await storage.entries.head(), 1);
  db.exec("PRAGMA max_page_count = 1000000");
  const [later] = await storage.entries.append([batchOf([large])]);
  assert.ok(later?.outcome === "appended");
  assert.deepEqual(
    later.results.map(({ sequence }) => sequence),
    [2],
  );
  await storage.close();
});

test("HUB-22 in a group, the batch that cannot be written fails alone", async () => {
  const storage = new SqliteStorage(newDir(), workspace);
  const ann = new SampleAuthor();
  const db: DatabaseSync = Reflect.get(storage, "db");
  const pages = Number(db.prepare("PRAGMA page_count").get()?.page_count);
  db.exec(`PRAGMA max_page_count = ${pages}`);
  const outcomes = await storage.entries.append([
    batchOf([ann.note("t", "small")]),
    batchOf([ann.note("t", "x".repeat(60_000))]),
    batchOf([ann.note("t", "small too")]),
  ]);
  assert.deepEqual(
    outcomes.map(({ outcome }) => outcome),
    ["appended", "failed", "appended"],
  );
  assert.equal(await storage.entries.head(), 2);
  // What was undone with the group is forgotten: whoever writes next is not taken for them.
  const bob = new SampleAuthor("bob");
  await storage.entries.append([batchOf([bob.note("t", "by bob")])]);
  const { entries } = await storage.entries.scan({ since: 0, limit: 10, load: "blocks", contentBytes: 1e6 });
  assert.deepEqual(
    entries.map(({ author }) => author),
    [ann.identity.author, ann.identity.author, bob.identity.author],
  );
  await storage.close();
});

test("HUB-23 a file that is no database is told as CORRUPT with its path, and left as it is", () => {
  const dir = newDir();
  const storage = new SqliteStorage(dir, workspace);
  return storage.close().then(() => {
    const path = join(dir, "hub.db");
    writeFileSync(path, "this is not a database, but long enough to be taken for one".repeat(50));
    assert.throws(
      () => new SqliteStorage(dir, workspace),
      (error: { code?: string; details?: { path?: string } }) =>
        error.code === "CORRUPT" && error.details?.path === path,
    );
  });
});

test("a content file cut short or gone is not served, and is asked for again", async () => {
  const storage = new SqliteStorage(newDir(), workspace);
  const bytes = Buffer.alloc(100_000, "x");
  const name = hash("sha256", bytes);
  const wish = { offset: 0, total: bytes.length, maxBytes: 1e6 };
  const bring = async function* (): AsyncGenerator<Uint8Array> {
    yield bytes;
  };
  await storage.contents.write(name, bring(), wish);
  truncateSync(storage.contents.fileOf(name), 50_000);
  assert.equal(await storage.contents.read(name, 0, 100_000), undefined);
  assert.deepEqual(await storage.contents.missing([name]), [name]);
  await storage.contents.write(name, bring(), wish);
  rmSync(storage.contents.fileOf(name));
  assert.equal(await storage.contents.size(name), undefined);
  await storage.close();
});

test("a damaged or missing index is made anew", async () => {
  const dir = newDir();
  const ann = new SampleAuthor();
  const a = ann.create("a.txt", "needle");
  const found = async (storage: SqliteStorage): Promise<boolean> =>
    (await storage.texts.search({ words: "needle", limit: 5 })).length === 1;
  let storage = new SqliteStorage(dir, workspace);
  await storage.entries.append([batchOf([a])]);
  await until(() => found(storage));
  await storage.close();
  for (const damage of [
    () => rmSync(join(dir, "index.db")),
    () => writeFileSync(join(dir, "index.db"), "rubbish".repeat(1_000)),
    () => truncateSync(join(dir, "index.db"), 9_000),
  ]) {
    damage();
    storage = new SqliteStorage(dir, workspace);
    await until(() => found(storage));
    assert.equal((await storage.texts.status([a.entry.id]))[0]?.state, "done");
    await storage.close();
  }
});

test("a text whose content is damaged is failed with a reason", async () => {
  const storage = new SqliteStorage(newDir(), workspace);
  const bytes = Buffer.alloc(100_000, "words ");
  const name = hash("sha256", bytes);
  await storage.contents.write(
    name,
    (async function* () {
      yield bytes;
    })(),
    { offset: 0, maxBytes: 1e6 },
  );
  rmSync(storage.contents.fileOf(name));
  const content = { hash: name, size: bytes.length, type: "text/plain" };
  const gone = new SampleAuthor().create("gone.txt", "", { content });
  await storage.entries.append([{ entries: [gone.entry], contents: new Map() }]);
  await until(async () => (await storage.texts.status([gone.entry.id]))[0]?.state === "failed");
  assert.match((await storage.texts.status([gone.entry.id]))[0]?.reason ?? "", /cannot be read/);
  await storage.close();
});

test("HUB-25 tokens kept on disk as hashes only, managed from beside a running hub", async () => {
  const dir = newDir();
  const storage = new SqliteStorage(dir, workspace);
  const { id, token } = await storage.tokens.create("member");
  let changes = 0;
  const stop = storage.onChange(() => {
    changes += 1;
  });
  const beside = openTokens(dir);
  const rows = new DatabaseSync(join(dir, "hub.db")).prepare("SELECT hash FROM tokens").all();
  assert.deepEqual(
    rows.map((row) => Buffer.from(row.hash as Uint8Array).toString("hex")),
    [hash("sha256", token)],
  );
  assert.ok(await storage.tokens.find(token));
  await beside.tokens.revoke(id);
  assert.equal(await storage.tokens.find(token), undefined);
  await until(() => changes > 0);
  beside.close();
  stop();
  await storage.close();
  assert.throws(() => openTokens(newDir()), { code: "NOT_FOUND" });
});
