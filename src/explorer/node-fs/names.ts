// The functions that are one system call upon a name.

import type { StatRecord } from "../disk/calls.ts";
import { modeOf, optionsOf, pathOf, secondsOf, validOneOf, validUserId } from "./arguments.ts";
import { Failed } from "./node-error.ts";
import { flagsOf } from "./open-flags.ts";
import { call, clock, type Program } from "./program.ts";
import { encoded, StatFs, statsOf } from "./stats.ts";
import type { Form } from "./whole-files.ts";

export function* access(path: unknown, mode: unknown = 0): Program<void> {
  yield* call("access", pathOf(path), mode as number);
}

/** False for whatever is wrong, the argument too. */
export function* exists(path: unknown): Program<boolean> {
  let name: string;
  try {
    name = pathOf(path);
  } catch {
    return false;
  }
  try {
    yield* call("access", name, 0);
    return true;
  } catch (failure) {
    if (failure instanceof Failed) return false;
    throw failure;
  }
}

/** The bare descriptor. */
export function* open(path: unknown, flags: unknown, mode: unknown): Program<number> {
  return yield* call("open", pathOf(path), flagsOf(flags), modeOf(mode, "mode", 0o666));
}

export function* rename(from: unknown, to: unknown): Program<void> {
  yield* call("rename", pathOf(from, "oldPath"), pathOf(to, "newPath"));
}

export function* link(existing: unknown, path: unknown): Program<void> {
  yield* call("link", pathOf(existing, "existingPath"), pathOf(path, "newPath"));
}

export function* symlink(target: unknown, path: unknown, type?: unknown): Program<void> {
  validOneOf(type, "type", ["dir", "file", "junction", null, undefined]);
  yield* call("symlink", pathOf(target, "target"), pathOf(path));
}

export function* unlink(path: unknown): Program<void> {
  yield* call("unlink", pathOf(path));
}

export function* readlink(form: Form, path: unknown, given?: unknown): Program<string | Buffer> {
  const { encoding } = optionsOf(given);
  return encoded(yield* call("readlink", pathOf(path, form === "promise" ? "oldPath" : "path")), encoding);
}

/** The kernel's own `realpath`: `fs.realpath.native` and `promises.realpath`. */
export function* realpathNative(path: unknown, given?: unknown): Program<string | Buffer> {
  const { encoding } = optionsOf(given);
  return encoded(yield* call("realpath", pathOf(path)), encoding);
}

export function* mkdtemp(prefix: unknown, given?: unknown): Program<string | Buffer> {
  const { encoding } = optionsOf(given);
  return encoded(yield* call("mkdtemp", pathOf(prefix, "prefix")), encoding);
}

export function* chmod(path: unknown, mode: unknown): Program<void> {
  yield* call("chmod", pathOf(path), modeOf(mode, "mode"));
}

export function* chown(path: unknown, uid: unknown, gid: unknown): Program<void> {
  yield* call("chown", pathOf(path), validUserId(uid, "uid"), validUserId(gid, "gid"));
}

export function* lchown(path: unknown, uid: unknown, gid: unknown): Program<void> {
  yield* call("lchown", pathOf(path), validUserId(uid, "uid"), validUserId(gid, "gid"));
}

/** Milliseconds of a time as `utimes` takes it. */
export function* millisecondsOf(time: unknown, name?: string): Program<number> {
  const seconds = secondsOf(time, name);
  return seconds === undefined ? yield* clock() : Math.round(seconds * 1000);
}

export function* utimes(path: unknown, atime: unknown, mtime: unknown): Program<void> {
  const name = pathOf(path);
  yield* call("utimes", name, yield* millisecondsOf(atime), yield* millisecondsOf(mtime));
}

export function* lutimes(path: unknown, atime: unknown, mtime: unknown): Program<void> {
  const name = pathOf(path);
  yield* call("lutimes", name, yield* millisecondsOf(atime), yield* millisecondsOf(mtime));
}

interface StatOptions {
  readonly bigint?: unknown;
  readonly throwIfNoEntry?: unknown;
}

/** `throwIfNoEntry: false` gives undefined for a name that is not there, for which `stat` has a wider idea than `lstat`. */
function* statsIfAny(look: Program<StatRecord>, options: StatOptions, missing: readonly string[]): Program<unknown> {
  try {
    return statsOf(yield* look, options.bigint);
  } catch (failure) {
    const quiet = options.throwIfNoEntry === false && failure instanceof Failed && missing.includes(failure.code);
    if (quiet) return undefined;
    throw failure;
  }
}

export function* stat(path: unknown, options?: StatOptions): Program<unknown> {
  return yield* statsIfAny(call("stat", pathOf(path)), options ?? {}, ["ENOENT", "ENOTDIR"]);
}

/** Only the sync form has `throwIfNoEntry`. */
export function* lstat(form: Form, path: unknown, options?: StatOptions): Program<unknown> {
  return yield* statsIfAny(call("lstat", pathOf(path)), options ?? {}, form === "sync" ? ["ENOENT"] : []);
}

export function* statfs(path: unknown, options?: { bigint?: unknown }): Program<StatFs> {
  return new StatFs(yield* call("statfs", pathOf(path)), Boolean(options?.bigint));
}
