// Changing the folder under the eyes of its users, without losing a byte that somebody writes at the same moment.
//
// Between looking at a file and replacing it an editor may save. No check closes that window, so nothing is replaced:
//   1  the old file is renamed aside        it is ours alone by name from here on, whatever it turns out to be
//   2  it is looked at                      not what we knew? it is put back, and what it holds is a save to be taken in
//   3  the new file is linked in            create-or-fail: a save that came between 1 and 3 stays, and ours waits
//   4  the old file is kept for a while     an editor that had it open may still write to it; then that is a save, too
// A crash after 1 leaves the old file aside under its document's name; `restoreAsides` puts it back before anything looks
// at the folder, so that a missing file is never taken for a delete.

import { copyFileSync, linkSync, lstatSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import type { EntryId } from "../entries/index.ts";
import { systemCode } from "../errors.ts";
import type { Documents, FileRow } from "./documents.ts";
import { contentStamp, identify, linkedParent, observe, type Present } from "./observe.ts";
import { ancestorsOf } from "./paths.ts";

/** Files just laid out that are remembered at the most. */
const MAX_PLACED = 4_096;

/** A file that was taken out of the folder and may still be written to by whoever had it open. */
export interface Aside {
  readonly path: string;
  readonly doc: EntryId;
  readonly entry: EntryId;
  readonly type: string;
  readonly contentStamp: string;
}

export class Placer {
  private readonly folder: string;
  private readonly asideDir: string;
  private count = 0;
  /** Files as they were when they had just been laid out, by path: what the watcher tells of those is our own doing. */
  private readonly placed = new Map<string, { readonly fileId: string; readonly stamp: string }>();

  constructor(folder: string, asideDir: string) {
    this.folder = folder;
    this.asideDir = asideDir;
    mkdirSync(asideDir, { recursive: true });
  }

  /** Steps 1 and 2. Undefined: it is not what `row` says; the folder is as it was. */
  takeAside(row: FileRow): Aside | undefined {
    // Moved behind a link: what lies there is not ours to touch.
    if (linkedParent(this.folder, row.path) !== undefined) return undefined;
    this.count += 1;
    const aside = join(this.asideDir, `${row.doc}.${process.pid}.${this.count}`);
    const path = join(this.folder, row.path);
    try {
      // A folder is not what we knew; and all that is in it would be gone from its place for a moment.
      if (lstatSync(path).isDirectory()) return undefined;
      renameSync(path, aside);
    } catch (error) {
      const code = systemCode(error);
      if (code === "ENOENT" || code === "ENOTDIR") return undefined;
      throw error;
    }
    const { fileId, stamp } = identify(lstatSync(aside, { bigint: true }));
    if (fileId === row.file_id && contentStamp(stamp) === contentStamp(row.stamp)) {
      return { path: aside, doc: row.doc, entry: row.entry, type: row.type, contentStamp: contentStamp(stamp) };
    }
    this.putBack(aside, row.path);
    return undefined;
  }

  /** A link among the directories above `path` may lead out of the folder: nothing is written through it. */
  private refuseLinkedParent(path: string): void {
    const link = linkedParent(this.folder, path);
    if (link === undefined) return;
    throw Object.assign(new Error(`${link} is a link`), { code: "ELOOP" });
  }

  /** Brings what was taken aside to `path`; it stays aside when somebody else's file is there by now. */
  putBack(aside: string, path: string): boolean {
    if (lstatSync(aside, { throwIfNoEntry: false })?.isDirectory() === true) return this.moveBack(aside, path);
    try {
      if (!this.linkIn(aside, path)) return false;
    } catch (error) {
      // What was a directory above it is another one's file by now.
      if (systemCode(error) === "ENOTDIR") return false;
      throw error;
    }
    rmSync(aside, { force: true });
    return true;
  }

  /** A folder cannot be linked in. Nobody's file is lost by moving it: only an empty folder gives way to it. */
  private moveBack(aside: string, path: string): boolean {
    this.refuseLinkedParent(path);
    const target = join(this.folder, path);
    mkdirSync(dirname(target), { recursive: true });
    try {
      renameSync(aside, target);
      return true;
    } catch (error) {
      const code = systemCode(error);
      if (code === "ENOTEMPTY" || code === "EEXIST" || code === "ENOTDIR") return false;
      throw error;
    }
  }

  /** Step 3: gives the file `from` the name `path`, unless that name is taken: false. Parents are made. */
  linkIn(from: string, path: string): boolean {
    this.refuseLinkedParent(path);
    const target = join(this.folder, path);
    for (let attempt = 0; ; attempt += 1) {
      try {
        linkSync(from, target);
        return true;
      } catch (error) {
        const code = systemCode(error);
        if (code === "EEXIST") return false;
        if (code === "EXDEV") return this.copyIn(from, target);
        if (code !== "ENOENT" || attempt > 2) throw error;
        mkdirSync(dirname(target), { recursive: true });
      }
    }
  }

  /** The folder spans file systems here: the copy is made beside the target, then linked in the same way. */
  private copyIn(from: string, target: string): boolean {
    const temporary = join(dirname(target), `.#holdfast-${process.pid}-${this.count}`);
    copyFileSync(from, temporary);
    try {
      linkSync(temporary, target);
      return true;
    } catch (error) {
      if (systemCode(error) === "EEXIST") return false;
      throw error;
    } finally {
      rmSync(temporary, { force: true });
    }
  }

  /** Makes a directory; one that is there is fine. False: something else is there. */
  makeDirectory(path: string): boolean {
    this.refuseLinkedParent(path);
    try {
      mkdirSync(join(this.folder, path), { recursive: true });
      return true;
    } catch (error) {
      const code = systemCode(error);
      if (code === "EEXIST" || code === "ENOTDIR") return false;
      throw error;
    }
  }

  /** Removes a directory if it is empty. */
  removeDirectory(path: string): boolean {
    if (linkedParent(this.folder, path) !== undefined) return false;
    try {
      rmdirSync(join(this.folder, path));
      return true;
    } catch (error) {
      const code = systemCode(error);
      if (code === "ENOENT") return true;
      if (code === "ENOTEMPTY" || code === "EEXIST" || code === "ENOTDIR") return false;
      throw error;
    }
  }

  /** Removes the directories above `path` that are empty now, up to one that `keep` says must stay. */
  removeEmptyParents(path: string, keep: (dir: string) => boolean): void {
    for (let dir = dirname(path); dir !== "." && !keep(dir); dir = dirname(dir)) {
      if (!this.removeDirectory(dir)) return;
    }
  }

  /** The first above `path` that is there and no directory; undefined when there is none. */
  obstacle(path: string): string | undefined {
    return ancestorsOf(path)
      .toReversed()
      .find((dir) => {
        const stats = lstatSync(join(this.folder, dir), { throwIfNoEntry: false });
        return stats !== undefined && !stats.isDirectory();
      });
  }

  /** What lies at `path` now, to be remembered. Undefined when it is not there any more. */
  look(path: string): Present | undefined {
    const seen = observe(this.folder, path);
    return seen.kind === "file" || seen.kind === "symlink" || seen.kind === "directory" ? seen : undefined;
  }

  /** Remembers a file that was just laid out, so that its own events need no look at it. */
  notePlaced({ path, fileId, stamp }: Present): void {
    if (this.placed.size >= MAX_PLACED) this.placed.clear();
    this.placed.set(path, { fileId, stamp });
  }

  /** True when nothing was done to `path` since it was laid out. Whatever is done after this is told by another event. */
  isAsPlaced(path: string): boolean {
    const placed = this.placed.get(path);
    if (placed === undefined) return false;
    const now = observe(this.folder, path);
    if (now.kind === "file" && now.fileId === placed.fileId && now.stamp === placed.stamp) return true;
    this.placed.delete(path);
    return false;
  }

  /** Puts back what a crash left aside and nothing has replaced; the rest was replaced and goes. A folder was never ours:
   *  it goes back to where it was, or stays. */
  restoreAsides(documents: Documents): void {
    for (const name of readdirSync(this.asideDir)) {
      const aside = join(this.asideDir, name);
      const row = documents.fileOf(name.split(".", 1)[0] as EntryId);
      const isBack = row !== undefined && this.putBack(aside, row.path);
      if (!isBack && !lstatSync(aside).isDirectory()) rmSync(aside, { force: true });
    }
  }
}
