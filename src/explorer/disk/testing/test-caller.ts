// Processes for tests of the disk.

import { Footprint } from "../../footprint.ts";
import type { DiskCaller } from "../caller.ts";
import type { Disk } from "../disk.ts";
import { OpenFiles } from "../open-files.ts";

export interface TestCaller extends DiskCaller {
  uid: number;
  gid: number;
  nowMs: number;
}

/** A process of root at the root; `number` keeps its inodes apart from others'. */
export function testCaller(disk: Disk, number = 0): TestCaller {
  let inodes = 100 + number * 1000;
  let watches = 0;
  let drawn = 0;
  return {
    process: `p${number}`,
    pid: 2 + number,
    files: new OpenFiles(),
    cwd: disk.root,
    umask: 0o022,
    uid: 0,
    gid: 0,
    footprint: new Footprint(),
    nowMs: 1_000_000_000_000,
    now() {
      return this.nowMs;
    },
    nextInode: () => inodes++,
    nextWatch: () => ++watches,
    randomName: () => `${number}${String(drawn++).padStart(5, "0")}`,
  };
}
