import assert from "node:assert/strict";
import { test } from "node:test";
import type { FileCallName, FileCalls } from "./calls.ts";
import { Disk } from "./disk.ts";
import { Dice, randomCall } from "./testing/random-calls.ts";
import { testCaller } from "./testing/test-caller.ts";

function setUp() {
  const disk = new Disk({ trackDurability: true });
  const caller = testCaller(disk, 1);
  const call = <Op extends FileCallName>(op: Op, ...args: FileCalls[Op]["args"]) => disk.perform(caller, op, args);
  const open = (path: string, flags = 0o102) => call("open", path, flags, 0o666);
  const fsync = (path: string) => call("fsync", open(path, 0));
  return { disk, call, open, fsync };
}

function tree(disk: Disk): string {
  const own = disk.dump().filter(({ path }) => !["/", "/dev", "/dev/null", "/home", "/tmp"].includes(path));
  return own.map(({ path, content }) => (content === undefined ? path : `${path}=${content}`)).join(" ");
}

/** The trees of every subset of what is not durable. */
function allOutcomes(disk: Disk): string[] {
  const items = disk.unsynced();
  const trees = new Set<string>();
  for (let part = 0; part < 1 << items.length; part++) {
    const kept = items.filter((_, at) => (part & (1 << at)) !== 0).map(({ id }) => id);
    trees.add(tree(disk.afterPowerLoss(new Set(kept))));
  }
  const distinct = (disk.distinctLosses(10_000) ?? []).map((kept) => tree(disk.afterPowerLoss(new Set(kept))));
  assert.deepEqual(distinct.toSorted(), [...trees].sort(), "each disk that can be found is found once");
  return [...trees].sort();
}

test("RACE-07 a write and a rename without fsync may each be lost, also the write alone", () => {
  const { disk, call, open } = setUp();
  call("write", open("/a"), Buffer.from("old"), null);
  disk.syncAll();
  call("write", open("/new"), Buffer.from("new"), null);
  call("rename", "/new", "/a");
  assert.deepEqual(
    disk.unsynced().map(({ sentence }) => sentence),
    ["create /new", "write 3 bytes to /a", "rename /new -> /a"],
  );
  // `/a=` is the well-known empty file: the rename came through and the content did not.
  assert.deepEqual(allOutcomes(disk), ["/a=", "/a=new", "/a=old", "/a=old /new=", "/a=old /new=new"]);
});

test("RACE-07 fsync of the file and of its directory make both durable; fsync of the file alone does not keep its name", () => {
  const { disk, call, open, fsync } = setUp();
  const fd = open("/a");
  call("write", fd, Buffer.from("kept"), null);
  call("fsync", fd);
  assert.deepEqual(allOutcomes(disk), ["", "/a=kept"]);
  fsync("/");
  assert.deepEqual(disk.unsynced(), []);
  assert.deepEqual(allOutcomes(disk), ["/a=kept"]);
  const durable = open("/a", 0o4010002);
  call("write", durable, Buffer.from("K"), null);
  assert.deepEqual(allOutcomes(disk), ["/a=Kept"], "O_SYNC needs no fsync");
});

test("RACE-07 a rename between two directories is lost or kept as a whole, and fsync of either keeps it", () => {
  for (const synced of ["/x", "/y"]) {
    const { disk, call, open, fsync } = setUp();
    call("mkdir", "/x", 0o777);
    call("mkdir", "/y", 0o777);
    open("/x/f");
    disk.syncAll();
    call("rename", "/x/f", "/y/f");
    assert.deepEqual(allOutcomes(disk), ["/x /x/f= /y", "/x /y /y/f="]);
    fsync(synced);
    assert.deepEqual(allOutcomes(disk), ["/x /y /y/f="]);
  }
});

