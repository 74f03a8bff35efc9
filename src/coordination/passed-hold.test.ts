// Holds that are passed on: to nested code, and to processes of their own.

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { inspect } from "node:util";
import { isHoldfastError } from "../errors.ts";
import { acquireLock, forceRelease, listLocks, lockPath, readLock, StructuralLock, withLock } from "./index.ts";
import { LockProcess, TempDir, until } from "./testing/processes.ts";

function code(expected: string): (error: unknown) => boolean {
  return (error) => isHoldfastError(error) && error.code === expected && (error.hint ?? "").length > 20;
}

test("STORE-19 a child process writes under the structural lock that its parent holds and passes on, while a stranger waits", async () => {
  using dir = new TempDir();
  const store = new StructuralLock(dir.path);
  await store.alone({}, async (fence) => {
    await using stranger = new LockProcess("write", dir.path, { timeoutMs: 300 });
    assert.equal((await stranger.event("failed")).code, "LOCK_TIMEOUT");
    await using child = new LockProcess("write", dir.path, { hold: fence.passOn(), timeoutMs: 3000 });
    await child.event("in");
    child.say("check");
    await child.event("ok");
    child.say("end");
    await child.event("out");
  });
  assert.deepEqual(listLocks(dir.path), []);
});

test("STORE-19 a child may pass the hold on in turn, and do structural work of its own; those who share a hold exclude each other", async () => {
  using dir = new TempDir();
  const store = new StructuralLock(dir.path);
  await store.alone({}, async (fence) => {
    const hold = fence.passOn();
    assert.equal(fence.passOn(), hold, "the same each time");
    await using writer = new LockProcess("write", dir.path, { hold });
    const inner = String((await writer.event("in")).hold);
    // A sibling that writes to the same collection waits; so does structural work of another.
    await using sibling = new LockProcess("write", dir.path, { hold });
    await using deleter = new LockProcess("alone", dir.path, { hold });
    await using grandchild = new LockProcess("write", dir.path, { hold: inner });
    const { generations } = await grandchild.event("in");
    assert.deepEqual(generations, [["c", 1]], "the token is that of the lock itself");
    grandchild.say("end");
    await grandchild.event("out");
    assert.deepEqual([sibling.events, deleter.events], [[], []]);
    writer.say("end");
    await Promise.race([sibling.event("in"), deleter.event("in")]);
    assert.equal([sibling, deleter].filter((each) => each.events.length > 0).length, 1);
    for (const each of [sibling, deleter]) each.say("end");
    await Promise.all([sibling.event("out"), deleter.event("out")]);
  });
});

test("STORE-19 a child's fence refuses once its parent's hold has ended, was lost, or its parent is dead", async () => {
  using dir = new TempDir();
  const path = lockPath(dir.path, "structural");
  for (const end of ["release", "force", "kill"]) {
    await using parent = new LockProcess("alone", dir.path);
    const hold = String((await parent.event("in")).hold);
    await using child = new LockProcess("write", dir.path, { hold });
    await child.event("in");
    if (end === "release") {
      parent.say("end");
      await parent.event("out");
    } else if (end === "force") {
      assert.ok(forceRelease(path, readLock(path).generation));
    } else {
      await parent.kill();
    }
    child.say("check");
    assert.equal((await child.event("refused")).code, "LOCK_LOST", end);
    // Whoever does structural work next waits for the child all the same.
    const next = new StructuralLock(dir.path);
    await assert.rejects(
      next.alone({ timeoutMs: 150 }, () => {}),
      code("LOCK_TIMEOUT"),
    );
    child.say("end");
    await child.event("out");
    await next.alone({ timeoutMs: 3000 }, () => {});
    await assert.rejects(
      next.withCollections(["c"], { hold }, () => {}),
      code("LOCK_LOST"),
      "stale",
    );
  }
});

