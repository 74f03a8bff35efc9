// Directories with what is above and below them: `mkdir` with all parents, `rm` with all children.

import { constants } from "node:fs";
import { dirname } from "node:path";
import type { StatRecord } from "../disk/calls.ts";
import { modeOf, type Options, pathOf, validBoolean, validInt32, validObject, validUint32 } from "./arguments.ts";
import { Failed, notSimulated, rmSyncError, systemError } from "./node-error.ts";
import { awaited, call, type Program, together } from "./program.ts";
import type { Form } from "./whole-files.ts";

const { S_IFDIR, S_IFMT } = constants;

/** Waits; absent where there are no timers. */
export type Sleep = (ms: number) => Promise<void>;

function isDirectory({ mode }: StatRecord): boolean {
  return (mode & S_IFMT) === S_IFDIR;
}

export function* mkdir(form: Form, path: unknown, given?: unknown): Program<string | undefined> {
  const options: Options =
    typeof given === "object" && given !== null ? (given as Options) : { mode: modeAlone(given) };
  // The promise form looks at the path first, and calls the mode by another name.
  if (form === "promise") pathOf(path);
  const recursive = options.recursive === undefined ? false : validBoolean(options.recursive, "options.recursive");
  const named = options === given && form !== "promise" ? "options.mode" : "mode";
  const mode = modeOf(options.mode, named, 0o777);
  const name = pathOf(path);
  if (recursive) return yield* mkdirs(form, name, mode);
  yield* call("mkdir", name, mode);
  return undefined;
}

function modeAlone(given: unknown): unknown {
  return typeof given === "number" || typeof given === "string" ? given : undefined;
}

/** Upward until one can be made, and down again. The topmost that was made, if any. */
function* mkdirs(form: Form, path: string, mode: number): Program<string | undefined> {
  const open = [path];
  let first: string | undefined;
  try {
    for (let next = open.pop(); next !== undefined; next = open.pop()) {
      const fault = yield* attempt(call("mkdir", next, mode));
      if (fault === undefined) {
        first ??= next;
        continue;
      }
      if (fault.code === "ENOENT") {
        const parent = parentOf(next);
        if (parent === next) throw fault;
        open.push(next, parent);
        continue;
      }
      if (["EACCES", "ENOSPC", "ENOTDIR", "EPERM"].includes(fault.code)) throw fault;
      const inTheWay = fault.code === "EEXIST" && open.length > 0;
      const stats = yield* statOf(next, form !== "sync" && inTheWay);
      if (stats === undefined || !isDirectory(stats)) throw new Failed(inTheWay ? "ENOTDIR" : "EEXIST", fault.call);
    }
  } catch (failure) {
    if (!(failure instanceof Failed)) throw failure;
    // The sync form names what was asked for, the others what failed.
    throw failure.as("mkdir", form === "sync" ? path : failure.path);
  }
  return first === undefined ? undefined : withoutTrailingSlash(first);
}

/** What is there; undefined for what cannot be found, where that is not told. */
function* statOf(path: string, quiet: boolean): Program<StatRecord | undefined> {
  try {
    return yield* call("stat", path);
  } catch (failure) {
    if (quiet && failure instanceof Failed) return undefined;
    throw failure;
  }
}

/** As C++ does it: `a/b/` is in `a/b`. */
function parentOf(path: string): string {
  if (path.length > 1 && path.endsWith("/")) return path.replace(/\/+$/, "") || "/";
  const parent = dirname(path);
  return parent === "." && !path.startsWith("./") ? path : parent;
}

function withoutTrailingSlash(path: string): string {
  return path.length > 1 ? path.replace(/\/+$/, "") : path;
}

/** The failure of a call, if it failed. */
function* attempt(program: Program<unknown>): Program<Failed | undefined> {
  try {
    yield* program;
    return undefined;
  } catch (failure) {
    if (failure instanceof Failed) return failure;
    throw failure;
  }
}

interface RmOptions {
  readonly force: boolean;
  readonly recursive: boolean;
  readonly maxRetries: number;
  readonly retryDelay: number;
}

function rmOptionsOf(given: unknown): RmOptions {
  const defaults = { force: false, recursive: false, maxRetries: 0, retryDelay: 100 };
  if (given === undefined) return defaults;
  const options = { ...defaults, ...validObject(given, "options") };
  validBoolean(options.recursive, "options.recursive");
  validInt32(options.retryDelay, "options.retryDelay", 0);
  validUint32(options.maxRetries, "options.maxRetries");
  validBoolean(options.force, "options.force");
  return options;
}

export function* rm(form: Form, sleep: Sleep | undefined, path: unknown, given?: unknown): Program<void> {
  // `rmSync` looks at the options first.
  if (form === "sync") rmOptionsOf(given);
  const name = pathOf(path);
  const options = rmOptionsOf(given);
  if (form === "sync") yield* rmStandingStill(name, options, path);
  else yield* rmBeside(name, options, sleep, path);
}

