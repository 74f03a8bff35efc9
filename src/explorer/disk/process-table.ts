// What the file system needs to know of the processes, for /proc.

import type { DiskCaller } from "./caller.ts";

/** One life of a process: another object than any other life, also when it has the same pid. */
export interface ListedProcess {
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  /** ms since 1970. */
  readonly startedMs: number;
}

/** Every answer notes for the caller what it depends on. */
export interface ProcessTable {
  /** Of this boot of the machine, as /proc/sys/kernel/random/boot_id shows it. */
  readonly bootId: string;
  /** Who has this pid now; the dead have none. */
  find(caller: DiskCaller, pid: number): ListedProcess | undefined;
  /** All that live. */
  all(caller: DiskCaller): ListedProcess[];
  /** Clock ticks from boot to its start. */
  startTicks(process: ListedProcess): number;
  /** The name of the program, as `comm` shows it. */
  commandOf(process: ListedProcess): string;
}
