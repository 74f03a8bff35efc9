// `fs.cp`: files and directories with all that is in them.

import assert from "node:assert/strict";
import { constants } from "node:fs";
import { dirname, isAbsolute, join, parse, resolve } from "node:path";
import { types } from "node:util";
import type { StatRecord } from "../disk/calls.ts";
import { pathOf, validBoolean, validFunction, validInteger, validObject } from "./arguments.ts";
import { type CopyErrorKey, checkError, copyError, directoryWithoutRecursive, withSlash } from "./copy-errors.ts";
import { copyFile } from "./copy-file.ts";
import { coded, Failed } from "./node-error.ts";
import { awaited, call, ensuring, type Program, together } from "./program.ts";
import { mkdir } from "./trees.ts";
import type { Form } from "./whole-files.ts";

const { O_DIRECTORY, O_RDONLY, S_IFBLK, S_IFCHR, S_IFDIR, S_IFIFO, S_IFLNK, S_IFMT, S_IFREG, S_IFSOCK } = constants;

interface CopyOptions {
  readonly dereference: boolean;
  readonly errorOnExist: boolean;
  readonly filter: ((from: string, to: string) => unknown) | undefined;
  readonly force: boolean;
  readonly preserveTimestamps: boolean;
  readonly recursive: boolean;
  readonly verbatimSymlinks: boolean;
  readonly mode: number;
}

const DEFAULTS = {
  dereference: false,
  errorOnExist: false,
  filter: undefined,
  force: true,
  preserveTimestamps: false,
  recursive: false,
  verbatimSymlinks: false,
  mode: 0,
};

function optionsOf(given: unknown): CopyOptions {
  if (given === undefined) return DEFAULTS;
  const options: CopyOptions = { ...DEFAULTS, ...validObject(given, "options") };
  for (const name of ["dereference", "errorOnExist", "force", "preserveTimestamps", "recursive", "verbatimSymlinks"]) {
    validBoolean(options[name as keyof CopyOptions], `options.${name}`);
  }
  validInteger(options.mode ?? 0, "mode", 0, 7);
  if (options.dereference && options.verbatimSymlinks) {
    const message = 'Option "dereference" cannot be used in combination with option "verbatimSymlinks"';
    throw coded(TypeError, "ERR_INCOMPATIBLE_OPTION_PAIR", message);
  }
  if (options.filter !== undefined) validFunction(options.filter, "options.filter");
  return options;
}

export function* copyTree(form: Form, cwd: () => string, from: unknown, to: unknown, given?: unknown): Program<void> {
  const options = optionsOf(given);
  const source = pathOf(from, "src");
  const target = pathOf(to, "dest");
  yield* new TreeCopy(form, cwd, options).copy(source, target);
}

const typeOf = ({ mode }: StatRecord): number => mode & S_IFMT;

class TreeCopy {
  readonly #form: Form;
  readonly #cwd: () => string;
  readonly #options: CopyOptions;

  constructor(form: Form, cwd: () => string, options: CopyOptions) {
    this.#form = form;
    this.#cwd = cwd;
    this.#options = options;
  }

