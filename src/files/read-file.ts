// Reading a file that somebody may be writing: only a read that saw one state from beginning to end counts (FILE-23).

import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { open } from "node:fs/promises";
import { join } from "node:path";
import { systemCode } from "../errors.ts";
import type { StagedContent, Staging } from "../store/index.ts";
import { identify, type Present, readLink } from "./observe.ts";

/** Files up to this many bytes are read in one go. */
const SMALL_BYTES = 1_024 * 1_024;

export type ReadOutcome =
  | { readonly kind: "read"; readonly content: StagedContent }
  /** It was written meanwhile, or is gone: look again. */
  | { readonly kind: "unsettled" }
  | { readonly kind: "refused"; readonly reason: string };

/** Stages what lies at `at.path`, exactly as `at` saw it. */
export async function readSettled(
  folder: string,
  at: Present,
  staging: Staging,
  onProgress?: (bytes: number) => void,
): Promise<ReadOutcome> {
  try {
    if (at.kind === "directory") return { kind: "read", content: staging.stageBytes(new Uint8Array()) };
    if (at.kind === "symlink") {
      const link = readLink(folder, at.path);
      if ("refused" in link) return { kind: "refused", reason: link.refused };
      return { kind: "read", content: staging.stageBytes(Buffer.from(link.target)) };
    }
    return at.size <= SMALL_BYTES ? readSmall(folder, at, staging) : await readLarge(folder, at, staging, onProgress);
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR" || code === "ELOOP" || code === "EINVAL") return { kind: "unsettled" };
    if (code === "EACCES" || code === "EPERM" || code === "EIO")
      return { kind: "refused", reason: `it cannot be read (${code})` };
    throw error;
  }
}

function readSmall(folder: string, at: Present, staging: Staging): ReadOutcome {
  const fd = openSync(join(folder, at.path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const bytes = Buffer.allocUnsafe(at.size);
    let length = 0;
    while (length < at.size) {
      const read = readSync(fd, bytes, length, at.size - length, length);
      if (read === 0) return { kind: "unsettled" };
      length += read;
    }
    if (!isAsSeen(identify(fstatSync(fd, { bigint: true })), at)) return { kind: "unsettled" };
    return { kind: "read", content: staging.stageBytes(bytes) };
  } finally {
    closeSync(fd);
  }
}

async function readLarge(
  folder: string,
  at: Present,
  staging: Staging,
  onProgress?: (bytes: number) => void,
): Promise<ReadOutcome> {
  const file = await open(join(folder, at.path), constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stream = file.createReadStream({
      autoClose: false,
      highWaterMark: 1_024 * 1_024,
      end: Math.max(0, at.size - 1),
    });
    const content = await staging.stage(
      stream as AsyncIterable<Uint8Array>,
      onProgress === undefined ? {} : { onProgress },
    );
    if (content.size === at.size && isAsSeen(identify(await file.stat({ bigint: true })), at))
      return { kind: "read", content };
    staging.discard(content.dir);
    return { kind: "unsettled" };
  } finally {
    await file.close();
  }
}

function isAsSeen(now: { fileId: string; stamp: string }, at: Present): boolean {
  return now.fileId === at.fileId && now.stamp === at.stamp;
}
