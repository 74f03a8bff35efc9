// Whole files: read, written, appended to, cut. The calls are those that Node makes, in its order; between any
// two of them other processes may come, which is how a reader finds a file empty that another is writing.

import { constants } from "node:fs";
import { StringDecoder } from "node:string_decoder";
import {
  bytesOf,
  isFd,
  isView,
  modeOf,
  type Options,
  optionsOf,
  pathOf,
  refuseAborted,
  type View,
  validBoolean,
  validEncoding,
  validInteger,
  validText,
  validView,
} from "./arguments.ts";
import { coded, Failed, wrongType, wrongValue } from "./node-error.ts";
import { flagsOf } from "./open-flags.ts";
import { awaited, call, ensuring, type Program } from "./program.ts";

const { S_IFMT, S_IFREG } = constants;

/** Which of the three forms of a function was called, where Node's calls differ. */
export type Form = "promise" | "callback" | "sync";

const CHUNK = 512 * 1024;
const UNKNOWN_SIZE_CHUNK = 64 * 1024;
const SYNC_CHUNK = 8192;
const SIZE_LIMIT = 2 ** 31 - 1;

/** Anything that has an open descriptor and is not closed by a whole-file function. */
export interface OpenFile {
  readonly fd: number;
}

export function* readFile(form: Form, path: unknown, given?: unknown): Program<string | Buffer | Uint8Array> {
  const options = optionsOf(given, { flag: "r" });
  const { buffer } = options;
  if (buffer !== undefined && typeof buffer !== "function" && !isView(buffer)) {
    throw wrongType("options.buffer", "of type function or an instance of Buffer, TypedArray, or DataView", buffer);
  }
  if (isFd(path) && form !== "promise") return yield* contentOfDescriptor(form, path, options);
  refuseAborted(options.signal);
  if (form === "callback") flagsOf(options.flag, "options.flag");
  const fd = yield* call("open", pathOf(path), flagsOf(options.flag || "r"), 0o666);
  return yield* ensuring(contentOf(form, fd, options), () => call("close", fd));
}

/** Of a descriptor that was handed over the callback form loses the error, and then has read nothing. */
function* contentOfDescriptor(form: Form, fd: number, options: Options): Program<string | Buffer | Uint8Array> {
  try {
    return yield* contentOf(form, fd, options);
  } catch (failure) {
    if (form === "sync" || !(failure instanceof Failed)) throw failure;
    return options.encoding ? "" : Buffer.alloc(0);
  }
}

/** What is left to read of an open file. */
export function* contentOf(form: Form, fd: number, options: Options): Program<string | Buffer | Uint8Array> {
  const { encoding, signal } = options;
  refuseAborted(signal);
  if (options.buffer !== undefined) return yield* contentIntoBuffer(form, fd, options);
  const chunks =
    form === "sync" && (encoding === "utf8" || encoding === "utf-8")
      ? yield* chunksUntilEmpty(fd)
      : yield* chunksBySize(form, fd, options);
  if (!encoding || encoding === "buffer") return chunks.length === 1 ? bufferOf(chunks[0]) : Buffer.concat(chunks);
  if (chunks.length <= 1) return bufferOf(chunks[0]).toString(encoding as BufferEncoding);
  const decoder = new StringDecoder(encoding as BufferEncoding);
  return chunks.map((chunk) => decoder.write(bufferOf(chunk))).join("") + decoder.end();
}

