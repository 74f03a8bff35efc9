// Ctrl-C at commands that are in the middle of something.

import assert from "node:assert/strict";
import { existsSync, readdirSync, truncateSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { listLocks, lockPath, withLock } from "../coordination/index.ts";
import { holdfast, holdfastJson, oneDocument, Running, TestFolder } from "./testing/holdfast.ts";

const PATIENCE_MS = 20_000;

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!condition()) {
    assert.ok(performance.now() < deadline, `never happened: ${what}`);
    await sleep(5);
  }
}

/** What commands leave behind while they work. */
function debris(folder: TestFolder): string[] {
  const inside = ["staging", "trash"].flatMap((dir) => {
    const path = folder.at(".holdfast", dir);
    return existsSync(path) ? readdirSync(path).map((name) => `${dir}/${name}`) : [];
  });
  const locks = listLocks(folder.at(".holdfast/locks")).map((lock) => `${lock.state} lock ${lock.scope}`);
  const beside = readdirSync(folder.path).filter((name) => name !== ".holdfast" && name !== "large" && name !== "out");
  return [...inside, ...locks, ...beside];
}

function staged(folder: TestFolder): boolean {
  return debris(folder).some((name) => name.startsWith("staging/"));
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  test(`STORE-36 ${signal} while content is read from a pipe: 130, one document, no debris, and the store goes on`, async () => {
    using folder = new TestFolder();
    await holdfastJson(["init", folder.path]);
    await using put = new Running(["--json", "-C", folder.path, "data", "put", "a"]);
    put.child.stdin?.write("some, and more may come");
    await until(() => staged(folder), "content is staged");
    const done = await put.end(signal);
    assert.equal(done.code, 130);
    assert.equal((oneDocument(done.stderr) as { code: string }).code, "INTERRUPTED");
    assert.equal(done.stdout, "");
    assert.deepEqual(debris(folder), []);
    assert.deepEqual(await holdfastJson(["-C", folder.path, "data", "list"]), { artifacts: [] });
  });
}

test("STORE-36 Ctrl-C while waiting for a lock: 130, and the place in the line is given up", async () => {
  using folder = new TestFolder();
  await holdfastJson(["init", folder.path]);
  await holdfastJson(["-C", folder.path, "data", "put", "a"], { input: "x" });
  const lock = lockPath(folder.at(".holdfast/locks"), "data");
  await withLock(lock, {}, async () => {
    for (const args of [
      ["put", "a"],
      ["delete", "a"],
    ]) {
      await using waiting = new Running(["-C", folder.path, "data", ...args]);
      waiting.child.stdin?.end("y");
      await until(() => listLocks(folder.at(".holdfast/locks")).some(({ state }) => state === "waiting"), "it waits");
      const done = await waiting.end("SIGINT");
      assert.equal(done.code, 130);
      assert.match(done.stderr, /^holdfast: ended by SIGINT\n/);
      assert.deepEqual(debris(folder), ["held lock data"]);
    }
  });
  assert.deepEqual(debris(folder), []);
  assert.equal((await holdfast(["-C", folder.path, "data", "get", "a"])).stdout, "x");
});

test("STORE-36 Ctrl-C while content is written out: 130, the file that was there is untouched, nothing lies beside it", async () => {
  using folder = new TestFolder();
  await holdfastJson(["init", folder.path]);
  writeFileSync(folder.at("large"), "");
  truncateSync(folder.at("large"), 200 * 1_024 * 1_024);
  await holdfastJson(["-C", folder.path, "data", "put", "a", folder.at("large")]);
  writeFileSync(folder.at("out"), "older");
  await using get = new Running(["-C", folder.path, "data", "get", "a", "--out", folder.at("out")]);
  await until(() => readdirSync(folder.path).some((name) => name.startsWith(".out.")), "it writes beside the file");
  assert.equal((await get.end("SIGINT")).code, 130);
  assert.deepEqual(debris(folder), []);
  assert.equal((await holdfast(["-C", folder.path, "data", "put", "b", folder.at("out")])).code, 0);

  // To a reader that has stopped reading.
  await using stuck = new Running(["-C", folder.path, "data", "get", "a"]);
  stuck.child.stdout?.pause();
  await sleep(0);
  await until(() => (stuck.child.stdout?.readableLength ?? 0) > 0 || stuck.stdout.length > 0, "it writes to the pipe");
  stuck.child.kill("SIGINT");
  stuck.child.stdout?.resume();
  assert.equal((await stuck.finished).code, 130);
});

test("STORE-36 a hub of its own ends at Ctrl-C with exit code 0 and gives its data folder back", async () => {
  using folder = new TestFolder();
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    await using hub = new Running(["--json", "hub", "start", "--port", "0", "--data", folder.at("hub")]);
    const { url } = JSON.parse(await hub.firstLine()) as { url: string };
    assert.equal((await fetch(`${url}/healthz`)).status, 200);
    const done = await hub.end(signal);
    assert.deepEqual([done.code, done.stderr], [0, ""]);
  }
});
