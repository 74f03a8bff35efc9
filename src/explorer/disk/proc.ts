// /proc: what the kernel tells of the processes that live now, and of itself. As much as programs go by to tell one process
// from another: `PID/stat`, `self`, `sys/kernel/random/boot_id`.
//
// Nothing of it is stored. A name is looked up in the table of processes, which notes for the search whose life the answer
// depends on; so a name for a process that is no more is not there, and of a file that was opened before, reading fails.
// As in the kernel no name is ever free to be made here: a look at what is not there fails by itself.

import type { DiskCaller } from "./caller.ts";
import { SystemFault } from "./calls.ts";
import { type Birth, Directory, Entry, GeneratedFile, type Inode, type Mount, Symlink } from "./inode.ts";
import { PROC_DEVICE } from "./kernel-numbers.ts";
import type { ListedProcess, ProcessTable } from "./process-table.ts";
import type { Tree } from "./tree.ts";

/** Inode numbers: between those of a new disk and those that processes give. */
const [ROOT, SELF, SYS, KERNEL, RANDOM, BOOT_ID] = [7, 8, 9, 10, 11, 12] as const;
const FIRST_OF_PROCESSES = 1 << 19;
const EACH = 2;

const INIT = 1;
/** Fields after the parent: group, session, terminal, flags, faults and times, priority, threads. */
const FIELDS_5_TO_21 = (pid: number) => `${pid} ${pid} 0 -1 4194560 0 0 0 0 0 0 0 0 20 0 7 0`;
/** And after the start: memory, then addresses and signals, which are shown as zeros to those who may not know them. */
const FIELDS_23_TO_52 = `1073741824 10240 18446744073709551615 ${"0 ".repeat(12)}17 ${"0 ".repeat(13)}0`;

/** /proc in the root of a disk; made when it is first looked for. */
export class ProcMount implements Mount {
  readonly name = "proc";
  readonly #tree: Tree;
  readonly #processes: ProcessTable;
  #entry: Entry | undefined;

  constructor(tree: Tree, processes: ProcessTable) {
    this.#tree = tree;
    this.#processes = processes;
  }
  get entry(): Entry {
    this.#entry ??= named(this.#tree.root, this.name, new ProcRoot(this.#processes, this.#tree.inodes));
    return this.#entry;
  }
}

function named(parent: Directory, name: string, inode: Inode): Entry {
  const entry = new Entry(parent, name, inode);
  inode.entry = entry;
  return entry;
}

function ofKernel(ino: number, mode: number): Birth {
  return { ino, mode, uid: 0, gid: 0, nowMs: 0 };
}

abstract class ProcDirectory extends Directory {
  protected abstract find(caller: DiskCaller, name: string): Entry | undefined;
  protected abstract all(caller: DiskCaller): Entry[];

  override get dev(): number {
    return PROC_DEVICE;
  }
  override lookUp(caller: DiskCaller, name: string): Entry {
    const entry = this.find(caller, name);
    if (entry === undefined) throw new SystemFault("ENOENT");
    return entry;
  }
  override list(caller: DiskCaller): Entry[] {
    return this.all(caller);
  }
}

class ProcRoot extends ProcDirectory {
  readonly #processes: ProcessTable;
  readonly #inodes: Map<number, Inode>;
  readonly #sys: Entry;

  constructor(processes: ProcessTable, inodes: Map<number, Inode>) {
    super(ofKernel(ROOT, 0o555));
    this.#processes = processes;
    this.#inodes = inodes;
    const bootId = new BootId(processes.bootId);
    const random = new WithOneName(RANDOM, "boot_id", bootId);
    const kernel = new WithOneName(KERNEL, "random", random);
    const sys = new WithOneName(SYS, "kernel", kernel);
    this.#sys = named(this, "sys", sys);
    for (const inode of [this, sys, kernel, random, bootId]) inodes.set(inode.ino, inode);
  }

