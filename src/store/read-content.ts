// Giving out a version's bytes, and never damaged ones (STORE-30): they are hashed before the first of them is shown.

import { createHash, hash } from "node:crypto";
import { constants, createReadStream, existsSync } from "node:fs";
import { open, readFile } from "node:fs/promises";
import { HoldfastError, NotFoundError, systemCode } from "../errors.ts";
import { contentPath } from "./artifact-on-disk.ts";
import { versionsCommand } from "./find-version.ts";
import type { Layout } from "./layout.ts";
import { READ_NO_LINK, readUnlinked, readUnlinkedUpTo, refuseLinks } from "./no-links.ts";
import type { ContentFacts, VersionFacts } from "./version-facts.ts";

/** Up to this many bytes are read once and checked in memory; more are read twice, streaming. */
const IN_MEMORY_BYTES = 16 * 1_024 * 1_024;
/** Up to this many bytes are read without giving up the thread: asking another thread costs more than the reading. */
const AT_ONCE_BYTES = 64 * 1_024;
/** Read at once where one buffer serves for all. */
const PIECE_BYTES = 1_024 * 1_024;

/** The whole content. Throws `CORRUPT` with the path when it is not what was put, `NOT_FOUND` for a delete. */
export async function readContent(layout: Layout, record: VersionFacts): Promise<Buffer> {
  const content = contentFile(layout, record);
  const { path, expected } = content;
  const isTiny = (record.entry.content?.size ?? 0) <= AT_ONCE_BYTES;
  const bytes = await opening(content, record, async () =>
    isTiny ? readUnlinked(path) : readFile(path, { flag: READ_NO_LINK }),
  );
  if (hash("sha256", bytes) !== expected) throw damaged(path, record);
  return bytes;
}

/** The whole content, without giving up the thread, unless it is more than `mostBytes`. Throws like `readContent`. */
export function readContentUpTo(layout: Layout, record: ContentFacts, mostBytes: number): Buffer | undefined {
  const content = contentFile(layout, record);
  let bytes: Buffer | undefined;
  try {
    bytes = readUnlinkedUpTo(content.path, mostBytes);
  } catch (error) {
    throw unreadable(content, record, error);
  }
  if (bytes !== undefined && hash("sha256", bytes) !== content.expected) throw damaged(content.path, record);
  return bytes;
}

/** The content as a stream that starts only after all of it was found undamaged; memory stays bounded. */
export async function* verifiedContent(layout: Layout, record: VersionFacts): AsyncGenerator<Uint8Array> {
  if (isSmall(record)) yield await readContent(layout, record);
  else yield* createReadStream(await verify(layout, record)) as AsyncIterable<Uint8Array>;
}

/** The same in pieces that share one buffer: each is to be used up before the next is asked for. No garbage is made, so
 *  that a content of any size passes through the memory of a small one (STORE-35). */
export async function* verifiedPieces(layout: Layout, record: VersionFacts): AsyncGenerator<Uint8Array> {
  if (isSmall(record)) yield await readContent(layout, record);
  else yield* filePieces(await verify(layout, record), READ_NO_LINK);
}

/** A file's bytes in pieces that share one buffer: each is to be used up before the next is asked for. */
export async function* filePieces(path: string, flags: number = constants.O_RDONLY): AsyncGenerator<Uint8Array> {
  const file = await open(path, flags);
  try {
    const buffer = Buffer.allocUnsafeSlow(PIECE_BYTES);
    for (;;) {
      const { bytesRead } = await file.read(buffer, 0, PIECE_BYTES, null);
      if (bytesRead === 0) return;
      yield buffer.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

/** Reads the whole content to see whether it is what was put; `onBytes` is told of every piece. Throws `CORRUPT` with the
 *  path, `NOT_FOUND` when it was deleted meanwhile. */
export async function checkContent(
  layout: Layout,
  record: VersionFacts,
  onBytes: (bytes: number) => void,
): Promise<void> {
  let size = 0;
  const count = (bytes: number): void => {
    size += bytes;
    onBytes(bytes);
  };
  if (isSmall(record)) count((await readContent(layout, record)).length);
  else await verify(layout, record, count);
  const said = record.entry.content?.size ?? 0;
  if (size !== said)
    throw damaged(contentPath(layout, record), record, `it has ${size} bytes, and its entry says ${said}`);
}

function isSmall({ entry }: VersionFacts): boolean {
  return (entry.content?.size ?? 0) <= IN_MEMORY_BYTES;
}

/** The path of the content, once all of it was read and found to be what was put. */
async function verify(
  layout: Layout,
  record: VersionFacts,
  onBytes: (bytes: number) => void = () => {},
): Promise<string> {
  const content = contentFile(layout, record);
  const { path, expected } = content;
  await opening(content, record, async () => {
    const digest = createHash("sha256");
    for await (const piece of filePieces(path, READ_NO_LINK)) {
      digest.update(piece);
      onBytes(piece.length);
    }
    if (digest.digest("hex") !== expected) throw damaged(path, record);
  });
  return path;
}

interface Content {
  readonly path: string;
  readonly expected: string;
  /** Of the version itself, wherever its content lies. */
  readonly versionDir: string;
}

function contentFile(layout: Layout, record: ContentFacts): Content {
  const { content } = record.entry;
  if (content === null) {
    throw new NotFoundError(`version ${record.version} of ${record.entry.name} is a delete; it has no content`, {
      hint: "Ask for the version before it.",
    });
  }
  const { collection, name } = record.entry;
  const versionDir = layout.versionDir(collection, name, record.version);
  if (record.contentAt !== undefined) {
    const { name: holder, version } = record.contentAt;
    refuseLinks(layout.artifactDir(collection, holder), layout.versionDir(collection, holder, version));
  }
  return { path: contentPath(layout, record), expected: content.hash, versionDir };
}

async function opening<T>(at: Content, record: ContentFacts, read: () => Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    throw unreadable(at, record, error);
  }
}

/** What is to be told of a content that could not be read. */
function unreadable({ path, versionDir }: Content, record: ContentFacts, error: unknown): unknown {
  const code = systemCode(error);
  if (code === "ELOOP") return damaged(path, record, "it is a symbolic link, and none belongs there");
  if (code === "EISDIR") return damaged(path, record, "it is a folder");
  if (code !== "ENOENT" && code !== "ENOTDIR") return error;
  // A version comes and goes with its whole folder.
  if (existsSync(versionDir)) return damaged(path, record, "it is missing");
  return new NotFoundError(`version ${record.version} of ${record.entry.name} was deleted meanwhile`, {
    hint: `\`${versionsCommand(record.entry.collection, record.entry.name)}\` shows what is there now.`,
    details: { path },
    cause: error,
  });
}

function damaged(
  path: string,
  { version }: ContentFacts,
  why = `it is not what version ${version} was put with`,
): HoldfastError {
  return new HoldfastError("CORRUPT", `${path} is damaged: ${why}`, {
    hint: "Restore the file from a backup or another copy of the workspace; the other versions are unharmed.",
    details: { path },
  });
}
