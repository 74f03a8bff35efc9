// `fs.copyFile`: the calls are those that libuv makes, except that it hands the kernel the bytes to copy in one go, which
// here are read and written.

import { constants } from "node:fs";
import { pathOf, validInt32 } from "./arguments.ts";
import { coded, Failed } from "./node-error.ts";
import { call, type Program } from "./program.ts";

const { COPYFILE_EXCL, COPYFILE_FICLONE_FORCE, O_CREAT, O_EXCL, O_RDONLY, O_WRONLY } = constants;

const CHUNK = 512 * 1024;

/** The destination is cut before it is filled, and removed when filling it fails. */
export function* copyFile(from: unknown, to: unknown, mode: unknown = 0): Program<void> {
  const source = pathOf(from, "src");
  const destination = pathOf(to, "dest");
  const how = validInt32(mode ?? 0, "mode");
  if (how < 0 || how > 7) throw coded(RangeError, "ERR_OUT_OF_RANGE", "mode is out of range: >= 0 && <= 7");
  try {
    yield* copy(source, destination, how);
  } catch (failure) {
    throw failure instanceof Failed ? failure.as("copyfile", source, destination) : failure;
  }
}

function* copy(source: string, destination: string, how: number): Program<void> {
  const input = yield* call("open", source, O_RDONLY, 0);
  let output: number | undefined;
  try {
    const { mode, size, dev, ino, uid, gid, atimeMs, mtimeMs } = yield* call("fstat", input);
    const exclusive = (how & COPYFILE_EXCL) !== 0;
    output = yield* call("open", destination, O_WRONLY | O_CREAT | (exclusive ? O_EXCL : 0), mode);
    const existing = yield* call("fstat", output);
    if (existing.dev !== dev || existing.ino !== ino) {
      yield* call("ftruncate", output, 0);
      yield* call("futimes", output, atimeMs, mtimeMs);
      if (existing.uid !== uid || existing.gid !== gid) yield* quietly(call("fchown", output, uid, gid));
      yield* call("fchmod", output, mode);
      if ((how & COPYFILE_FICLONE_FORCE) !== 0) throw new Failed("ENOTSUP", { op: "copyfile", args: [] });
      yield* copyBytes(input, output, size);
    }
  } catch (failure) {
    yield* closeQuietly(input);
    if (output !== undefined) {
      yield* closeQuietly(output);
      yield* quietly(call("unlink", destination));
    }
    throw failure;
  }
  yield* call("close", input);
  yield* call("close", output);
}

function* copyBytes(input: number, output: number, size: number): Program<void> {
  let left = size;
  while (left > 0) {
    const bytes = yield* call("read", input, Math.min(left, CHUNK), null);
    if (bytes.length === 0) return;
    yield* call("write", output, bytes, null);
    left -= bytes.length;
  }
}

const closeQuietly = (fd: number): Program<void> => quietly(call("close", fd));

/** For what is done after a failure: a second one has nothing to tell. */
export function* quietly(program: Program<unknown>): Program<void> {
  try {
    yield* program;
  } catch (failure) {
    if (!(failure instanceof Failed)) throw failure;
  }
}
