// The file under catalog.db and sync.db: what is damage and what is not, and who may set it aside.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { after, test } from "node:test";
import { tryAcquireLock } from "../coordination/index.ts";
import { IndexDatabase, type IndexOptions } from "./index-database.ts";

const root = mkdtempSync(join(tmpdir(), "holdfast-index-"));
after(() => rmSync(root, { recursive: true, force: true }));
let files = 0;

function newIndex(patienceMs = 5_000): IndexOptions {
  files += 1;
  const path = join(root, `${files}.db`);
  const lock = { path: join(root, `lock ${files}`), scope: "index", patienceMs };
  return { path, lock, prepare: (db) => db.exec("CREATE TABLE IF NOT EXISTS rows (n INTEGER PRIMARY KEY, text TEXT)") };
}

function fill(options: IndexOptions, rows = 2_000): void {
  using db = IndexDatabase.open(options);
  db.transaction(() => {
    for (let n = 0; n < rows; n += 1) db.run("INSERT INTO rows VALUES (?, ?)", n, `text ${n}`.repeat(5));
  });
}

function damage(path: string): void {
  const bytes = readFileSync(path);
  writeFileSync(path, bytes.fill(0xa5, 8_192, bytes.length - 8_192));
}

const asides = (path: string): string[] =>
  readdirSync(root)
    .filter((name) => join(root, name).startsWith(`${path}.damaged-`) && !/-(wal|shm)$/.test(name))
    .sort();

test("a statement that is wrong is no damage", () => {
  const options = newIndex();
  using db = IndexDatabase.open(options);
  assert.throws(() => db.get("SELECT nothing FROM nowhere"), { code: "INTERNAL" });
  assert.throws(() => db.run("INSERT INTO rows VALUES (1)"), { code: "INTERNAL" });
  assert.deepEqual(asides(options.path), []);
});

test("damage met in use is CORRUPT with the path; set aside then, each time under a number of its own", () => {
  const options = newIndex();
  for (const aside of ["damaged-1", "damaged-2"]) {
    fill(options);
    using db = IndexDatabase.open(options);
    // What somebody else writes makes it read again what it has read before.
    using other = new DatabaseSync(options.path);
    other.exec("INSERT INTO rows VALUES (-1, 'by somebody else')");
    damage(options.path);
    assert.throws(
      () => db.all("SELECT * FROM rows"),
      (error: { code: string; details: { path: string } }) => {
        assert.deepEqual([error.code, error.details.path], ["CORRUPT", options.path]);
        return true;
      },
    );
    IndexDatabase.open(options)[Symbol.dispose]();
    assert.equal(asides(options.path).at(-1), `${files}.db.${aside}`);
    assert.ok(db.isReplaced());
  }
});

test("damage met in use is minded by the next who goes by the file, though a look over finds nothing", () => {
  const options = newIndex();
  fill(options);
  const sound = readFileSync(options.path);
  {
    using db = IndexDatabase.open(options);
    using other = new DatabaseSync(options.path);
    other.exec("INSERT INTO rows VALUES (-1, 'by somebody else')");
    damage(options.path);
    assert.throws(() => db.all("SELECT * FROM rows"), { code: "CORRUPT" });
    writeFileSync(options.path, sound);
  }
  using plain = IndexDatabase.open(options);
  assert.ok(plain.all("SELECT n FROM rows").length > 0);
  assert.deepEqual(asides(options.path), []);
  {
    using fresh = IndexDatabase.open({ ...options, check: "whole" });
    assert.deepEqual(fresh.all("SELECT n FROM rows"), []);
  }
  IndexDatabase.open({ ...options, check: "whole" })[Symbol.dispose]();
  assert.equal(asides(options.path).length, 1, "told once");
});

test("who works by a damaged file keeps it: the others are told CORRUPT, with the pid", async () => {
  const options = newIndex(0);
  fill(options);
  damage(options.path);
  const lock = tryAcquireLock(options.lock.path, { scope: "index", holder: "somebody" });
  assert.ok("release" in lock);
  assert.throws(() => IndexDatabase.open(options), { code: "CORRUPT", message: new RegExp(`process ${process.pid} `) });
  assert.deepEqual(asides(options.path), []);
  await lock.release();
  IndexDatabase.open(options)[Symbol.dispose]();
  assert.equal(asides(options.path).length, 1);
});

/** Eight processes open each of the files at the same time, and write a row with their own number. */
async function openedByEight(all: readonly IndexOptions[]): Promise<void> {
  const program = `
    import { createInterface } from "node:readline";
    import { IndexDatabase } from ${JSON.stringify(join(import.meta.dirname, "index-database.ts"))};
    const prepare = (db) => db.exec("CREATE TABLE IF NOT EXISTS rows (n INTEGER PRIMARY KEY, text TEXT)");
    console.log("ready");
    for await (const line of createInterface({ input: process.stdin })) {
      const db = IndexDatabase.open({ ...JSON.parse(line), prepare });
      db.run("INSERT INTO rows VALUES (?, ?)", process.pid, "mine");
      db[Symbol.dispose]();
      console.log("done");
    }`;
  const children = Array.from({ length: 8 }, () =>
    spawn(process.execPath, ["--disable-warning=ExperimentalWarning", "--input-type=module", "-e", program], {
      stdio: ["pipe", "pipe", "inherit"],
    }),
  );
  try {
    const words = children.map((child) => createInterface({ input: child.stdout })[Symbol.asyncIterator]());
    const wordOfAll = async (word: string): Promise<void> => {
      const said = await Promise.all(words.map((each) => each.next()));
      for (const { value } of said) assert.equal(value, word);
    };
    await wordOfAll("ready");
    for (const { path, lock } of all) {
      for (const child of children) child.stdin.write(`${JSON.stringify({ path, lock })}\n`);
      await wordOfAll("done");
      using db = new DatabaseSync(path);
      assert.equal(db.prepare("SELECT n FROM rows WHERE text = 'mine'").all().length, 8);
    }
  } finally {
    for (const child of children) child.kill();
  }
}

test("eight processes find a file damaged at once: it is set aside once, and all go on with one new file", async () => {
  const all = Array.from({ length: 8 }, () => newIndex());
  for (const options of all) {
    fill(options);
    damage(options.path);
  }
  await openedByEight(all);
  for (const { path } of all) assert.equal(asides(path).length, 1);
});

test("eight processes make one file at once: none is refused, and nothing is set aside", async () => {
  const all = Array.from({ length: 40 }, () => newIndex());
  await openedByEight(all);
  for (const { path } of all) assert.deepEqual(asides(path), []);
});
