// Identical contents of one workspace share their bytes: by reflink where the file system can, else by hard link. The caller
// works alone in the store.
//
// Each file is replaced on its own: the shared one is made in staging and renamed over it, so that a reader, and a
// crash, finds one or the other, of the same bytes. Both are hashed before; a damaged file is neither shared nor replaced.
// That files share an inode is safe because no content is ever written in place.

import { createHash } from "node:crypto";
import { constants, copyFileSync, linkSync, renameSync, rmSync, type Stats, statSync, utimesSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as nextTurn } from "node:timers/promises";
import { systemCode } from "../errors.ts";
import { contentPath } from "./artifact-on-disk.ts";
import { collectionsOnDisk } from "./collections-on-disk.ts";
import type { LockWait } from "./drafts.ts";
import { fsyncPath } from "./durable.ts";
import { filePieces } from "./read-content.ts";
import { settle } from "./settle.ts";
import type { Store } from "./store.ts";
import type { Fence } from "./write-versions.ts";

export interface CompactOptions extends LockWait {
  /** Only tell what would be saved. */
  readonly dryRun?: boolean;
}

export interface CompactResult {
  /** Contents that share another one's bytes now and did not before. */
  readonly contents: number;
  /** What that saves. */
  readonly bytes: number;
}

interface ContentFile {
  readonly path: string;
  readonly status: Stats;
}

/** Throws `LOCK_TIMEOUT`, `LOCK_LOST`, `DISK_FULL`. */
export async function compact(store: Store, options: CompactOptions = {}): Promise<CompactResult> {
  await store.readyCatalog(options);
  return store.alone(options, async (fence) => {
    const { layout, catalog } = store;
    for (const collection of collectionsOnDisk(layout)) settle({ layout, catalog }, collection);
    const sharing = new Sharing(store, fence, options.dryRun === true);
    for (const contentHash of catalog.repeatedContents()) {
      const files = catalog.holdersOf(contentHash).flatMap((record) => filesAt(contentPath(layout, record)));
      await sharing.share(contentHash, files);
    }
    return { contents: sharing.contents, bytes: sharing.bytes };
  });
}

class Sharing {
  contents = 0;
  bytes = 0;
  private readonly store: Store;
  private readonly fence: Fence;
  private readonly isDryRun: boolean;
  /** Until the file system has refused it. */
  private canClone = true;

  constructor(store: Store, fence: Fence, isDryRun: boolean) {
    this.store = store;
    this.fence = fence;
    this.isDryRun = isDryRun;
  }

  /** Lets `files`, all of which should have this hash, share the bytes of one of them. */
  async share(contentHash: string, files: readonly ContentFile[]): Promise<void> {
    // The one with most names first: it may be shared by the others already.
    const ordered = files.toSorted((a, b) => b.status.nlink - a.status.nlink);
    let source: ContentFile | undefined;
    for (const file of ordered) {
      await nextTurn();
      if (source !== undefined && sharesAlready(source, file)) continue;
      if ((await hashOf(file.path)) !== contentHash) continue;
      if (source === undefined) source = file;
      else if (this.isDryRun || this.replace(source, file)) this.count(file);
      // It has as many names as a file can have: the next ones share this one.
      else source = file;
    }
  }

  private count({ status }: ContentFile): void {
    this.contents += 1;
    this.bytes += status.size;
  }

  /** False when `source` can have no more names. */
  private replace(source: ContentFile, file: ContentFile): boolean {
    const { staging } = this.store;
    const dir = staging.newDir();
    try {
      const made = join(dir, "content");
      if (!this.cloneOrLink(source, made)) return false;
      this.fence.assertHeld();
      renameSync(made, file.path);
      return true;
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  }

  private cloneOrLink(source: ContentFile, to: string): boolean {
    if (this.canClone) {
      try {
        copyFileSync(source.path, to, constants.COPYFILE_FICLONE_FORCE);
        utimesSync(to, new Date(), markOf(source));
        fsyncPath(to);
        return true;
      } catch (error) {
        if (systemCode(error) === "ENOSPC") throw error;
        this.canClone = false;
        rmSync(to, { force: true });
      }
    }
    try {
      // Nothing to flush: its bytes are on the disk, and so are those of the file that it takes the place of.
      linkSync(source.path, to);
      return true;
    } catch (error) {
      if (systemCode(error) === "EMLINK") return false;
      throw error;
    }
  }
}

/** Nobody tells of two files that they are clones, so a clone is given the source's time, in whole milliseconds. */
function markOf({ status }: ContentFile): Date {
  return new Date(Math.floor(status.mtimeMs));
}

function sharesAlready(source: ContentFile, { status }: ContentFile): boolean {
  const isSameFile = status.ino === source.status.ino && status.dev === source.status.dev;
  return isSameFile || status.mtimeMs === markOf(source).getTime();
}

/** None where it is missing, or no file: that is told to whoever reads it. */
function filesAt(path: string): ContentFile[] {
  const status = statSync(path, { throwIfNoEntry: false });
  return status?.isFile() === true && status.size > 0 ? [{ path, status }] : [];
}

async function hashOf(path: string): Promise<string> {
  const digest = createHash("sha256");
  for await (const piece of filePieces(path)) digest.update(piece);
  return digest.digest("hex");
}
