import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isHoldfastError } from "../errors.ts";
import { acquireLock, lockPath, readLock, StructuralLock, scopeOfCollection } from "./index.ts";
import { LockProcess, TempDir, until } from "./testing/processes.ts";

const turns = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

test("STORE-02 a writer that enters between the first drain and the structural lock is still waited for", async () => {
  using dir = new TempDir();
  const store = new StructuralLock(dir.path);
  // Something else holds the structural lock, so that our structural work, its first drain done, waits to take it ...
  const gate = await acquireLock(lockPath(dir.path, "structural"));
  let entered = false;
  const work = store.alone({}, () => {
    entered = true;
  });
  await until(() => readLock(lockPath(dir.path, "structural")).state === "held", "the gate");
  await turns();
  // ... and in this window a writer is in (it looked twice before the gate was there).
  const writer = await acquireLock(lockPath(dir.path, "files"));
  await gate.release();
  await until(() => readLock(lockPath(dir.path, "structural")).generation === 2, "the structural lock being taken");
  await new Promise((resolve) => setTimeout(resolve, 150)); // three looks of the drain
  assert.equal(entered, false, "the second drain waits for the writer");
  await writer.release();
  await work;
  assert.equal(entered, true);
});

test("STORE-03 a writer that meets a structural holder after taking its locks releases all of them and waits", async () => {
  using dir = new TempDir();
  const store = new StructuralLock(dir.path);
  const second = lockPath(dir.path, "b");
  const gate = await acquireLock(second);
  let wrote = false;
  const writer = store.withCollections(["a", "b"], {}, () => {
    wrote = true;
  });
  await until(() => readLock(lockPath(dir.path, "a")).state === "held", "the writer holding a and waiting for b");
  const structural = await acquireLock(lockPath(dir.path, "structural"));
  await gate.release();
  await until(() => readLock(second).generation === 2 && readLock(second).state === "free", "b taken and given back");
  assert.equal(readLock(lockPath(dir.path, "a")).state, "free");
  assert.equal(wrote, false);
  await structural.release();
  await writer;
  assert.equal(wrote, true);
});

test("STORE-05 collections in opposite order never deadlock; one named twice is locked once", async () => {
  using dir = new TempDir();
  const store = new StructuralLock(dir.path);
  const writers = Array.from({ length: 20 }, (_, index) =>
    store.withCollections(index % 2 === 0 ? ["a", "b", "a"] : ["b", "a"], { timeoutMs: 10_000 }, async (fence) => {
      assert.deepEqual([...fence.generations.keys()], ["a", "b"]);
      fence.assertHeld();
      await turns();
    }),
  );
  await Promise.all(writers);
});

test("STORE-06 writers to different collections run side by side; writers to one, one by one", async () => {
  using dir = new TempDir();
  const store = new StructuralLock(dir.path);
  let open: () => void = () => {};
  const both = new Promise<void>((resolve) => {
    open = resolve;
  });
  let inside = 0;
  const meet = async (): Promise<void> => {
    inside += 1;
    if (inside === 2) open();
    await both; // ends only if the other is inside at the same time
  };
  await Promise.all([store.withCollections(["a"], {}, meet), store.withCollections(["b"], {}, meet)]);
  let insideOne = 0;
  const alone = async (): Promise<void> => {
    insideOne += 1;
    await turns();
    assert.equal(insideOne, 1);
    insideOne -= 1;
  };
  await Promise.all([store.withCollections(["a"], {}, alone), store.withCollections(["a"], {}, alone)]);
});

test("STORE-02 STORE-03 structural work and writers never overlap, many at once", async () => {
  using dir = new TempDir();
  const store = new StructuralLock(dir.path);
  let writers = 0;
  let alone = 0;
  let overlaps = 0;
  const note = (): void => {
    if (alone > 1 || (alone > 0 && writers > 0)) overlaps += 1;
  };
  const write = async (name: string): Promise<void> => {
    for (let round = 0; round < 15; round += 1) {
      await store.withCollections([name], {}, async () => {
        writers += 1;
        note();
        await turns();
        note();
        writers -= 1;
      });
    }
  };
  const restructure = async (): Promise<void> => {
    for (let round = 0; round < 15; round += 1) {
      await store.alone({}, async () => {
        alone += 1;
        note();
        await turns();
        note();
        alone -= 1;
      });
    }
  };
  await Promise.all([write("a"), write("a"), write("b"), write("c"), restructure(), restructure()]);
  assert.equal(overlaps, 0);
});