test("RACE-07 a later change that is durable leaves nothing of an earlier one that was not", () => {
  const { disk, call, open, fsync } = setUp();
  call("mkdir", "/x", 0o777);
  call("mkdir", "/y", 0o777);
  call("write", open("/x/f"), Buffer.from("moved"), null);
  disk.syncAll();
  open("/y/f");
  call("rename", "/x/f", "/y/f");
  fsync("/x");
  assert.deepEqual(allOutcomes(disk), ["/x /y /y/f=moved"]);
});

test("RACE-07 truncation, writes beyond the end and removal are undone one by one", () => {
  const { disk, call, open } = setUp();
  call("write", open("/a"), Buffer.from("12345"), null);
  disk.syncAll();
  const fd = open("/a", 0o1002);
  call("write", fd, Buffer.from("x"), 2);
  call("unlink", "/a");
  assert.deepEqual(allOutcomes(disk), ["", "/a=", "/a=\0\0x", "/a=12345", "/a=12x45"]);
});

test("RACE-07 what is lost never leaves a directory inside itself, and nothing vanishes for it", () => {
  const { disk, call } = setUp();
  call("mkdir", "/a", 0o777);
  call("mkdir", "/a/b", 0o777);
  disk.syncAll();
  call("rename", "/a/b", "/b");
  call("rename", "/a", "/b/a");
  assert.deepEqual(allOutcomes(disk), ["/a /a/b", "/a /b", "/b /b/a"]);
});

test("RACE-07 the content of a file that is gone for good is not counted as unsynced", () => {
  const { disk, call, open, fsync } = setUp();
  call("write", open("/scratch"), Buffer.from("x"), null);
  call("unlink", "/scratch");
  fsync("/");
  assert.deepEqual(disk.unsynced(), []);
});

test("RACE-07 whatever part of random changes is lost, the disk is whole: links count, no directory twice, calls go on", () => {
  const firstSeed = Number(process.env.HOLDFAST_SEED ?? Date.now() % 1_000_000_000);
  for (let seed = firstSeed; seed < firstSeed + 3_000; seed++) {
    const dice = new Dice(seed);
    const { disk, call } = setUp();
    const path = () => dice.oneOf(["/a", "/b", "/c", "/a/a", "/a/b", "/b/a", "/a/a/b"]);
    for (let at = 0; at < 25; at++) {
      const [op, ...args] =
        dice.roll(4) === 0 ? (["mkdir", path(), 0o777] as const) : randomCall(dice, path, () => 17 + dice.roll(3));
      try {
        call(op, ...(args as FileCalls[typeof op]["args"]));
      } catch {}
      if (dice.roll(15) === 0) disk.syncAll();
    }
    const items = disk.unsynced();
    const kept = new Set(items.filter(() => dice.roll(2) === 0).map(({ id }) => id));
    checkWhole(disk.afterPowerLoss(kept), `HOLDFAST_SEED=${seed}`);
    assert.equal(
      tree(disk.afterPowerLoss(new Set(items.map(({ id }) => id)))),
      tree(disk),
      `nothing lost, HOLDFAST_SEED=${seed}`,
    );
  }
});

function checkWhole(disk: Disk, told: string): void {
  const dump = disk.dump();
  const names = new Map<number, number>();
  for (const { same } of dump) names.set(same, (names.get(same) ?? 0) + 1);
  for (const { path, type, nlink, same } of dump) {
    const below = path === "/" ? "/" : `${path}/`;
    const subdirectories = dump.filter(
      (inode) =>
        inode.type === "directory" &&
        inode.path !== "/" &&
        inode.path.startsWith(below) &&
        !inode.path.slice(below.length).includes("/"),
    );
    assert.equal(
      nlink,
      type === "directory" ? 2 + subdirectories.length : names.get(same),
      `${told}: links of ${path}`,
    );
    if (type === "directory") assert.equal(names.get(same), 1, `${told}: ${path} is there twice`);
  }
  assert.deepEqual(disk.unsynced(), [], told);
  assert.deepEqual(disk.clone().dump(), dump, told);
}