  protected find(caller: DiskCaller, name: string): Entry | undefined {
    if (name === "self") return this.#self(caller);
    if (name === "sys") return this.#sys;
    if (!/^[1-9][0-9]{0,8}$/.test(name)) return undefined;
    const process = this.#processes.find(caller, Number(name));
    return process === undefined ? undefined : this.#ofProcess(process);
  }
  protected all(caller: DiskCaller): Entry[] {
    const processes = this.#processes.all(caller).map((process) => this.#ofProcess(process));
    return [...processes, this.#self(caller), this.#sys];
  }

  #self(caller: DiskCaller): Entry {
    return named(this, "self", new ProcLink(ofKernel(SELF, 0o777), String(caller.pid)));
  }
  #ofProcess(process: ListedProcess): Entry {
    const directory = new ProcessDirectory(this.#processes, process);
    this.#inodes.set(directory.ino, directory);
    this.#inodes.set(directory.stat.ino, directory.stat);
    return named(this, String(process.pid), directory);
  }
}

class WithOneName extends ProcDirectory {
  readonly #only: Entry;
  constructor(ino: number, name: string, inode: Inode) {
    super(ofKernel(ino, 0o555));
    this.#only = named(this, name, inode);
  }
  protected find(_caller: DiskCaller, name: string): Entry | undefined {
    return name === this.#only.name ? this.#only : undefined;
  }
  protected all(): Entry[] {
    return [this.#only];
  }
}

class ProcLink extends Symlink {
  override get dev(): number {
    return PROC_DEVICE;
  }
}

class BootId extends GeneratedFile {
  readonly #bootId: string;
  constructor(bootId: string) {
    super(ofKernel(BOOT_ID, 0o444));
    this.#bootId = bootId;
  }
  override get dev(): number {
    return PROC_DEVICE;
  }
  content(): Uint8Array {
    return Buffer.from(`${this.#bootId}\n`);
  }
}

function birthOf({ pid, uid, gid, startedMs }: ListedProcess, at: number, mode: number): Birth {
  return { ino: FIRST_OF_PROCESSES + pid * EACH + at, mode, uid, gid, nowMs: startedMs };
}

class ProcessDirectory extends ProcDirectory {
  readonly stat: ProcessStat;
  readonly #processes: ProcessTable;
  readonly #process: ListedProcess;

  constructor(processes: ProcessTable, process: ListedProcess) {
    super(birthOf(process, 0, 0o555));
    this.#processes = processes;
    this.#process = process;
    this.stat = new ProcessStat(processes, process);
    named(this, "stat", this.stat);
  }
  protected find(caller: DiskCaller, name: string): Entry | undefined {
    return this.all(caller).find((entry) => entry.name === name);
  }
  protected all(caller: DiskCaller): Entry[] {
    // It may be somebody's working directory for longer than its process lives.
    if (this.#processes.find(caller, this.#process.pid) !== this.#process) return [];
    return this.stat.entry === undefined ? [] : [this.stat.entry];
  }
}

class ProcessStat extends GeneratedFile {
  readonly #processes: ProcessTable;
  readonly #process: ListedProcess;

  constructor(processes: ProcessTable, process: ListedProcess) {
    super(birthOf(process, 1, 0o444));
    this.#processes = processes;
    this.#process = process;
  }
  override get dev(): number {
    return PROC_DEVICE;
  }
  content(caller: DiskCaller): Uint8Array {
    const { pid } = this.#process;
    if (this.#processes.find(caller, pid) !== this.#process) throw new SystemFault("ESRCH");
    const command = this.#processes.commandOf(this.#process);
    // Whoever looks is running; the others wait for something, as they do whenever somebody else runs here.
    const state = pid === caller.pid ? "R" : "S";
    const parent = pid === INIT ? 0 : INIT;
    const ticks = this.#processes.startTicks(this.#process);
    return Buffer.from(`${pid} (${command}) ${state} ${parent} ${FIELDS_5_TO_21(pid)} ${ticks} ${FIELDS_23_TO_52}\n`);
  }
}
