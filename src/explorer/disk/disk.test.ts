import assert from "node:assert/strict";
import { test } from "node:test";
import { meet, resourceName, type Touched } from "../footprint.ts";
import { type FileCallName, type FileCalls, SystemFault } from "./calls.ts";
import { Disk } from "./disk.ts";
import { type TestCaller, testCaller } from "./testing/test-caller.ts";

const READ_WRITE_CREATE = 0o102;

/** The result, or the code of the fault. */
function call<Op extends FileCallName>(
  disk: Disk,
  caller: TestCaller,
  op: Op,
  ...args: FileCalls[Op]["args"]
): unknown {
  try {
    return disk.perform(caller, op, args);
  } catch (fault) {
    if (fault instanceof SystemFault) return fault.code;
    throw fault;
  }
}

function touchedBy(disk: Disk, caller: TestCaller, ...[op, ...args]: [op: FileCallName, ...args: unknown[]]): Touched {
  caller.footprint.take();
  call(disk, caller, op, ...(args as FileCalls[typeof op]["args"]));
  return caller.footprint.take();
}

function write(disk: Disk, caller: TestCaller, path: string, text: string): void {
  const fd = disk.perform(caller, "open", [path, READ_WRITE_CREATE | 0o1000, 0o666]);
  disk.perform(caller, "write", [fd, Buffer.from(text), null]);
  disk.perform(caller, "close", [fd]);
}

function pair(): { disk: Disk; a: TestCaller; b: TestCaller } {
  const disk = new Disk();
  return { disk, a: testCaller(disk, 1), b: testCaller(disk, 2) };
}

test("a new disk has /, /tmp, /home and /dev/null, and the root cannot be removed, moved or made", () => {
  const { disk, a } = pair();
  const shown = disk.dump().map(({ path, mode, nlink }) => `${path} ${mode.toString(8)} ${nlink}`);
  assert.deepEqual(shown, ["/ 777 5", "/dev 755 2", "/dev/null 666 1", "/home 777 2", "/tmp 1777 2"]);
  assert.equal(call(disk, a, "rmdir", "/"), "EBUSY");
  assert.equal(call(disk, a, "rename", "/", "/x"), "EBUSY");
  assert.equal(call(disk, a, "mkdir", "/", 0o777), "EEXIST");
  assert.equal(call(disk, a, "unlink", "/"), "EISDIR");
  assert.equal(call(disk, a, "realpath", "/../tmp/.."), "/");
  const fd = disk.perform(a, "open", ["/dev/null", 2, 0]);
  assert.equal(disk.perform(a, "write", [fd, Buffer.from("lost"), null]), 4);
  assert.equal(disk.perform(a, "read", [fd, 10, null]).length, 0);
});

test("descriptors are the lowest free, outlive their names, and all close at once", () => {
  const { disk, a } = pair();
  write(disk, a, "/f", "content");
  assert.deepEqual([call(disk, a, "open", "/f", 0, 0), call(disk, a, "open", "/f", 0, 0)], [17, 18]);
  call(disk, a, "close", 17);
  assert.equal(call(disk, a, "open", "/f", 0, 0), 17);
  call(disk, a, "unlink", "/f");
  assert.equal(Buffer.from(disk.perform(a, "read", [18, 20, null])).toString(), "content");
  assert.equal(disk.perform(a, "fstat", [18]).nlink, 0);
  disk.closeAll(a);
  assert.equal(call(disk, a, "read", 18, 1, null), "EBADF");
});

test("a path leads through 40 symlinks, and not through 41", () => {
  const { disk, a } = pair();
  write(disk, a, "/0", "end");
  for (let link = 1; link <= 41; link++) call(disk, a, "symlink", `${link - 1}`, `/${link}`);
  assert.equal(call(disk, a, "realpath", "/40"), "/0");
  assert.equal(call(disk, a, "realpath", "/41"), "ELOOP");
});

test("mkdtemp draws again when the name is taken", () => {
  const { disk, a } = pair();
  call(disk, a, "mkdir", "/tmp/x-100000", 0o777);
  assert.equal(call(disk, a, "mkdtemp", "/tmp/x-"), "/tmp/x-100001");
});

test("a working directory that was removed takes no names and has no path", () => {
  const { disk, a, b } = pair();
  call(disk, a, "mkdir", "/d", 0o777);
  disk.changeDirectory(a, "/d");
  assert.equal(disk.workingDirectory(a), "/d");
  call(disk, b, "rename", "/d", "/e");
  assert.equal(disk.workingDirectory(a), "/e");
  call(disk, b, "rmdir", "/e");
  assert.equal(call(disk, a, "open", "x", READ_WRITE_CREATE, 0o666), "ENOENT");
  assert.equal(call(disk, a, "realpath", "."), "ENOENT");
  assert.throws(() => disk.workingDirectory(a), new SystemFault("ENOENT"));
});

