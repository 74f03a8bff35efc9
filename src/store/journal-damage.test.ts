// A journal that meets what should not be there: links, bad lines, others' boots, full disks, held locks.

import assert from "node:assert/strict";
import fs, {
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { DatabaseSync } from "node:sqlite";
import { test } from "node:test";
import { acquireLock, lockPath } from "../coordination/index.ts";
import { isHoldfastError } from "../errors.ts";
import type { Artifacts } from "../workspace/artifacts.ts";
import { formatBatch, parseJournal } from "./journal-record.ts";
import { startMachineAnew } from "./testing/another-boot.ts";
import { TemporaryStore } from "./testing/temporary-store.ts";

const journalOf = (place: TemporaryStore): string => place.at(".holdfast/journal/data");

async function textOf(artifacts: Artifacts, name: string): Promise<string> {
  return Buffer.from((await artifacts.get(name)).content).toString();
}

function keptIn(place: TemporaryStore): string[] {
  return readdirSync(place.at(".holdfast/journal")).filter((name) => name.startsWith(".kept-"));
}

/** Until it is disposed of, calls of `name` go through `stand`. */
function standing<Name extends "renameSync" | "readFileSync">(name: Name, stand: (real: (typeof fs)[Name]) => unknown) {
  const real = fs[name];
  Object.assign(fs, { [name]: stand(real) });
  syncBuiltinESMExports();
  return {
    [Symbol.dispose]() {
      Object.assign(fs, { [name]: real });
      syncBuiltinESMExports();
    },
  };
}

test("STORE-23 what another machine has saved and its power loss took is made again by a checkpoint on this one", async () => {
  using place = new TemporaryStore();
  const artifacts = place.artifacts();
  for (const name of ["x", "y"]) await artifacts.put(name, `the bytes of ${name}`);
  const { batches } = parseJournal(readFileSync(journalOf(place), "utf8"));
  writeFileSync(
    journalOf(place),
    batches.map((batch) => formatBatch({ ...batch, boot: "another machine's" })).join(""),
  );
  truncateSync(place.data("data/y/1/content"));
  await artifacts.delete("x");
  assert.equal(await textOf(artifacts, "y"), "the bytes of y");
  assert.deepEqual(readdirSync(place.at(".holdfast/journal")), [".boot"]);
});

test("STORE-28 nothing is put back through a planted link; the rest is, and what the journal holds is kept", async (t) => {
  t.mock.method(process, "emitWarning", () => {});
  using place = new TemporaryStore();
  const before = place.artifacts();
  for (const name of ["x", "y"]) await before.put(name, `the bytes of ${name}`);
  mkdirSync(place.at("outside/1"), { recursive: true });
  writeFileSync(place.at("outside/1/precious"), "mine");
  for (const name of ["x", "y"]) rmSync(place.data("data", name), { recursive: true });
  symlinkSync(place.at("outside"), place.data("data/x"));
  startMachineAnew(place.folder);

  const after = place.artifacts();
  assert.equal(await textOf(after, "y"), "the bytes of y");
  await assert.rejects(after.get("x"), (error) => isHoldfastError(error, "CORRUPT"));
  assert.deepEqual(readdirSync(place.at("outside/1")), ["precious"]);
  const [kept = ""] = keptIn(place);
  const { batches } = parseJournal(readFileSync(place.at(".holdfast/journal", kept), "utf8"));
  assert.equal(batches.flatMap(({ versions }) => versions).length, 2);
});

test("STORE-30 a flipped bit costs the line that it is in, and the journal is kept", async (t) => {
  t.mock.method(process, "emitWarning", () => {});
  using place = new TemporaryStore();
  const before = place.artifacts();
  for (const name of ["x", "y", "z"]) await before.put(name, `the bytes of ${name}`);
  startMachineAnew(place.folder);
  const bytes = readFileSync(journalOf(place));
  bytes[100] = (bytes[100] ?? 0) ^ 1;
  writeFileSync(journalOf(place), bytes);
  for (const name of ["y", "z"]) rmSync(place.data("data", name), { recursive: true });
  const after = place.artifacts();
  for (const name of ["x", "y", "z"]) assert.equal(await textOf(after, name), `the bytes of ${name}`);
  assert.equal(keptIn(place).length, 1);
});

test("STORE-38 a line of another format is not half-read, and is kept", async (t) => {
  t.mock.method(process, "emitWarning", () => {});
  using place = new TemporaryStore();
  await place.artifacts().put("x", "the bytes of x");
  const text = readFileSync(journalOf(place), "utf8");
  const { hash } = await import("node:crypto");
  const json = JSON.stringify({ format: 2, something: "else" });
  writeFileSync(journalOf(place), `${hash("sha256", json).slice(0, 32)} ${json}\n${text}`);
  await place.artifacts().delete("x");
  assert.equal(keptIn(place).length, 1);
});

test("STORE-30 one artifact's damage keeps nobody else out on the next boot", async () => {
  using place = new TemporaryStore();
  const before = place.artifacts();
  await before.put("x", "1");
  await before.delete("x");
  await before.put("x", "2");
  await before.put("y", "the bytes of y");
  writeFileSync(place.data("data/.deleted/x.json"), "no JSON");
  startMachineAnew(place.folder);
  assert.equal(await textOf(place.artifacts(), "y"), "the bytes of y");
});

test("STORE-08 on the next boot a reader waits for no lock if all is whole; if not, as long as it says", {
  timeout: 20_000, // a wait that nobody asked for takes 30 s
}, async () => {
  using place = new TemporaryStore();
  await place.artifacts().put("x", "the bytes of x");
  startMachineAnew(place.folder);
  const boot = readFileSync(place.at(".holdfast/journal/.boot"), "utf8");
  const lock = await acquireLock(lockPath(place.at(".holdfast/locks"), "data"), { holder: "somebody else" });
  {
    assert.equal(await textOf(place.artifacts(), "x"), "the bytes of x");
    assert.equal(readFileSync(place.at(".holdfast/journal/.boot"), "utf8"), boot, "the next one asks again");
    truncateSync(place.data("data/x/1/content"));
    const cut = new AbortController();
    const read = place.artifacts(cut.signal).get("x");
    cut.abort();
    await assert.rejects(read, (error) => isHoldfastError(error, "INTERRUPTED"));
    const save = place.artifacts().put("x", "more", { lockTimeoutMs: 0 });
    await assert.rejects(save, (error) => isHoldfastError(error, "LOCK_TIMEOUT"));
    const calls = new AbortController();
    const own = place.artifacts().put("x", "more", { signal: calls.signal });
    calls.abort();
    await assert.rejects(own, (error) => isHoldfastError(error, "INTERRUPTED"));
  }
  await lock.release();
  assert.equal(await textOf(place.artifacts(), "x"), "the bytes of x");
});

test("STORE-38 where the system tells no boot from the next, what a journal holds is put in its place and nothing more goes in", async () => {
  using place = new TemporaryStore();
  await place.artifacts().put("x", "the bytes of x");
  rmSync(place.data("data/x"), { recursive: true });
  using _ = standing("readFileSync", (real) => (path: string, ...rest: [BufferEncoding]) => {
    if (path.startsWith("/proc/")) throw Object.assign(new Error("there is none"), { code: "ENOENT" });
    return real(path, ...rest);
  });
  const after = place.artifacts();
  assert.equal(await textOf(after, "x"), "the bytes of x");
  await after.put("y", "the bytes of y");
  assert.ok(!existsSync(journalOf(place)));
});

test("STORE-32 a save that was refused does not come with the next boot", async () => {
  using place = new TemporaryStore();
  const artifacts = place.artifacts();
  await artifacts.put("x", "one");
  {
    using _ = standing("renameSync", (real) => (from: string, to: string) => {
      if (to === place.data("data/x/2")) throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
      real(from, to);
    });
    await assert.rejects(artifacts.put("x", "refused"), (error) => isHoldfastError(error, "DISK_FULL"));
  }
  startMachineAnew(place.folder);
  const after = place.artifacts();
  assert.equal(await textOf(after, "x"), "one");
  assert.equal((await after.put("x", "two")).version, 2);
});

test("STORE-32 of saves that go together only those that were not refused come with the next boot, though the catalog is busy", async () => {
  using place = new TemporaryStore();
  const artifacts = place.artifacts();
  await artifacts.put("x", "one");
  await artifacts.list();
  const stopped = new DatabaseSync(place.at(".holdfast/catalog.db"));
  stopped.exec("BEGIN IMMEDIATE");
  {
    using _ = standing("renameSync", (real) => (from: string, to: string) => {
      if (to === place.data("data/x/2")) throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
      real(from, to);
    });
    const [before, refused, after] = await Promise.allSettled([
      artifacts.put("a", "the bytes of a"),
      artifacts.put("x", "refused"),
      artifacts.put("b", "the bytes of b"),
    ]);
    assert.deepEqual([before.status, refused.status, after.status], ["fulfilled", "rejected", "fulfilled"]);
  }
  await artifacts.put("c", "the bytes of c");
  stopped.exec("ROLLBACK");
  stopped.close();
  for (const name of ["a", "b", "c"]) rmSync(place.data("data", name), { recursive: true });
  startMachineAnew(place.folder);
  const next = place.artifacts();
  for (const name of ["a", "b", "c"]) assert.equal(await textOf(next, name), `the bytes of ${name}`);
  assert.equal(await textOf(next, "x"), "one");
  assert.equal((await next.put("x", "two")).version, 2);
});

test("STORE-30 a folder in place of a journal keeps nobody else out on the next boot", async () => {
  using place = new TemporaryStore();
  await place.artifacts().put("x", "the bytes of x");
  startMachineAnew(place.folder);
  mkdirSync(place.at(".holdfast/journal/other"));
  const after = place.artifacts();
  assert.equal(await textOf(after, "x"), "the bytes of x");
  await after.put("y", "the bytes of y");
});