test("STORE-19 a forged, stale or foreign hold is refused with a code and a hint, by every kind of lock", async () => {
  using dir = new TempDir();
  using other = new TempDir();
  const store = new StructuralLock(dir.path);
  const elsewhere = new StructuralLock(other.path);
  await store.alone({}, async (fence) => {
    const hold = fence.passOn();
    const forged = hold.replace(/\.[\w-]{43}\./, `.${"A".repeat(43)}.`);
    assert.notEqual(forged, hold);
    for (const bad of [
      forged,
      "",
      "x",
      "hold1.0.1..",
      `${hold},x`,
      hold.slice(1),
      hold.replace("hold1.0.", "hold1.0.9"),
    ]) {
      const refused = bad.includes("hold1.0.9") ? code("LOCK_LOST") : code("LOCK_NOT_PASSED");
      await assert.rejects(
        store.withCollections(["c"], { hold: bad }, () => {}),
        refused,
        bad,
      );
      await assert.rejects(
        store.alone({ hold: bad }, () => {}),
        refused,
        bad,
      );
      await assert.rejects(acquireLock(lockPath(dir.path, "structural"), { hold: bad }), refused, bad);
    }
    await assert.rejects(
      elsewhere.withCollections(["c"], { hold }, () => {}),
      code("LOCK_NOT_PASSED"),
    );
    await assert.rejects(
      elsewhere.alone({ hold }, () => {}),
      code("LOCK_NOT_PASSED"),
    );
    await assert.rejects(acquireLock(other.at("x"), { hold }), code("LOCK_NOT_PASSED"));
  });
  const passed = await store.withCollections(["c"], {}, async (fence) => {
    const hold = fence.passOn();
    await assert.rejects(
      store.withCollections(["c", "d"], { hold }, () => {}),
      code("LOCK_NOT_PASSED"),
    );
    await assert.rejects(
      store.alone({ hold }, () => {}),
      code("LOCK_NOT_PASSED"),
    );
    return hold;
  });
  await assert.rejects(
    store.withCollections(["c"], { hold: passed }, () => {}),
    code("LOCK_LOST"),
  );
});

test("STORE-19 nested code goes on under a hold that is passed on, and is refused without it", async () => {
  using dir = new TempDir();
  const store = new StructuralLock(dir.path);
  await store.alone({}, async (fence) => {
    await assert.rejects(
      store.alone({}, () => {}),
      code("LOCK_REENTERED"),
    );
    await store.alone({ hold: fence.passOn(), timeoutMs: 500 }, async (inner) => {
      await store.withCollections(["c"], { timeoutMs: 500 }, (writer) => writer.assertHeld());
      await assert.rejects(
        store.alone({ hold: fence.passOn() }, () => {}),
        code("LOCK_REENTERED"),
      );
      await store.alone({ hold: inner.passOn(), timeoutMs: 500 }, () => {});
    });
  });
  await withLock(dir.at("plain"), {}, async (lock) => {
    await assert.rejects(acquireLock(dir.at("plain")), code("LOCK_REENTERED"));
    const hold = lock.passOn();
    let inside = 0;
    const visit = (): Promise<void> =>
      withLock(dir.at("plain"), { hold, timeoutMs: 3000 }, async (inner) => {
        assert.equal(inner.generation, lock.generation);
        inside += 1;
        assert.equal(inside, 1, "one at a time");
        await new Promise((resolve) => setImmediate(resolve));
        inside -= 1;
        await assert.rejects(acquireLock(dir.at("plain"), { hold }), code("LOCK_REENTERED"));
        await withLock(dir.at("plain"), { hold: inner.passOn(), timeoutMs: 500 }, (third) => third.assertHeld());
      });
    await Promise.all([visit(), visit(), visit()]);
  });
});

test("STORE-19 a wait under a hold ends with LOCK_LOST when the hold ends", async () => {
  using dir = new TempDir();
  const lock = await acquireLock(dir.at("plain"));
  const hold = lock.passOn();
  const first = await acquireLock(dir.at("plain"), { hold });
  const waiting = acquireLock(dir.at("plain"), { hold, timeoutMs: 20_000 });
  await until(() => readdirSync(dir.at("plain", ".within")).includes("waiting"), "a waiter");
  await lock.release();
  await assert.rejects(waiting, code("LOCK_LOST"));
  await first.release();
});

test("STORE-19 the secret stands nowhere but in what was passed on", async () => {
  using dir = new TempDir();
  await withLock(dir.at("plain"), {}, async (lock) => {
    const hold = lock.passOn();
    const secret = /\.([\w-]{43})\./.exec(hold)?.[1] ?? "";
    assert.equal(secret.length, 43);
    const wrong = hold.replace(secret, "A".repeat(43));
    const error = await acquireLock(dir.at("other"), { hold }).catch((reason) => reason);
    const forged = await acquireLock(dir.at("plain"), { hold: wrong }).catch((reason) => reason);
    const names = readdirSync(dir.path, { recursive: true, encoding: "utf8" });
    const contents = names.filter((name) => /\d$/.test(name)).map((name) => readFileSync(dir.at(name), "utf8"));
    const hex = Buffer.from(secret, "base64url").toString("hex");
    const shown = [
      inspect(error),
      inspect(forged),
      inspect(lock, { depth: 9 }),
      JSON.stringify(listLocks(dir.path)),
      ...names,
      ...contents,
    ];
    for (const text of shown) assert.ok(!text.includes(secret) && !text.includes(hex) && !text.includes(wrong));
  });
  assert.match(readdirSync(dir.at("plain")).sort().join(), /^1,1\.\w+\.released$/, "nothing is left of it");
});
