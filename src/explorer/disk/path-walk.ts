// From a path to what it names, as Linux's namei does it: name by name, each a read of what the name means.

import type { DiskCaller } from "./caller.ts";
import { SystemFault } from "./calls.ts";
import type { Directory, Entry, Inode, Symlink } from "./inode.ts";
import { MAX_SYMLINKS, MAY_EXECUTE, NAME_MAX_BYTES, PATH_MAX_BYTES } from "./kernel-numbers.ts";
import { permits } from "./permissions.ts";

/** What the last part of a path is. */
export type LastKind = "name" | "dot" | "dotdot" | "root";

interface ParsedPath {
  readonly absolute: boolean;
  /** All but the last. */
  readonly before: readonly string[];
  readonly last: string;
  readonly lastKind: LastKind;
  readonly slash: boolean;
}

/** Programs use few paths, again and again. */
const parsed = new Map<string, ParsedPath>();
const MAX_PARSED = 10_000;

function parse(path: string): ParsedPath {
  const known = parsed.get(path);
  if (known !== undefined) return known;
  if (path === "") throw new SystemFault("ENOENT");
  if (path.length * 3 >= PATH_MAX_BYTES && Buffer.byteLength(path) >= PATH_MAX_BYTES)
    throw new SystemFault("ENAMETOOLONG");
  const names = path.split("/").filter((name) => name !== "");
  const last = names.pop() ?? "";
  const lastKind = last === "" ? "root" : last === "." ? "dot" : last === ".." ? "dotdot" : "name";
  const result: ParsedPath = {
    absolute: path.startsWith("/"),
    before: names,
    last,
    lastKind,
    slash: path.endsWith("/"),
  };
  if (parsed.size >= MAX_PARSED) parsed.clear();
  parsed.set(path, result);
  return result;
}

/** The entry of a name in a directory, if there is one. */
export function lookUp(caller: DiskCaller, directory: Directory, name: string): Entry | undefined {
  if (name.length * 3 > NAME_MAX_BYTES && Buffer.byteLength(name) > NAME_MAX_BYTES) {
    caller.footprint.read(directory.resources.list);
    if (directory.dead) return undefined;
    throw new SystemFault("ENAMETOOLONG");
  }
  return directory.lookUp(caller, name);
}

/** A walk along one path. It stands at the directory of the last part, which callers may then look up, make or remove. */
export class Walk {
  private readonly root: Directory;
  private readonly caller: DiskCaller;
  private links = 0;
  directory: Directory;
  last = "";
  lastKind: LastKind = "root";
  /** Whether the path ended in a slash, so that only a directory will do. */
  slash = false;
  /** The last entry looked up by `find`. */
  entry: Entry | undefined = undefined;

  constructor(root: Directory, caller: DiskCaller, path: string) {
    this.root = root;
    this.caller = caller;
    this.directory = root;
    this.toParent(caller.cwd, parse(path));
  }

  /**
   * What the path names, if anything; a symlink at its end is followed if `follow` or a slash says so. With O_CREAT
   * (`creates`) no slash is allowed at the end, not in the path and not in a symlink that it ends in.
   */
  find(follow: boolean, creates = false): Inode | undefined {
    const inode = this.findLast(follow, creates);
    if (inode !== undefined && this.slash && inode.kind !== "directory") throw new SystemFault("ENOTDIR");
    return inode;
  }

  private findLast(follow: boolean, creates: boolean): Inode | undefined {
    this.entry = undefined;
    switch (this.lastKind) {
      case "root":
        return this.root;
      case "dot":
        this.entry = this.directory.entry;
        return this.directory;
      case "dotdot": {
        const above = this.above(this.directory);
        this.entry = above.entry;
        return above;
      }
      case "name": {
        if (creates && this.slash) throw new SystemFault("EISDIR");
        const entry = lookUp(this.caller, this.directory, this.last);
        if (entry === undefined) return undefined;
        const inode = entry.inode;
        if (inode.kind === "symlink" && (follow || this.slash)) {
          return this.follow(this.directory, inode, this.slash, creates);
        }
        this.entry = entry;
        return inode;
      }
    }
  }

  private toParent(from: Directory, path: ParsedPath): void {
    let directory = path.absolute ? this.root : from;
    for (const name of path.before) directory = this.into(directory, name);
    if (path.lastKind !== "root" && !permits(this.caller, directory, MAY_EXECUTE)) throw new SystemFault("EACCES");
    this.directory = directory;
    this.last = path.last;
    this.lastKind = path.lastKind;
    this.slash = path.slash;
  }

  private into(directory: Directory, name: string): Directory {
    if (!permits(this.caller, directory, MAY_EXECUTE)) throw new SystemFault("EACCES");
    if (name === ".") return directory;
    if (name === "..") return this.above(directory);
    let inode: Inode | undefined = lookUp(this.caller, directory, name)?.inode;
    if (inode?.kind === "symlink") inode = this.follow(directory, inode, true, false);
    if (inode === undefined) throw new SystemFault("ENOENT");
    if (inode.kind !== "directory") throw new SystemFault("ENOTDIR");
    return inode;
  }

  /** Walks on along a symlink's target; a slash after the link still asks for a directory at its end. */
  private follow(directory: Directory, link: Symlink, slash: boolean, creates: boolean): Inode | undefined {
    this.links++;
    if (this.links > MAX_SYMLINKS) throw new SystemFault("ELOOP");
    this.toParent(directory, parse(link.target));
    this.slash ||= slash;
    return this.findLast(true, creates);
  }

  private above(directory: Directory): Directory {
    this.caller.footprint.read(directory.resources.up);
    return directory.entry?.parent ?? directory;
  }
}

/** What a path names; fails with ENOENT if nothing. */
export function find(
  root: Directory,
  caller: DiskCaller,
  path: string,
  follow: boolean,
): { inode: Inode; entry: Entry | undefined } {
  const walk = new Walk(root, caller, path);
  const inode = walk.find(follow);
  if (inode === undefined) throw new SystemFault("ENOENT");
  return { inode, entry: walk.entry };
}
