// Saves that come together: written as one, each refused, timed out and cut off for itself.

import assert from "node:assert/strict";
import { AsyncLocalStorage } from "node:async_hooks";
import fs from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { test } from "node:test";
import { forceRelease, lockPath, readLock, type WaitReport, withLock } from "../coordination/index.ts";
import { HoldfastError, isHoldfastError } from "../errors.ts";
import type { LockWait } from "./drafts.ts";
import { GroupCommit, type Outcome } from "./group-commit.ts";
import { TemporaryStore } from "./testing/temporary-store.ts";

/** Runs as somebody who holds no lock. */
const asSomebodyElse = AsyncLocalStorage.snapshot();

/** Writes what is asked of it once `free` is called. */
class Writer {
  readonly groups: string[][] = [];
  private locked = Promise.withResolvers<void>();

  free(): void {
    this.locked.resolve();
  }
  lock(): void {
    this.locked = Promise.withResolvers<void>();
  }
  readonly write = async (key: string, wait: LockWait, take: () => readonly string[]): Promise<Outcome<string>[]> => {
    if (wait.signal?.aborted === true) throw new HoldfastError("INTERRUPTED", "cut off");
    if (wait.lockTimeoutMs === 0) throw new HoldfastError("LOCK_TIMEOUT", `${key} is not free`);
    await Promise.race([this.locked.promise, whenAborted(wait.signal)]);
    const items = take();
    this.groups.push([...items]);
    return items.map((item) => (item === "bad" ? { error: new Error("refused") } : { value: `${item} written` }));
  };
}

function whenAborted(signal: AbortSignal | undefined): Promise<never> {
  return new Promise((_, reject) => {
    signal?.addEventListener("abort", () => reject(new HoldfastError("INTERRUPTED", "cut off")));
  });
}

test("STORE-06 those who come while the lock is waited for go together, in order, and each is refused for itself", async () => {
  const writer = new Writer();
  const commits = new GroupCommit(writer.write);
  const all = ["one", "bad", "two"].map((item) => commits.run("c", item, {}));
  const other = commits.run("d", "elsewhere", {});
  const settled = Promise.allSettled([...all, other]);
  writer.free();
  assert.deepEqual(
    (await settled).map((result) => (result.status === "fulfilled" ? result.value : String(result.reason))),
    ["one written", "Error: refused", "two written", "elsewhere written"],
  );
  assert.deepEqual(writer.groups, [["one", "bad", "two"], ["elsewhere"]]);
});

test("STORE-17 each waits as long as it said and no longer: whoever is out of time or cut off leaves, the others stay", async () => {
  const writer = new Writer();
  const commits = new GroupCommit(writer.write);
  const cut = new AbortController();
  const leader = commits.run("c", "leader", { signal: cut.signal });
  const patient = commits.run("c", "patient", {});
  const hasty = commits.run("c", "hasty", { lockTimeoutMs: 10 });
  await assert.rejects(hasty, (error) => isHoldfastError(error, "LOCK_TIMEOUT"));
  cut.abort();
  await assert.rejects(leader, (error) => isHoldfastError(error, "INTERRUPTED"));
  await assert.rejects(commits.run("c", "late", { signal: cut.signal }), (error) =>
    isHoldfastError(error, "INTERRUPTED"),
  );
  writer.free();
  assert.equal(await patient, "patient written");
  assert.deepEqual(writer.groups, [["patient"]]);
});

test("STORE-17 a save that waits behind others of its process names who holds the lock, and the others go on", async () => {
  using place = new TemporaryStore();
  const artifacts = place.artifacts();
  const notices: string[] = [];
  await artifacts.put("a", "opened");
  const lock = lockPath(place.at(".holdfast/locks"), "data");
  let rest: Promise<unknown> | undefined;
  await withLock(lock, { holder: "somebody else" }, async () => {
    const [leader, hasty] = await asSomebodyElse(() => [
      artifacts.put("leader", "x", { onWait: ({ holder }) => void notices.push(`leader ${holder}`) }),
      artifacts.put("hasty", "x", { lockTimeoutMs: 20 }),
    ]);
    rest = leader;
    await assert.rejects(
      hasty ?? Promise.resolve(),
      (error) => isHoldfastError(error, "LOCK_TIMEOUT") && /somebody else/.test(error.message),
    );
  });
  await rest;
  assert.equal((await artifacts.list()).artifacts.map(({ name }) => name).join(), "a,leader");
});

