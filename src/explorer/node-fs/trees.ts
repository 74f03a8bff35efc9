// Directories with what is above and below them: `mkdir` with all parents, `rm` with all children.

import { constants } from "node:fs";
import { dirname } from "node:path";
import type { StatRecord } from "../disk/calls.ts";
import { modeOf, type Options, pathOf, validBoolean, validInt32, validObject, validUint32 } from "./arguments.ts";
import { Failed, notSimulated, systemError } from "./node-error.ts";
import { awaited, call, type Program, together } from "./program.ts";
import type { Form } from "./whole-files.ts";

const { S_IFDIR, S_IFMT } = constants;

/** Waits; absent where there are no timers. */
export type Sleep = (ms: number) => Promise<void>;

function isDirectory({ mode }: StatRecord): boolean {
  return (mode & S_IFMT) === S_IFDIR;
}

export function* mkdir(path: unknown, given?: unknown): Program<string | undefined> {
  let mode: unknown = given;
  let recursive = false;
  if (typeof given === "object" && given !== null) {
    const options = given as Options;
    mode = options.mode;
    if (options.recursive !== undefined) recursive = validBoolean(options.recursive, "options.recursive");
  } else if (typeof given !== "number" && typeof given !== "string") {
    mode = undefined;
  }
  const bits = modeOf(mode, typeof given === "object" ? "options.mode" : "mode", 0o777);
  const name = pathOf(path);
  if (recursive) return yield* mkdirs(name, bits);
  yield* call("mkdir", name, bits);
  return undefined;
}

/** Upward until one can be made, and down again. The topmost that was made, if any. */
function* mkdirs(path: string, mode: number): Program<string | undefined> {
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
        if (parent !== next) open.push(next, parent);
        else if (open.length === 0) throw new Failed("EEXIST", fault.call);
        continue;
      }
      if (["EACCES", "ENOSPC", "ENOTDIR", "EPERM"].includes(fault.code)) throw fault;
      if (!isDirectory(yield* call("stat", next))) {
        throw new Failed(fault.code === "EEXIST" && open.length > 0 ? "ENOTDIR" : "EEXIST", fault.call);
      }
    }
  } catch (failure) {
    throw failure instanceof Failed ? failure.as("mkdir", path) : failure;
  }
  return first === undefined ? undefined : withoutTrailingSlash(first);
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
  const name = pathOf(path);
  const options = rmOptionsOf(given);
  yield* form === "sync" ? rmStandingStill(name, options) : rmBeside(name, options, sleep);
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

function isADirectory(path: string): Error {
  const info = { code: "EISDIR", message: "is a directory", path, syscall: "rm" };
  return systemError("ERR_FS_EISDIR", "Path is a directory", info);
}

/** `rm` for promises and callbacks: the children of a directory go beside each other. */
function* rmBeside(path: string, options: RmOptions, sleep: Sleep | undefined): Program<void> {
  try {
    if (isDirectory(yield* call("lstat", path)) && !options.recursive) throw isADirectory(path);
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
function* rmStandingStill(path: string, { force, recursive }: RmOptions): Program<void> {
  if (!force || !recursive) {
    const found = yield* lookedUp(path, force);
    if (found !== undefined && isDirectory(found) && !recursive) throw isADirectory(path);
  }
  const failure = yield* attempt(removeAll(path));
  if (failure === undefined || failure.code === "ENOENT") return;
  throw failure.as("rm", path);
}

function* lookedUp(path: string, force: boolean): Program<StatRecord | undefined> {
  try {
    return yield* call("lstat", path);
  } catch (failure) {
    if (force && failure instanceof Failed && (failure.code === "ENOENT" || failure.code === "ENOTDIR"))
      return undefined;
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
