// Contents of a SQLite hub: small ones as rows, larger ones as files in `contents/<2 hex>/<hash>`, and in `uploads/` the
// parts of those that have not arrived whole.
//
// A file is complete before its row exists: written, fsynced, renamed, its folder fsynced, and only then told to the
// database. A crash before the row leaves a file that the next upload of the same content overwrites with equal bytes.

import { createHash, type Hash, randomBytes } from "node:crypto";
import { createReadStream, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { type FileHandle, mkdir, open, readFile, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { ContentHash } from "../entries/index.ts";
import { HoldfastError, systemCode } from "../errors.ts";
import { DEFAULT_LIMITS } from "./protocol.ts";
import { type DatabaseSync, type StatementSync, sqliteFailure, transaction } from "./sqlite-database.ts";
import { type ContentStorage, type ContentWrite, UploadMovedError } from "./storage.ts";

/** Parts of uploads that nobody went on with for this long are removed when the hub starts, ms. */
const ABANDONED_AFTER_MS = 7 * 24 * 60 * 60 * 1_000;

export class SqliteContents implements ContentStorage {
  private readonly db: DatabaseSync;
  private readonly dir: string;
  private readonly find: StatementSync;
  private readonly bytes: StatementSync;
  private readonly insert: StatementSync;
  private readonly forget: StatementSync;
  /** Contents whose part in `uploads/` is being written now, and when that ends. */
  private readonly uploading = new Map<ContentHash, Promise<void>>();

  constructor(db: DatabaseSync, dir: string) {
    this.db = db;
    this.dir = dir;
    mkdirSync(join(dir, "contents"), { recursive: true });
    mkdirSync(join(dir, "uploads"), { recursive: true });
    this.find = db.prepare("SELECT size, bytes IS NULL AS isFile FROM contents WHERE hash = ?");
    this.bytes = db.prepare("SELECT bytes FROM contents WHERE hash = ?");
    // An equal content is already there, or comes in place of a row whose file was found damaged.
    this.insert = db.prepare("INSERT OR IGNORE INTO contents VALUES (?, ?, ?)");
    this.forget = db.prepare("DELETE FROM contents WHERE hash = ? AND bytes IS NULL");
    this.sweepUploads();
  }

  /** What the database says, without a look at the file. */
  sizeOf(hash: ContentHash): number | undefined {
    const row = this.find.get(hash);
    return row === undefined ? undefined : Number(row.size);
  }

  /** Inside the caller's transaction. */
  insertSmall(hash: ContentHash, bytes: Uint8Array): void {
    this.insert.run(hash, bytes.length, bytes);
  }

  /** A content that lies in the database; undefined for others. */
  smallBytes(hash: ContentHash): Uint8Array | undefined {
    const bytes = this.bytes.get(hash)?.bytes;
    return bytes instanceof Uint8Array ? bytes : undefined;
  }

  /** A note's content, small or not; undefined when it is not here whole. */
  noteBytes(hash: ContentHash): Uint8Array | undefined {
    const small = this.smallBytes(hash);
    if (small !== undefined) return small;
    const size = this.sizeOf(hash);
    if (size === undefined || size > DEFAULT_LIMITS.noteBytes) return undefined;
    try {
      const bytes = readFileSync(this.fileOf(hash));
      return bytes.length === size ? bytes : undefined;
    } catch {
      return undefined;
    }
  }

  async missing(hashes: readonly ContentHash[]): Promise<ContentHash[]> {
    return [...new Set(hashes)].filter((hash) => this.sizeOf(hash) === undefined);
  }

  async size(hash: ContentHash): Promise<number | undefined> {
    const row = this.find.get(hash);
    if (row === undefined) return undefined;
    if (row.isFile === 0) return Number(row.size);
    const lies = await stat(this.fileOf(hash)).catch(() => undefined);
    if (lies !== undefined && lies.size === row.size) return lies.size;
    // Gone or cut short. Forgotten, so that whoever still has it is asked to bring it again.
    transaction(this.db, () => this.forget.run(hash));
    return undefined;
  }

  async partialSize(hash: ContentHash): Promise<number> {
    return (await stat(this.partOf(hash)).catch(() => undefined))?.size ?? 0;
  }

  async read(hash: ContentHash, from: number, to: number): Promise<AsyncIterable<Uint8Array> | undefined> {
    const size = await this.size(hash);
    if (size === undefined) return undefined;
    if (from >= to) return chunksOf([]);
    const small = this.smallBytes(hash);
    if (small !== undefined) return chunksOf([small.subarray(from, to)]);
    return createReadStream(this.fileOf(hash), { start: from, end: to - 1 });
  }

  async write(hash: ContentHash, chunks: AsyncIterable<Uint8Array>, wish: ContentWrite): Promise<void> {
    // Who goes on with a part waits for whoever is writing it now, and then most often finds the content here.
    while (wish.offset > 0 && this.uploading.has(hash)) await this.uploading.get(hash);
    if ((await this.size(hash)) !== undefined) return;
    const kept = wish.offset === 0 ? 0 : await this.partialSize(hash);
    // From here to `uploading.set` nothing is awaited: two cannot both find the part free.
    const isAlone = !this.uploading.has(hash);
    if (wish.offset > 0 && (!isAlone || kept !== wish.offset)) throw new UploadMovedError(hash, kept);
    // A second upload of the same content from its start goes beside the first: neither waits, neither is mixed in.
    const path = isAlone ? this.partOf(hash) : `${this.partOf(hash)}.${randomBytes(6).toString("hex")}.tmp`;
    const ended = Promise.withResolvers<void>();
    if (isAlone) this.uploading.set(hash, ended.promise);
    let keepPart = isAlone;
    try {
      const arrived = await this.receive(path, chunks, wish);
      keepPart = isAlone && wish.total !== undefined && arrived.size < wish.total;
      if (keepPart || (wish.total ?? arrived.size) !== arrived.size) throw endedEarly(hash, arrived.size, wish.total);
      if (arrived.digest !== hash) throw verifyFailed(hash, arrived.digest);
      await this.keep(hash, path, arrived.size);
    } catch (error) {
      if (error instanceof HoldfastError && error.code === "TOO_LARGE") keepPart = false;
      if (!keepPart) await rm(path, { force: true });
      throw sqliteFailure(error, this.dir);
    } finally {
      if (isAlone) this.uploading.delete(hash);
      ended.resolve();
    }
  }

  fileOf(hash: ContentHash): string {
    return join(this.dir, "contents", hash.slice(0, 2), hash);
  }

  private async receive(
    path: string,
    chunks: AsyncIterable<Uint8Array>,
    { offset, maxBytes }: ContentWrite,
  ): Promise<{ size: number; digest: ContentHash }> {
    const digest = createHash("sha256");
    const file = await open(path, offset === 0 ? "w" : "r+");
    try {
      let size = offset === 0 ? 0 : await hashPart(path, offset, digest);
      for await (const chunk of chunks) {
        size += chunk.length;
        if (size > maxBytes) throw tooLarge(maxBytes);
        digest.update(chunk);
        await writeAll(file, chunk, size - chunk.length);
      }
      await file.sync();
      return { size, digest: digest.digest("hex") };
    } finally {
      await file.close();
    }
  }

  private async keep(hash: ContentHash, path: string, size: number): Promise<void> {
    if (size <= DEFAULT_LIMITS.inlineBytes) {
      const bytes = await readFile(path);
      transaction(this.db, () => this.insertSmall(hash, bytes));
      await rm(path, { force: true });
      return;
    }
    const target = this.fileOf(hash);
    const folder = dirname(target);
    const made = await mkdir(folder, { recursive: true });
    await rename(path, target);
    await syncFolder(folder);
    if (made !== undefined) await syncFolder(dirname(folder));
    transaction(this.db, () => this.insert.run(hash, size, null));
  }

  private partOf(hash: ContentHash): string {
    return join(this.dir, "uploads", `${hash}.part`);
  }

  private sweepUploads(): void {
    const now = Date.now();
    for (const name of readdirSync(join(this.dir, "uploads"))) {
      const path = join(this.dir, "uploads", name);
      const isOurs = /^[0-9a-f]{64}\.part/.test(name);
      const isAbandoned = name.endsWith(".tmp") || now - modifiedMs(path, now) > ABANDONED_AFTER_MS;
      if (isOurs && isAbandoned) rmSync(path, { force: true });
    }
  }
}

function modifiedMs(path: string, otherwise: number): number {
  try {
    return statSync(path).mtimeMs;
  } catch (error) {
    if (systemCode(error) === "ENOENT") return otherwise;
    throw error;
  }
}

async function* chunksOf(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array, void, undefined> {
  yield* chunks;
}

async function hashPart(path: string, size: number, digest: Hash): Promise<number> {
  for await (const chunk of createReadStream(path, { end: size - 1 })) digest.update(chunk as Uint8Array);
  return size;
}

async function writeAll(file: FileHandle, chunk: Uint8Array, position: number): Promise<void> {
  let done = 0;
  while (done < chunk.length) {
    done += (await file.write(chunk, done, chunk.length - done, position + done)).bytesWritten;
  }
}

async function syncFolder(path: string): Promise<void> {
  const folder = await open(path, "r");
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}

function tooLarge(maxBytes: number): HoldfastError {
  return new HoldfastError("TOO_LARGE", `the content is larger than ${maxBytes} bytes`, {
    hint: "Split it, or leave it out of the workspace.",
    details: { limit: maxBytes },
  });
}

function endedEarly(hash: ContentHash, got: number, total: number | undefined): HoldfastError {
  return new HoldfastError("BAD_REQUEST", `the upload of ${hash} ended at ${got} bytes of ${total}`, {
    hint: "Send the rest, from the offset that HEAD tells.",
  });
}

function verifyFailed(hash: ContentHash, got: ContentHash): HoldfastError {
  return new HoldfastError("VERIFY_FAILED", `the bytes sent hash to ${got}, not to ${hash}`, {
    hint: "They were damaged on the way or changed while they were sent; send them again from the start.",
    details: { expected: hash, actual: got },
  });
}
