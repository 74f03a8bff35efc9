// What the disk needs to know of the process that calls it.

import type { Footprint } from "../footprint.ts";
import type { Directory } from "./inode.ts";
import type { OpenFiles } from "./open-files.ts";

export interface DiskCaller {
  /** The name in notices of this process's watches. */
  readonly process: string;
  readonly pid: number;
  /** Fresh for every life of the process: `new OpenFiles()`. */
  readonly files: OpenFiles;
  /** `disk.root` to begin with; changed by `disk.changeDirectory`. */
  cwd: Directory;
  umask: number;
  readonly uid: number;
  readonly gid: number;
  readonly footprint: Footprint;
  /** Simulated time, whole ms since 1970. */
  now(): number;
  /**
   * A number no other inode of the disk has (the disk's own are below `FIRST_FREE_INODE`). From the process's own
   * count, so that it does not depend on what others did before.
   */
  nextInode(): number;
  /** Likewise for watches. */
  nextWatch(): number;
  /** Six characters for `mkdtemp`. */
  randomName(): string;
}