test("what is independent does not meet: names of one directory, and looking at one thing", () => {
  const { disk, a, b } = pair();
  for (const op of ["open", "open"] as const) {
    const one = touchedBy(disk, a, op, "/a", READ_WRITE_CREATE, 0o666);
    const other = touchedBy(disk, b, op, "/b", READ_WRITE_CREATE, 0o666);
    assert.equal(meet(one, other), false, "to create, and to open again");
  }
  const pairs: [unknown[], unknown[]][] = [
    [
      ["write", 17, Buffer.from("x"), null],
      ["write", 17, Buffer.from("x"), null],
    ],
    [
      ["stat", "/a"],
      ["stat", "/b"],
    ],
    [
      ["stat", "/a"],
      ["write", 17, Buffer.from("x"), null],
    ],
    [
      ["rename", "/a", "/a2"],
      ["rename", "/b", "/b2"],
    ],
    [
      ["unlink", "/a2"],
      ["unlink", "/b2"],
    ],
    [
      ["open", "/dev/null", 0, 0],
      ["open", "/dev/null", 0, 0],
    ],
    [
      ["readdir", "/"],
      ["readdir", "/"],
    ],
  ];
  for (const [one, other] of pairs) {
    assert.equal(
      meet(touchedBy(disk, a, ...(one as ["stat"])), touchedBy(disk, b, ...(other as ["stat"]))),
      false,
      `${one} ${other}`,
    );
  }
});

test("of those who mkdir one name, the winner meets the losers, and losers do not meet", () => {
  const { disk, a, b } = pair();
  const winner = touchedBy(disk, a, "mkdir", "/lock", 0o777);
  const loser = touchedBy(disk, b, "mkdir", "/lock", 0o777);
  const another = touchedBy(disk, a, "mkdir", "/lock", 0o777);
  assert.equal(meet(winner, loser), true);
  assert.equal(meet(loser, another), false);
});

test("a call that stamps the time has read the clock; one that shows a stamp has not", () => {
  const { disk, a } = pair();
  const readsClock = (touched: Touched) => touched.some((touch) => resourceName(touch >> 2) === "clock");
  assert.equal(readsClock(touchedBy(disk, a, "mkdir", "/d", 0o777)), true);
  assert.equal(readsClock(touchedBy(disk, a, "chmod", "/d", 0o700)), true);
  assert.equal(readsClock(touchedBy(disk, a, "stat", "/d")), false);
  assert.equal(readsClock(touchedBy(disk, a, "mkdir", "/d", 0o777)), false);
});

test("resources are told by path, also of what is gone", () => {
  const { disk, a } = pair();
  const told = (touched: Touched) => touched.map((touch) => `${"rAW"[touch & 3]} ${disk.describe(touch >> 2)}`);
  assert.deepEqual(told(touchedBy(disk, a, "mkdir", "/lock", 0o777)), [
    "r /lock",
    "r clock",
    "W /lock",
    "A names in /",
    "A attributes of /",
  ]);
  write(disk, a, "/lock/f", "x");
  const fd = disk.perform(a, "open", ["/lock/f", 0, 0]);
  call(disk, a, "unlink", "/lock/f");
  assert.deepEqual(told(touchedBy(disk, a, "read", fd, 1, null)), ["r content of /lock/f"]);
  assert.deepEqual(told(touchedBy(disk, a, "watch", "/lock", false))[1], "W notices of p1's watch 1");
});

test("watches tell of names and content, recursive ones of all that is below", () => {
  const { disk, a, b } = pair();
  call(disk, b, "mkdir", "/d", 0o777);
  call(disk, b, "mkdir", "/d/sub", 0o777);
  const flat = disk.perform(a, "watch", ["/d", false]);
  const deep = disk.perform(a, "watch", ["/d", true]);
  write(disk, b, "/d/sub/f", "x");
  call(disk, b, "rename", "/d/sub/f", "/d/g");
  call(disk, b, "chmod", "/d/g", 0o600);
  const told = (id: number, from: ReturnType<Disk["takeNotices"]>) =>
    from.filter(({ notice }) => notice.watch === id).map(({ notice }) => `${notice.event} ${notice.name}`);
  const notices = disk.takeNotices();
  assert.deepEqual(told(flat, notices), ["rename g", "change g"]);
  assert.deepEqual(told(deep, notices), ["rename sub/f", "change sub/f", "rename sub/f", "rename g", "change g"]);
  call(disk, a, "unwatch", flat);
  disk.closeAll(a);
  call(disk, b, "unlink", "/d/g");
  assert.deepEqual(disk.takeNotices(), []);
});

test("a clone is the same tree on its own", () => {
  const { disk, a } = pair();
  write(disk, a, "/f", "one");
  call(disk, a, "link", "/f", "/tmp/g");
  const copy = disk.clone();
  const other = testCaller(copy, 3);
  assert.deepEqual(copy.dump(), disk.dump());
  write(copy, other, "/f", "two");
  write(disk, a, "/only-here", "");
  const content = (of: Disk, path: string) => of.dump().find((inode) => inode.path === path)?.content;
  assert.deepEqual(
    [content(disk, "/f"), content(copy, "/tmp/g"), content(copy, "/only-here")],
    ["one", "two", undefined],
  );
});
