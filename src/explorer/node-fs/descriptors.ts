// The functions that are one system call upon an open descriptor.

import {
  bytesOf,
  isView,
  modeOf,
  type Options,
  validFd,
  validFunction,
  validInteger,
  validText,
  validUserId,
  validViews,
} from "./arguments.ts";
import { millisecondsOf } from "./names.ts";
import { Failed, outOfRange, wrongValue } from "./node-error.ts";
import { call, type Program } from "./program.ts";
import type { Target } from "./read-target.ts";
import { statsOf } from "./stats.ts";

export function* close(fd: unknown): Program<void> {
  yield* call("close", validFd(fd));
}

export function* fsync(fd: unknown): Program<void> {
  yield* call("fsync", validFd(fd));
}

export function* fdatasync(fd: unknown): Program<void> {
  yield* call("fdatasync", validFd(fd));
}

export function* fstat(fd: unknown, options?: { bigint?: unknown } | null): Program<unknown> {
  return statsOf(yield* call("fstat", validFd(fd)), options?.bigint);
}

export function* ftruncate(fd: unknown, length: unknown = 0): Program<void> {
  const whole = validInteger(length, "len");
  yield* call("ftruncate", validFd(fd), Math.max(0, whole));
}

export function* fchmod(fd: unknown, mode: unknown): Program<void> {
  const bits = modeOf(mode, "mode");
  yield* call("fchmod", validFd(fd), bits);
}

export function* fchown(fd: unknown, uid: unknown, gid: unknown): Program<void> {
  const user = validUserId(uid, "uid");
  const group = validUserId(gid, "gid");
  yield* call("fchown", validFd(fd), user, group);
}

export function* futimes(fd: unknown, atime: unknown, mtime: unknown): Program<void> {
  const atimeMs = yield* millisecondsOf(atime, "atime");
  const mtimeMs = yield* millisecondsOf(mtime, "mtime");
  yield* call("futimes", validFd(fd), atimeMs, mtimeMs);
}

/** Reads into the target; the number of bytes. */
export function* readInto(fd: unknown, target: Target): Program<number> {
  const { view, offset, length, position } = target;
  const valid = validFd(fd);
  if (length === 0) return 0;
  if (view.byteLength === 0) throw wrongValue("buffer", view, "is empty and cannot be written");
  if (length < 0) throw outOfRange("length", ">= 0", length);
  if (offset + length > view.byteLength) throw outOfRange("length", `<= ${view.byteLength - offset}`, length);
  const bytes = yield* call("read", valid, length, position);
  bytesOf(view).set(bytes, offset);
  return bytes.length;
}

export function* readv(fd: unknown, buffers: unknown, position?: unknown): Program<number> {
  const views = validViews(buffers);
  const valid = validFd(fd);
  // libuv refuses it before the kernel is asked.
  if (views.length === 0) throw new Failed("EINVAL", { op: "read", args: [valid] });
  const wanted = views.reduce((sum, view) => sum + view.byteLength, 0);
  const bytes = yield* call("read", valid, wanted, placeOf(position));
  let taken = 0;
  for (const view of views) {
    const part = bytes.subarray(taken, taken + view.byteLength);
    bytesOf(view).set(part);
    taken += part.length;
  }
  return bytes.length;
}

/** What is no place in a file is the descriptor's own. */
function placeOf(position: unknown): number | null {
  return Number.isSafeInteger(position) && (position as number) >= 0 ? (position as number) : null;
}

/** What a `write` writes: the bytes and where to. */
export interface Source {
  readonly bytes: Uint8Array;
  readonly position: number | null;
}

/** `(buffer, offset, length, position)`, `(buffer, options)` or `(string, position, encoding)`. */
export function sourceOf(given: readonly unknown[]): Source {
  const [data] = given;
  let [, offset, length, position] = given;
  if (!isView(data)) {
    const text = validText(data, "buffer");
    // What is no encoding is taken for UTF-8 here, and here only.
    const encoding = typeof length === "string" && Buffer.isEncoding(length) ? length : "utf8";
    if (encoding === "hex" && text.length % 2 !== 0) {
      throw wrongValue("encoding", encoding, `is invalid for data of length ${text.length}`);
    }
    const bytes = Buffer.from(text, encoding as BufferEncoding);
    return { bytes, position: placeOf(offset) };
  }
  if (typeof offset === "object") ({ offset = 0, length, position = null } = (offset ?? {}) as Options);
  const from = offset === undefined || offset === null ? 0 : validInteger(offset, "offset", 0);
  const most = data.byteLength - from;
  const count = typeof length === "number" ? length : most;
  if (from > data.byteLength) throw outOfRange("offset", `<= ${data.byteLength}`, from);
  if (count > most) throw outOfRange("length", `<= ${most}`, count);
  if (count < 0) throw outOfRange("length", ">= 0", count);
  // A copy: the caller may change its buffer before the call is performed, and the real kernel would then write either.
  const bytes = bytesOf(data).slice(from, from + validInteger(count, "length", 0));
  return { bytes, position: placeOf(position) };
}

export function* writeFrom(fd: unknown, { bytes, position }: Source): Program<number> {
  return yield* call("write", validFd(fd), bytes, position);
}

export function* writev(fd: unknown, buffers: unknown, position?: unknown): Program<number> {
  const views = validViews(buffers);
  const valid = validFd(fd);
  if (views.length === 0) return 0;
  const bytes = Buffer.concat(views.map(bytesOf));
  return yield* call("write", valid, bytes, placeOf(position));
}

/** The last of the arguments is the callback; the ones before are handed on. */
export function splitCallback(given: readonly unknown[]): [rest: unknown[], callback: (...results: unknown[]) => void] {
  const at = given.findIndex((one) => typeof one === "function");
  const callback = validFunction(at === -1 ? undefined : given[at], "cb");
  return [given.slice(0, at), callback as (...results: unknown[]) => void];
}