test("STORE-26 STORE-20 of many saves at once, one that is refused concerns no other, and each version is whole", async () => {
  using place = new TemporaryStore();
  const artifacts = place.artifacts();
  await artifacts.put("owned", "x", { tags: { owner: "ann" } });
  const results = await Promise.allSettled(
    Array.from({ length: 300 }, (_, n) =>
      n % 10 === 3
        ? artifacts.put("owned", `${n}`, { tags: { owner: "bob" } })
        : artifacts.put(`a${n % 7}`, `content ${n}`),
    ),
  );
  for (const [n, result] of results.entries()) {
    if (n % 10 === 3) {
      assert.ok(result.status === "rejected" && isHoldfastError(result.reason, "NOT_OWNER"));
      continue;
    }
    assert.ok(result.status === "fulfilled");
    const { name, version } = result.value;
    assert.equal(Buffer.from((await artifacts.get(name, { version })).content).toString(), `content ${n}`);
  }
  const { versions } = await artifacts.versions("a0");
  assert.deepEqual(
    versions.map(({ version }) => version),
    versions.map((_, index) => index + 1),
  );
  assert.deepEqual((await artifacts.verify()).damaged, []);
});

test("STORE-26 of two saves at once on one base, one is refused as stale", async () => {
  using place = new TemporaryStore();
  const artifacts = place.artifacts();
  const { entry } = await artifacts.put("a", "base");
  const both = await Promise.allSettled(["one", "two"].map((text) => artifacts.put("a", text, { base: entry })));
  assert.deepEqual(both.map(({ status }) => status).sort(), ["fulfilled", "rejected"]);
  assert.ok(both.some((result) => result.status === "rejected" && isHoldfastError(result.reason, "STALE_BASE")));
});

test("STORE-15 who is told LOCK_LOST in a group was not saved, and who was saved is told so", async () => {
  using place = new TemporaryStore();
  const artifacts = place.artifacts();
  await artifacts.put("a", "opened");
  let renamed = 0;
  const { renameSync } = fs;
  fs.renameSync = (from, to) => {
    if (String(to).startsWith(place.data()) && /\/[0-9]+$/.test(String(to))) {
      renamed += 1;
      const lock = lockPath(place.at(".holdfast/locks"), "data");
      const held = readLock(lock);
      if (renamed === 20 && held.state === "held") forceRelease(lock, held.generation);
    }
    renameSync(from, to);
  };
  syncBuiltinESMExports();
  const results = await Promise.allSettled(Array.from({ length: 64 }, (_, n) => artifacts.put(`n${n}`, "x"))).finally(
    () => {
      fs.renameSync = renameSync;
      syncBuiltinESMExports();
    },
  );
  const told = results.map((result) => (result.status === "fulfilled" ? "saved" : String(result.reason.code)));
  const { artifacts: listed } = await place.artifacts().list({ prefix: "n" });
  const names = new Set(listed.map(({ name }) => name));
  assert.deepEqual(
    told,
    told.map((_, n) => (names.has(`n${n}`) ? "saved" : "LOCK_LOST")),
  );
  assert.ok(told.includes("LOCK_LOST") && told.includes("saved"));
});

test("STORE-17 one that cannot be told who is waited for is refused; the others wait on", async () => {
  const waiting = Promise.withResolvers<void>();
  const report = { holder: "somebody else" } as WaitReport;
  const commits = new GroupCommit<string, string>(async (_key, wait, take) => {
    wait.onWait?.(report);
    await waiting.promise;
    return take().map((item) => ({ value: item }));
  });
  const told: WaitReport[] = [];
  const first = commits.run("c", "first", { onWait: (it) => void told.push(it) });
  const second = commits.run("c", "second", {
    onWait: () => {
      throw new Error("no paper");
    },
  });
  await assert.rejects(second, /no paper/);
  waiting.resolve();
  assert.equal(await first, "first");
  assert.deepEqual(told, [report]);
});