  *copy(source: string, target: string): Program<void> {
    const found = yield* this.#check(source, target);
    if (found === undefined) return;
    yield* this.#refuseParents(source, found.from, target);
    const parent = dirname(target);
    if ((yield* ifThere("stat", parent)) === undefined) yield* mkdir(this.#form, parent, { recursive: true });
    yield* this.#copyOne(found.to, source, target);
  }

  /** What is there; undefined when the filter leaves it out. */
  *#check(source: string, target: string): Program<{ from: StatRecord; to: StatRecord | undefined } | undefined> {
    const { filter, dereference } = this.#options;
    if (filter !== undefined && !(yield* this.#filtered(filter(source, target)))) return undefined;
    const look = dereference ? "stat" : "lstat";
    const { from, to } = yield* bothOf(look, source, target);
    if (to !== undefined) {
      if (identical(from, to)) throw this.#wrong("ERR_FS_CP_EINVAL", "src and dest cannot be the same", target);
      this.#refuseOtherKind(from, source, to, target);
    }
    if (typeOf(from) === S_IFDIR && this.#isBelow(source, target)) {
      throw this.#intoItself(source, target);
    }
    return { from, to };
  }

  *#filtered(answer: unknown): Program<unknown> {
    if (this.#form !== "sync") return yield* awaited(answer);
    if (!types.isPromise(answer)) return answer;
    const message = 'Expected boolean to be returned from the "filter" function but got an instance of Promise.';
    throw coded(TypeError, "ERR_INVALID_RETURN_VALUE", message);
  }

  *#refuseParents(source: string, from: StatRecord, target: string): Program<void> {
    const sourceParent = this.#resolve(dirname(source));
    let parent = this.#resolve(dirname(target));
    while (parent !== sourceParent && parent !== parse(parent).root) {
      const found = yield* ifThere("stat", parent);
      if (found === undefined) return;
      if (identical(from, found)) throw this.#intoItself(source, target);
      parent = dirname(parent);
    }
  }

  *#copyOne(to: StatRecord | undefined, source: string, target: string): Program<void> {
    const from = yield* call(this.#options.dereference ? "stat" : "lstat", source);
    switch (typeOf(from)) {
      case S_IFDIR:
        if (!this.#options.recursive) throw directoryWithoutRecursive(this.#form, source);
        yield* this.#copyDirectory(from, to, source, target);
        return;
      case S_IFREG:
      case S_IFCHR:
      case S_IFBLK:
        yield* this.#copyFile(from, to, source, target);
        return;
      case S_IFLNK:
        yield* this.#copyLink(to, source, target);
        return;
      case S_IFSOCK:
        throw copyError("ERR_FS_CP_SOCKET", `cannot copy a socket file: ${target}`, target);
      case S_IFIFO:
        throw copyError("ERR_FS_CP_FIFO_PIPE", `cannot copy a FIFO pipe: ${target}`, target);
      default:
        throw copyError("ERR_FS_CP_UNKNOWN", `cannot copy an unknown file type: ${target}`, target);
    }
  }

  *#copyFile(from: StatRecord, to: StatRecord | undefined, source: string, target: string): Program<void> {
    if (to !== undefined) {
      if (!this.#options.force) {
        if (this.#options.errorOnExist) throw alreadyThere(target);
        return;
      }
      yield* call("unlink", target);
    }
    yield* copyFile(source, target, this.#options.mode);
    if (this.#options.preserveTimestamps) {
      if ((from.mode & 0o200) === 0) yield* call("chmod", target, from.mode | 0o200);
      const { atimeMs, mtimeMs } = yield* call("stat", source);
      yield* call("utimes", target, atimeMs, mtimeMs);
    }
    yield* call("chmod", target, from.mode);
  }

  *#copyDirectory(from: StatRecord, to: StatRecord | undefined, source: string, target: string): Program<void> {
    if (to === undefined) yield* call("mkdir", target, 0o777);
    else if (this.#options.errorOnExist && !this.#options.force && this.#form !== "sync") throw alreadyThere(target);
    const fd = yield* opened(source);
    yield* ensuring(this.#copyChildren(source, target), () => call("close", fd));
    if (to === undefined) yield* call("chmod", target, from.mode);
  }

  *#copyChildren(source: string, target: string): Program<void> {
    for (const { name } of yield* call("readdir", source)) {
      const child = join(source, name);
      const copied = join(target, name);
      const found = yield* this.#check(child, copied);
      if (found !== undefined) yield* this.#copyOne(found.to, child, copied);
    }
  }

  *#copyLink(to: StatRecord | undefined, source: string, target: string): Program<void> {
    let aim = yield* call("readlink", source);
    if (!this.#options.verbatimSymlinks && !isAbsolute(aim)) aim = this.#resolve(dirname(source), aim);
    const aimed = yield* directoryAt(source);
    if (to !== undefined) {
      let before: string;
      try {
        before = yield* call("readlink", target);
      } catch (failure) {
        if (!(failure instanceof Failed && failure.code === "EINVAL")) throw failure;
        yield* call("symlink", aim, target);
        return;
      }
      if (!isAbsolute(before)) before = this.#resolve(dirname(target), before);
      if (aimed && this.#isBelow(aim, before)) {
        throw copyError("ERR_FS_CP_EINVAL", `cannot copy ${aim} to a subdirectory of self ${before}`, target);
      }
      if (typeOf(yield* call("stat", source)) === S_IFDIR && this.#isBelow(before, aim)) {
        const message = `cannot overwrite ${before} with ${aim}`;
        throw copyError("ERR_FS_CP_SYMLINK_TO_SUBDIRECTORY", message, target);
      }
      yield* call("unlink", target);
    }
    yield* call("symlink", aim, target);
  }

  #refuseOtherKind(from: StatRecord, source: string, to: StatRecord, target: string): void {
    const fromDirectory = typeOf(from) === S_IFDIR;
    const toDirectory = typeOf(to) === S_IFDIR;
    if (fromDirectory && !toDirectory) {
      const message = `cannot overwrite non-directory ${target} with directory ${source}`;
      throw this.#wrong("ERR_FS_CP_DIR_TO_NON_DIR", message, target);
    }
    if (!fromDirectory && toDirectory) {
      const message = `cannot overwrite directory ${target} with non-directory ${source}`;
      throw this.#wrong("ERR_FS_CP_NON_DIR_TO_DIR", message, target);
    }
  }

  #intoItself(source: string, target: string): Error {
    const named = this.#form === "sync" ? withSlash(source) : source;
    return this.#wrong("ERR_FS_CP_EINVAL", `cannot copy ${named} to a subdirectory of self ${target}`, target);
  }

  #wrong(key: CopyErrorKey, message: string, path: string): Error {
    return checkError(this.#form, key, message, path);
  }

  #resolve(...parts: string[]): string {
    return resolve(this.#cwd(), ...parts);
  }

  /** By the names alone. */
  #isBelow(above: string, path: string): boolean {
    const names = (given: string): string[] => this.#resolve(given).split("/").filter(Boolean);
    const found = names(path);
    return names(above).every((name, index) => found[index] === name);
  }
}