function bufferOf(bytes: Uint8Array | undefined): Buffer {
  return bytes === undefined ? Buffer.alloc(0) : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

/** `readFileSync(path, "utf8")` does not ask for the size of a small file. */
function* chunksUntilEmpty(fd: number): Program<Uint8Array[]> {
  const chunks: Uint8Array[] = [];
  let total = 0;
  for (;;) {
    let length = SYNC_CHUNK;
    if (total >= UNKNOWN_SIZE_CHUNK) length = Math.max(SYNC_CHUNK, (yield* call("fstat", fd)).size - total + 1);
    else if (total >= SYNC_CHUNK) length = UNKNOWN_SIZE_CHUNK - total;
    const chunk = yield* call("read", fd, length, null);
    if (chunk.length === 0) return chunks;
    chunks.push(chunk);
    total += chunk.length;
  }
}

/** Asks for the size, and reads so much or to the end; what has no size is read until there is no more. */
function* chunksBySize(form: Form, fd: number, { encoding, signal }: Options): Program<Uint8Array[]> {
  const size = yield* sizeOf(fd);
  // The promise form takes a short read for the end, unless it reads by pieces of a known size.
  const byPieces = form !== "promise" || size === 0 || (!encoding && size > CHUNK);
  const chunks: Uint8Array[] = [];
  let total = 0;
  for (;;) {
    refuseAborted(signal);
    const wanted = nextRead(form, size, byPieces ? size - total : size);
    const chunk = yield* call("read", fd, wanted, null);
    total += chunk.length;
    if (chunk.length > 0) chunks.push(chunk);
    if (chunk.length === 0 || total === size || (!byPieces && chunk.length < wanted)) return chunks;
  }
}

function nextRead(form: Form, size: number, left: number): number {
  if (form === "sync") return size === 0 ? SYNC_CHUNK : left;
  return size === 0 ? UNKNOWN_SIZE_CHUNK : Math.min(left, CHUNK);
}

function* sizeOf(fd: number): Program<number> {
  const { mode, size } = yield* call("fstat", fd);
  if ((mode & S_IFMT) !== S_IFREG) return 0;
  if (size > SIZE_LIMIT) {
    throw coded(RangeError, "ERR_FS_FILE_TOO_LARGE", `File size (${size}) is greater than 2 GiB`);
  }
  return size;
}

/** `{ buffer }`: into memory the caller gave. */
function* contentIntoBuffer(form: Form, fd: number, options: Options): Program<string | Buffer> {
  const size = yield* sizeOf(fd);
  const name = typeof options.buffer === "function" ? "options.buffer().byteLength" : "options.buffer.byteLength";
  const given =
    typeof options.buffer === "function"
      ? validView(options.buffer(size), "options.buffer()")
      : (options.buffer as View);
  const target = Buffer.from(given.buffer, given.byteOffset, given.byteLength);
  if (size > target.length) throw wrongValue(name, target.length, `is smaller than the file size of ${size} bytes`);
  const most = form === "sync" ? Number.POSITIVE_INFINITY : CHUNK;
  const until = size === 0 ? target.length : size;
  let total = 0;
  while (total < until) {
    refuseAborted(options.signal);
    const chunk = yield* call("read", fd, Math.min(until - total, most), null);
    if (chunk.length === 0) break;
    target.set(chunk, total);
    total += chunk.length;
  }
  if (size === 0 && total === until && (yield* call("read", fd, 1, null)).length > 0) {
    throw wrongValue(name, target.length, "is too small to contain the entire file");
  }
  const content = target.subarray(0, total);
  return options.encoding ? content.toString(options.encoding as BufferEncoding) : content;
}

const WRITE_DEFAULTS: Options = { encoding: "utf8", mode: 0o666, flag: "w", flush: false };
const APPEND_DEFAULTS: Options = { encoding: "utf8", mode: 0o666, flag: "a" };

export function* writeFile(form: Form, path: unknown, data: unknown, given?: unknown): Program<void> {
  yield* writeWith(form, path, data, optionsOf(given, WRITE_DEFAULTS));
}

export function* appendFile(form: Form, path: unknown, data: unknown, given?: unknown): Program<void> {
  const options = optionsOf(given, APPEND_DEFAULTS);
  yield* writeWith(form, path, data, { ...options, flag: options.flag || "a" });
}

function* writeWith(form: Form, path: unknown, data: unknown, options: Options): Program<void> {
  const flush = validBoolean(options.flush ?? false, "options.flush");
  const source = form === "promise" && isPieces(data) ? data : toBytes(data, "data", options.encoding);
  if (isFd(path) && form !== "promise") {
    yield* writeAll(form, path, source, options);
    if (flush) yield* call("fsync", path);
    return;
  }
  refuseAborted(options.signal);
  const name = pathOf(path);
  if (form === "callback") modeOf(options.mode, "mode", 0o666);
  const fd = yield* call("open", name, flagsOf(options.flag || "w"), modeOf(options.mode, "mode", 0o666));
  const body = function* (): Program<void> {
    yield* writeAll(form, fd, source, options);
    if (flush) yield* call("fsync", fd);
  };
  yield* ensuring(body(), () => call("close", fd));
}

/** Data that comes in pieces: an iterable, a stream. */
export type Pieces = Iterable<unknown> | AsyncIterable<unknown>;

export function isPieces(data: unknown): data is Pieces {
  if (typeof data !== "object" || data === null || isView(data)) return false;
  return Symbol.iterator in data || Symbol.asyncIterator in data;
}

/** A copy, since the caller may go on using its own memory. */
export function toBytes(data: unknown, name: string, encoding: unknown): Uint8Array {
  if (isView(data)) return bytesOf(data).slice();
  const text = validText(data, name);
  validEncoding(encoding);
  return Buffer.from(text, (encoding || "utf8") as BufferEncoding);
}

/** Writes what there is, however many calls it takes. */
export function* writeAll(form: Form, fd: number, source: Uint8Array | Pieces, options: Options): Program<void> {
  refuseAborted(options.signal);
  if (source instanceof Uint8Array) yield* writeBytes(form, fd, source, options.signal);
  else yield* writePieces(form, fd, source, options);
}

function* writePieces(form: Form, fd: number, pieces: Pieces, options: Options): Program<void> {
  const iterator = Symbol.asyncIterator in pieces ? pieces[Symbol.asyncIterator]() : pieces[Symbol.iterator]();
  const body = function* (): Program<void> {
    for (;;) {
      const next: IteratorResult<unknown> = yield* awaited(iterator.next());
      if (next.done) return;
      refuseAborted(options.signal);
      const bytes = isView(next.value) ? bytesOf(next.value).slice() : toBytes(next.value, "data", options.encoding);
      if (bytes.length > 0) yield* writeBytes(form, fd, bytes, options.signal);
      refuseAborted(options.signal);
    }
  };
  try {
    yield* body();
  } catch (failure) {
    if (iterator.return !== undefined) yield* awaited(iterator.return());
    throw failure;
  }
}

function* writeBytes(form: Form, fd: number, bytes: Uint8Array, signal: unknown): Program<void> {
  const most = form === "promise" ? CHUNK : bytes.length;
  let written = 0;
  // The callback form writes also what is empty.
  while (written < bytes.length || (form === "callback" && bytes.length === 0)) {
    refuseAborted(signal);
    written += yield* call("write", fd, bytes.subarray(written, written + most), null);
    if (bytes.length === 0) return;
  }
}

/** Only the callback form looks at the length before it opens the file. */
export function* truncate(form: Form, path: unknown, length: unknown = 0): Program<void> {
  if (form === "callback") validInteger(length, "len");
  const fd = yield* call("open", pathOf(path), flagsOf("r+"), 0o666);
  const cut = function* (): Program<void> {
    yield* call("ftruncate", fd, Math.max(0, validInteger(length, "len")));
  };
  yield* ensuring(cut(), () => call("close", fd));
}
