// Writing a file of the user's so that nobody ever sees half of it: a temporary file beside it, renamed when complete.

import { randomUUID } from "node:crypto";
import { rmSync, statSync } from "node:fs";
import { open, rename } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { HoldfastError, systemCode, withPath } from "../errors.ts";
import { isNamedPipe, writeNamedPipe } from "./named-pipe.ts";

/** Throws `NOT_A_FOLDER` when the file's folder is not there, `USAGE` when `path` is a folder. Leaves nothing behind. */
export async function writeWhole(path: string, chunks: AsyncIterable<Uint8Array>, signal: AbortSignal): Promise<void> {
  const kind = kindOf(path);
  if (kind === "folder") {
    throw new HoldfastError("USAGE", `${path} is a folder`, { hint: "Name the file to write in it." });
  }
  // A device or a pipe (`--out /dev/null`) is written, never replaced.
  if (isNamedPipe(path)) return writeNamedPipe(path, chunks, signal);
  const target = kind === "special" ? path : join(dirname(path), `.${basename(path).slice(0, 100)}.${randomUUID()}`);
  try {
    await writeTo(target, chunks, signal, kind === "special" ? "w" : "wx");
    if (target !== path) await rename(target, path);
  } catch (error) {
    if (target !== path) rmSync(target, { force: true });
    if (systemCode(error) !== "ENOENT" && systemCode(error) !== "ENOTDIR") throw withPath(error, path);
    throw new HoldfastError("NOT_A_FOLDER", `${dirname(path)} is not a folder`, {
      hint: "Make it first, or name another file.",
      cause: error,
    });
  }
}

async function writeTo(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
  flags: string,
): Promise<void> {
  const file = await open(path, flags);
  try {
    for await (const chunk of chunks) {
      signal.throwIfAborted();
      for (let at = 0; at < chunk.length; ) at += (await file.write(chunk, at)).bytesWritten;
    }
    signal.throwIfAborted();
  } finally {
    await file.close();
  }
}

function kindOf(path: string): "file" | "folder" | "special" | "none" {
  try {
    const status = statSync(path);
    if (status.isDirectory()) return "folder";
    return status.isFile() ? "file" : "special";
  } catch {
    return "none"; // not there, or not to be looked at: the write tells
  }
}