function* opened(path: string): Program<number> {
  try {
    return yield* call("open", path, O_RDONLY | O_DIRECTORY, 0);
  } catch (failure) {
    throw failure instanceof Failed ? failure.as("opendir", path) : failure;
  }
}

/** Asked for beside each other. */
function* bothOf(
  look: "stat" | "lstat",
  source: string,
  target: string,
): Program<{ from: StatRecord; to: StatRecord | undefined }> {
  let from: StatRecord | undefined;
  let to: StatRecord | undefined;
  const lookAtSource = function* (): Program<void> {
    from = yield* call(look, source);
  };
  const lookAtTarget = function* (): Program<void> {
    to = yield* ifThere(look, target);
  };
  yield* together([lookAtSource(), lookAtTarget()]);
  assert(from !== undefined, "what was looked at without failure is there");
  return { from, to };
}

function* ifThere(look: "stat" | "lstat", path: string): Program<StatRecord | undefined> {
  try {
    return yield* call(look, path);
  } catch (failure) {
    if (failure instanceof Failed && failure.code === "ENOENT") return undefined;
    throw failure;
  }
}

/** Whatever is wrong with it, it is then no directory. */
function* directoryAt(path: string): Program<boolean> {
  try {
    return typeOf(yield* call("stat", path)) === S_IFDIR;
  } catch (failure) {
    if (failure instanceof Failed) return false;
    throw failure;
  }
}

function identical(one: StatRecord, other: StatRecord): boolean {
  return one.ino === other.ino && one.dev === other.dev;
}

function alreadyThere(path: string): Error {
  return copyError("ERR_FS_CP_EEXIST", `${path} already exists`, path);
}
