// The simulated file system: Linux's semantics over a tree in memory, one call at once.
//
// Start here; then `path-walk.ts` (from a path to an inode), `tree.ts` (what every change of a name does), and the
// files of calls: opening, content, names, renaming, looking, attributes. `proc.ts` is /proc. `resources.ts` says what calls note of
// themselves for the search, `durability.ts` what a power loss may take.

import type { Resource } from "../footprint.ts";
import { chmod, chown, fchmod, fchown, futimes, lchown, lutimes, utimes } from "./attributes.ts";
import type { DiskCaller } from "./caller.ts";
import { type FileCallName, type FileCalls, SystemFault } from "./calls.ts";
import { fsync, ftruncate, read, write } from "./content.ts";
import { describeResource } from "./describe.ts";
import { distinctLosses } from "./distinct-losses.ts";
import { type DumpedInode, dumpTree } from "./dump.ts";
import type { Journal, UnsyncedItem } from "./durability.ts";
import { MAY_EXECUTE } from "./kernel-numbers.ts";
import { access, fstat, lstat, readdir, readlink, realpath, stat, statfs, workingDirectory } from "./looking.ts";
import { link, mkdir, mkdtemp, rmdir, symlink, unlink } from "./names.ts";
import { close, open } from "./opening.ts";
import { find } from "./path-walk.ts";
import { require } from "./permissions.ts";
import { treeAfterPowerLoss } from "./power-loss.ts";
import { ProcMount } from "./proc.ts";
import type { ProcessTable } from "./process-table.ts";
import { rename } from "./renaming.ts";
import { cloneTree, freshTree } from "./seed.ts";
import type { Tree } from "./tree.ts";
import type { AddressedNotice } from "./watches.ts";

type Performers = {
  readonly [Op in FileCallName]: (
    tree: Tree,
    caller: DiskCaller,
    ...args: FileCalls[Op]["args"]
  ) => FileCalls[Op]["result"];
};

const performers: Performers = {
  open,
  close,
  read,
  write,
  ftruncate,
  fsync,
  fdatasync: fsync,
  stat,
  lstat,
  fstat,
  statfs,
  access,
  mkdir,
  mkdtemp,
  rmdir,
  unlink,
  rename,
  link,
  symlink,
  readlink,
  realpath,
  readdir,
  chmod,
  fchmod,
  chown,
  lchown,
  fchown,
  utimes,
  lutimes,
  futimes,
  watch: (tree, caller, path, recursive) => tree.watches.add(tree, caller, path, recursive),
  unwatch: (tree, caller, watch) => tree.watches.remove(caller, watch),
};

export interface DiskOptions {
  /** Remember what is durable, for `unsynced` and `afterPowerLoss`; then fsync shows in footprints. Default false. */
  readonly trackDurability?: boolean;
  /** What /proc tells of; without, there is no /proc. */
  readonly processes?: ProcessTable;
}

/** A whole disk, with `/`, `/tmp` (1777), `/home`, `/dev/null` and perhaps `/proc`. */
export class Disk {
  private readonly tree: Tree;
  private readonly processes: ProcessTable | undefined;

  /** From options; the second parameter is for `clone`. */
  constructor(options: DiskOptions = {}, tree: Tree = freshTree(options.trackDurability === true)) {
    this.tree = tree;
    this.processes = options.processes;
    if (options.processes !== undefined) tree.root.mount = new ProcMount(tree, options.processes);
  }

  /** Where a process starts; also the root of every path. */
  get root() {
    return this.tree.root;
  }

  /**
   * Performs one call at once. What it touched is noted in `caller.footprint`, also when it fails; it fails with a
   * `SystemFault` that has the code Linux gives.
   */
  perform<Op extends FileCallName>(caller: DiskCaller, op: Op, args: FileCalls[Op]["args"]): FileCalls[Op]["result"] {
    return performers[op](this.tree, caller, ...args);
  }

  /** chdir. */
  changeDirectory(caller: DiskCaller, path: string): void {
    const { inode } = find(this.tree.root, caller, path, true);
    if (inode.kind !== "directory") throw new SystemFault("ENOTDIR");
    require(caller, inode, MAY_EXECUTE);
    caller.cwd = inode;
  }

  /** getcwd; fails with ENOENT if the directory was removed. */
  workingDirectory(caller: DiskCaller): string {
    return workingDirectory(caller);
  }

  /** The process ended or was killed: its descriptors close, which may be the end of unlinked files. */
  closeAll(caller: DiskCaller): void {
    for (const fd of caller.files.numbers()) close(this.tree, caller, fd);
    this.tree.watches.removeAllOf(caller);
  }

  /** Notices of watches since the last time. */
  takeNotices(): AddressedNotice[] {
    return this.tree.watches.take();
  }

  /** What a power loss may take, in the order in which it was done; needs `trackDurability`. */
  unsynced(): UnsyncedItem[] {
    return this.journal().unsynced();
  }

  /** Grows with every change that a power loss may take, and with every flush. */
  get unsyncedVersion(): number {
    return this.journal().version;
  }

  /** Ids to keep, for each disk that a power loss can leave; undefined when there are more than `most`. */
  distinctLosses(most: number): readonly (readonly number[])[] | undefined {
    return distinctLosses(this.tree, this.journal(), most);
  }

  /** Makes all of it durable: after a scenario's setup. */
  syncAll(): void {
    this.tree.journal?.syncAll();
  }

  /** The disk that is found if of the unsynced items these ids came through. No descriptors, no watches. */
  afterPowerLoss(kept: ReadonlySet<number>): Disk {
    return new Disk(this.mounted(), treeAfterPowerLoss(this.tree, this.journal(), kept));
  }

  private mounted(): DiskOptions {
    return this.processes === undefined ? {} : { processes: this.processes };
  }

  private journal(): Journal {
    if (this.tree.journal === undefined) throw new Error("this disk does not track what is durable");
    return this.tree.journal;
  }

  /** What a resource is, for people: `/lock`, `content of /balance`. */
  describe(what: Resource): string {
    return describeResource(this.tree, what);
  }

  /** The same tree again, on its own. Descriptors and watches stay behind; their inodes do, too. */
  clone(): Disk {
    return new Disk(this.mounted(), cloneTree(this.tree));
  }

  /** Everything under the root by path, in one order: for comparing states. */
  dump(): DumpedInode[] {
    return dumpTree(this.tree.root);
  }
}
