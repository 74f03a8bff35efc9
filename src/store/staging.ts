// Staged content: bytes on the store's own disk that no version refers to yet.
//
// Every process stages in a directory of its own, named by its process token, so that the next comer can tell what a
// dead process left behind and remove it. Nothing in staging is ever read as data.

import { createHash, hash, randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { isOwnerTokenAlive, ownerToken } from "../coordination/index.ts";
import type { ContentHash } from "../entries/index.ts";
import { HoldfastError, systemCode } from "../errors.ts";

/** Kept in memory at the most of one content, until it is saved. */
const MOST_KEPT_BYTES = 16 * 1_024;

/** What content can be given as. A stream is read once, in the order of its chunks. */
export type ContentSource = Uint8Array | string | AsyncIterable<Uint8Array>;

/** A directory in staging that holds the file `content`, complete and not yet flushed. */
export interface StagedContent {
  readonly dir: string;
  readonly hash: ContentHash;
  /** Bytes. */
  readonly size: number;
  /** The bytes themselves, of what is small: whoever writes them once more need not read them. */
  readonly bytes?: Uint8Array;
}

export interface StageLimits {
  /** Bytes at the most; more is refused with `TOO_LARGE`. Default: no limit. */
  readonly maxBytes?: number;
  readonly signal?: AbortSignal;
  /** Told the bytes staged so far. */
  readonly onProgress?: (bytes: number) => void;
}

export class Staging {
  private readonly root: string;
  private mine: string | undefined;
  private count = 0;
  private readonly shared = new Map<string, string>();

  constructor(root: string) {
    this.root = root;
  }

  /** A new empty directory. */
  newDir(): string {
    if (this.mine === undefined) {
      this.mine = join(this.root, `${ownerToken()}_${randomUUID()}`);
      mkdirSync(this.mine, { recursive: true });
    }
    this.count += 1;
    const dir = join(this.mine, String(this.count));
    mkdirSync(dir);
    return dir;
  }

  /** Stages `bytes` without giving up the thread: for many small contents. */
  stageBytes(bytes: Uint8Array, knownHash?: ContentHash): StagedContent {
    const dir = this.newDir();
    writeFileSync(join(dir, "content"), bytes);
    return { dir, hash: knownHash ?? hash("sha256", bytes), size: bytes.length };
  }

  /** Stages any source; memory stays bounded by the source's chunks. Nothing is left behind on failure. */
  async stage(source: ContentSource, limits: StageLimits = {}): Promise<StagedContent> {
    if (typeof source === "string" || source instanceof Uint8Array) {
      const isSmall = source.length <= MOST_KEPT_BYTES;
      // A copy: the caller may change it before it is written again.
      const bytes = typeof source === "string" ? Buffer.from(source) : isSmall ? Buffer.from(source) : source;
      return { ...this.stageBytes(bytes), ...(isSmall && { bytes }) };
    }
    const dir = this.newDir();
    try {
      const digest = createHash("sha256");
      let size = 0;
      const file = await open(join(dir, "content"), "wx");
      try {
        for await (const chunk of source) {
          limits.signal?.throwIfAborted();
          size += chunk.length;
          if (size > (limits.maxBytes ?? Number.MAX_SAFE_INTEGER)) {
            throw new HoldfastError("TOO_LARGE", `the content is over the limit of ${limits.maxBytes} bytes`);
          }
          digest.update(chunk);
          for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten;
          limits.onProgress?.(size);
        }
      } finally {
        await file.close();
      }
      return { dir, hash: digest.digest("hex"), size };
    } catch (error) {
      rmSync(dir, { recursive: true, force: true });
      throw error;
    }
  }

  /** A file that holds just `text`, made once and never written to again: to be linked wherever such a file is wanted,
   *  which takes a third of the time of making one. */
  sharedText(text: string): string {
    let path = this.shared.get(text);
    if (path === undefined) {
      path = join(this.newDir(), "text");
      writeFileSync(path, text);
      this.shared.set(text, path);
    }
    return path;
  }

  /** The file for `text` has as many names as a file can have: the next is linked to a new one. */
  retireSharedText(text: string): void {
    this.shared.delete(text);
  }

  /** Removes a staged directory; one that became a version is not there any more, and that is fine. */
  discard(dir: string): void {
    if (existsSync(dir)) rmSync(dir, { recursive: true, force: true });
  }

  /** Removes this process's own directory. */
  close(): void {
    if (this.mine !== undefined) rmSync(this.mine, { recursive: true, force: true });
    this.mine = undefined;
    this.shared.clear();
  }
}

/** Removes what dead processes left in `root`: directories are named `<owner token>_<unique>`. */
export function sweepDead(root: string, beforeRemoval: (place: string) => void = () => {}): void {
  let names: string[];
  try {
    names = readdirSync(root);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return;
    throw error;
  }
  for (const name of names) {
    const token = name.slice(0, name.lastIndexOf("_"));
    if (isOwnerTokenAlive(token)) continue;
    const place = join(root, name);
    beforeRemoval(place);
    rmSync(place, { recursive: true, force: true });
  }
}