test("dead holders of either kind hold up nobody", async () => {
  using dir = new TempDir();
  const store = new StructuralLock(dir.path);
  await using writer = new LockProcess("hold", lockPath(dir.path, "files"));
  await using structural = new LockProcess("hold", lockPath(dir.path, "structural"));
  await Promise.all([writer.event("held"), structural.event("held")]);
  await Promise.all([writer.kill(), structural.kill()]);
  await store.withCollections(["files"], { timeoutMs: 500 }, () => {});
  await store.alone({ timeoutMs: 500 }, () => {});
});

test("a structural holder that fell silent on another host is waited out, and then refused", async () => {
  using dir = new TempDir();
  const store = new StructuralLock(dir.path);
  const path = lockPath(dir.path, "structural");
  await using structural = new LockProcess("hold", path, { leaseMs: 300, machineId: "another" });
  await structural.event("held");
  structural.child.kill("SIGSTOP");
  const startedMs = performance.now();
  await store.withCollections(["files"], {}, () => {});
  assert.ok(performance.now() - startedMs >= 300);
  structural.child.kill("SIGCONT");
  structural.say("check");
  assert.equal((await structural.event("refused")).code, "LOCK_LOST");
});

test("nesting that could deadlock is refused; writing inside structural work is not", async () => {
  using dir = new TempDir();
  const store = new StructuralLock(dir.path);
  const refused = (error: unknown): boolean => isHoldfastError(error, "LOCK_REENTERED");
  await store.withCollections(["a"], {}, async () => {
    await assert.rejects(
      store.withCollections(["b"], {}, () => {}),
      refused,
    );
    await assert.rejects(
      store.alone({}, () => {}),
      refused,
    );
  });
  const written = await store.alone({ timeoutMs: 500 }, async () => {
    await assert.rejects(
      store.alone({}, () => {}),
      refused,
    );
    return await store.withCollections(["a"], { timeoutMs: 500 }, () => "written");
  });
  assert.equal(written, "written");
});

test("one time limit covers the whole wait, for both kinds", async () => {
  using dir = new TempDir();
  const store = new StructuralLock(dir.path);
  const timedOut = (error: unknown): boolean =>
    isHoldfastError(error, "LOCK_TIMEOUT") && error.details?.holder !== null;
  const structural = await acquireLock(lockPath(dir.path, "structural"));
  await assert.rejects(
    store.withCollections(["a"], { timeoutMs: 100 }, () => {}),
    timedOut,
  );
  await structural.release();
  await using _writer = await acquireLock(lockPath(dir.path, "a"));
  await assert.rejects(
    store.alone({ timeoutMs: 100 }, () => {}),
    timedOut,
  );
});

test("locks that guard no collection (a running sync) hold up no structural work, and collections of their names do", async () => {
  using dir = new TempDir();
  const store = new StructuralLock(dir.path);
  await using _sync = await acquireLock(lockPath(dir.path, "sync"));
  await store.alone({ timeoutMs: 100 }, () => {});
  await using _collection = await acquireLock(lockPath(dir.path, scopeOfCollection("sync")));
  await assert.rejects(store.alone({ timeoutMs: 100 }, () => {}));
});

test("different collections have different lock directories, each a single file name", () => {
  const name = fc.string({ unit: "grapheme", minLength: 1, maxLength: 300 });
  fc.assert(
    fc.property(name, name, (a, b) => {
      const [pathA, pathB] = [a, b].map((each) => lockPath("/locks", scopeOfCollection(each)));
      assert.equal(pathA === pathB, a === b);
      const base = pathA?.slice("/locks/".length) ?? "";
      assert.ok(!base.includes("/") && !base.startsWith(".") && Buffer.byteLength(base) <= 255);
    }),
    {
      examples: [
        ["..", "."],
        ["sync", "collection:sync"],
        ["a/b", "a%2Fb"],
        ["structural", "Structural"],
      ],
    },
  );
});