export function* rmdir(form: Form, sleep: Sleep | undefined, path: unknown, given?: unknown): Program<void> {
  const name = pathOf(path);
  const options = rmOptionsOf(given);
  if (options.recursive) {
    const lookUp = form === "promise" ? call("stat", name) : call("lstat", name);
    if (isDirectory(yield* lookUp)) {
      yield* form === "sync" ? removeAll(name) : rimraf(name, options, sleep);
      return;
    }
  }
  yield* call("rmdir", name);
}

function isADirectory(path: string, given: unknown): Error {
  const info = { code: "EISDIR", message: "is a directory", path, syscall: "rm" };
  return systemError("ERR_FS_EISDIR", "Path is a directory", info, given);
}

/** `rm` for promises and callbacks: the children of a directory go beside each other. */
function* rmBeside(path: string, options: RmOptions, sleep: Sleep | undefined, given: unknown): Program<void> {
  try {
    if (isDirectory(yield* call("lstat", path)) && !options.recursive)
      throw isADirectory(path, given instanceof Uint8Array ? given : path);
  } catch (failure) {
    if (!(options.force && failure instanceof Failed && failure.code === "ENOENT")) throw failure;
  }
  yield* rimraf(path, options, sleep);
}

const RETRIED: ReadonlySet<string> = new Set(["EBUSY", "EMFILE", "ENFILE", "ENOTEMPTY", "EPERM"]);

function* rimraf(path: string, options: RmOptions, sleep: Sleep | undefined): Program<void> {
  for (let retries = 0; ; retries++) {
    const failure = yield* attempt(rimrafOnce(path, options, sleep));
    if (failure === undefined || failure.code === "ENOENT") return;
    if (!RETRIED.has(failure.code) || retries >= options.maxRetries) throw failure;
    if (sleep === undefined) throw notSimulated("rm with maxRetries", "give makeFs timers, or leave maxRetries out.");
    yield* awaited(sleep((retries + 1) * options.retryDelay));
  }
}

function* rimrafOnce(path: string, options: RmOptions, sleep: Sleep | undefined): Program<void> {
  let directory = false;
  try {
    directory = isDirectory(yield* call("lstat", path));
  } catch (failure) {
    if (failure instanceof Failed && failure.code === "ENOENT") return;
    if (!(failure instanceof Failed)) throw failure;
  }
  if (directory) {
    yield* rimrafDirectory(path, options, sleep, undefined);
    return;
  }
  const failure = yield* attempt(call("unlink", path));
  if (failure === undefined || failure.code === "ENOENT") return;
  if (failure.code !== "EISDIR" && failure.code !== "EPERM") throw failure;
  yield* rimrafDirectory(path, options, sleep, failure);
}

/** First as if it were empty. `before` is what went wrong when it was taken for a file. */
function* rimrafDirectory(
  path: string,
  options: RmOptions,
  sleep: Sleep | undefined,
  before: Failed | undefined,
): Program<void> {
  const failure = yield* attempt(call("rmdir", path));
  if (failure === undefined) return;
  if (failure.code === "ENOTDIR") {
    if (before !== undefined) throw before;
    return;
  }
  if (!["ENOTEMPTY", "EEXIST", "EPERM"].includes(failure.code)) throw failure;
  const entries = yield* call("readdir", path);
  yield* together(entries.map(({ name }) => rimraf(`${path}/${name}`, options, sleep)));
  yield* call("rmdir", path);
}

/** `rmSync`, which is C++ and removes one after the other. */
function* rmStandingStill(path: string, { force, recursive }: RmOptions, given: unknown): Program<void> {
  if (!force || !recursive) {
    const found = yield* lookedUp(path, force);
    if (found !== undefined && isDirectory(found) && !recursive) throw isADirectory(String(given), given);
  }
  const failure = yield* attempt(removeAll(path));
  if (failure === undefined || failure.code === "ENOENT") return;
  if (failure.code === "ENOTDIR" && failure.call.op === "lstat") return;
  throw rmSyncError(failure.code, path);
}

function* lookedUp(path: string, force: boolean): Program<StatRecord | undefined> {
  try {
    return yield* call("lstat", path);
  } catch (failure) {
    if (force && failure instanceof Failed && failure.code === "ENOENT") return undefined;
    throw failure;
  }
}

/** `std::filesystem::remove_all`: what is gone already does not matter. */
function* removeAll(path: string): Program<void> {
  if (!isDirectory(yield* call("lstat", path))) {
    yield* call("unlink", path);
    return;
  }
  yield* removeChildren(path);
  yield* call("rmdir", path);
}

function* removeChildren(path: string): Program<void> {
  for (const { name, type } of yield* call("readdir", path)) {
    const child = `${path}/${name}`;
    if (type === S_IFDIR) yield* removeChildren(child);
    const failure = yield* attempt(type === S_IFDIR ? call("rmdir", child) : call("unlink", child));
    if (failure !== undefined && failure.code !== "ENOENT") throw failure;
  }
}
