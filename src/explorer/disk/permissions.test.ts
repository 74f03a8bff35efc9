import assert from "node:assert/strict";
import { test } from "node:test";
import { type FileCallName, type FileCalls, SystemFault } from "./calls.ts";
import { Disk } from "./disk.ts";
import { testCaller } from "./testing/test-caller.ts";

const CREATE = 0o101;

/** A disk with root and two users of groups of their own. */
function users() {
  const disk = new Disk();
  const as = (number: number, uid: number, gid = uid) => {
    const caller = testCaller(disk, number);
    Object.assign(caller, { uid, gid, umask: 0 });
    return <Op extends FileCallName>(op: Op, ...args: FileCalls[Op]["args"]): unknown => {
      try {
        return disk.perform(caller, op, args) ?? "done";
      } catch (fault) {
        if (fault instanceof SystemFault) return fault.code;
        throw fault;
      }
    };
  };
  return { root: as(0, 0), ann: as(1, 1000), bob: as(2, 1001), annsGroup: as(3, 1002, 1000) };
}

test("owner, group and others have the bits that are theirs, and no others'", () => {
  const { ann, bob, annsGroup, root } = users();
  ann("open", "/f", CREATE, 0o640);
  assert.equal(annsGroup("access", "/f", 4), "done");
  assert.equal(annsGroup("open", "/f", 1, 0), "EACCES");
  assert.equal(bob("open", "/f", 0, 0), "EACCES");
  ann("chmod", "/f", 0o077);
  assert.equal(ann("access", "/f", 4), "EACCES", "the owner is not one of the others");
  assert.equal(bob("access", "/f", 4), "done");
  assert.equal(root("access", "/f", 2), "done");
  ann("chmod", "/f", 0o600);
  assert.equal(root("access", "/f", 1), "EACCES", "nobody may execute it, not even root");
});

test("a directory wants x to pass, r to list and w to change names", () => {
  const { ann, bob } = users();
  ann("mkdir", "/d", 0o711);
  ann("open", "/d/f", CREATE, 0o666);
  assert.equal(bob("access", "/d/f", 4), "done");
  assert.equal(bob("readdir", "/d"), "EACCES");
  assert.equal(bob("unlink", "/d/f"), "EACCES");
  assert.equal(bob("mkdir", "/d/g", 0o777), "EACCES");
  ann("chmod", "/d", 0o766);
  assert.equal(bob("access", "/d/f", 0), "EACCES");
  assert.equal((bob("readdir", "/d") as unknown[]).length, 1);
});

test("in a sticky directory only the owner of the file, of the directory, or root takes a name away", () => {
  const { ann, bob, root } = users();
  for (const name of ["/tmp/1", "/tmp/2"]) ann("open", name, CREATE, 0o666);
  bob("open", "/tmp/3", CREATE, 0o666);
  assert.equal(bob("unlink", "/tmp/1"), "EPERM");
  assert.equal(bob("rename", "/tmp/1", "/tmp/4"), "EPERM");
  assert.equal(bob("rename", "/tmp/3", "/tmp/1"), "EPERM");
  assert.equal(ann("unlink", "/tmp/1"), "done");
  assert.equal(root("unlink", "/tmp/2"), "done");
  ann("mkdir", "/s", 0o1777);
  bob("open", "/s/f", CREATE, 0o666);
  assert.equal(ann("unlink", "/s/f"), "done", "the directory is hers");
});

test("mode, owner and times are changed by the owner, the owner only by root", () => {
  const { ann, bob, root } = users();
  ann("open", "/f", CREATE, 0o6777);
  assert.equal(bob("chmod", "/f", 0o777), "EPERM");
  assert.equal(bob("utimes", "/f", 1, 1), "EPERM");
  assert.equal(ann("chown", "/f", 1001, -1), "EPERM");
  assert.equal(ann("chown", "/f", -1, 1000), "done");
  assert.equal(root("chown", "/f", 1001, 1001), "done");
  assert.equal(bob("chmod", "/f", 0o600), "done");
});

test("in a setgid directory new inodes belong to its group, and new directories are setgid as well", () => {
  const { root, ann } = users();
  root("mkdir", "/team", 0o777);
  root("chown", "/team", -1, 50);
  root("chmod", "/team", 0o2777);
  ann("mkdir", "/team/d", 0o777);
  ann("open", "/team/f", CREATE, 0o666);
  const seen = (path: string) => {
    const { mode, uid, gid } = ann("stat", path) as { mode: number; uid: number; gid: number };
    return [mode & 0o7777, uid, gid];
  };
  assert.deepEqual(seen("/team/d"), [0o2777, 1000, 50]);
  assert.deepEqual(seen("/team/f"), [0o666, 1000, 50]);
});

test("a file that one may not read and write cannot be linked", () => {
  const { ann, bob } = users();
  ann("open", "/f", CREATE, 0o644);
  assert.equal(bob("link", "/f", "/g"), "EPERM");
  ann("chmod", "/f", 0o666);
  assert.equal(bob("link", "/f", "/g"), "done");
});
