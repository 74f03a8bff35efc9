// The functions that have a callback form and a `...Sync` form, most of them a promise form too, each by its program.

import type { Current } from "../effects.ts";
import { copyFile } from "./copy-file.ts";
import { copyTree } from "./copy-tree.ts";
import * as descriptors from "./descriptors.ts";
import { opendir } from "./directory-handle.ts";
import { globNames } from "./glob.ts";
import { readdir } from "./listings.ts";
import * as names from "./names.ts";
import type { Program } from "./program.ts";
import { realpath } from "./real-path.ts";
import { mkdir, rm, rmdir, type Sleep } from "./trees.ts";
import { appendFile, type Form, readFile, truncate, writeFile } from "./whole-files.ts";

/** What the programs need of the process besides calls. */
export interface Surroundings {
  readonly current: Current;
  /** The directory that relative paths begin at, for the few functions that resolve paths themselves. */
  readonly cwd: () => string;
  readonly sleep: Sleep | undefined;
}

// biome-ignore lint/suspicious/noExplicitAny: each program checks what it is given, as it may be anything
type AnyProgram = (...given: any[]) => Program<unknown>;

export interface Described {
  readonly name: string;
  /** `length` of the callback, sync and promise forms; undefined where there is none. Packages look at it. */
  readonly lengths: readonly [callback: number, sync: number, promise: number | undefined];
  readonly program: (form: Form) => AnyProgram;
}

/** For the same program in all forms. */
const always =
  (program: AnyProgram) =>
  (_form: Form): AnyProgram =>
    program;

/** For a program that takes the form as its first argument. */
const formed =
  (program: AnyProgram) =>
  (form: Form): AnyProgram =>
  (...given) =>
    program(form, ...given);

export function describeFunctions({ current, cwd, sleep }: Surroundings): Described[] {
  const describe = (
    name: string,
    callback: number,
    sync: number,
    promise: number | undefined,
    program: Described["program"],
  ): Described => ({ name, lengths: [callback, sync, promise], program });
  const d = descriptors;
  const n = names;

  return [
    describe("appendFile", 4, 3, 3, formed(appendFile)),
    describe("access", 3, 2, 1, always(n.access)),
    describe("chown", 4, 3, 3, always(n.chown)),
    describe("chmod", 3, 2, 2, always(n.chmod)),
    describe("close", 1, 1, undefined, always(d.close)),
    describe("copyFile", 4, 3, 3, always(copyFile)),
    describe("cp", 4, 3, 3, (form) => (from, to, options) => copyTree(form, cwd, from, to, options)),
    describe("fchown", 4, 3, undefined, always(d.fchown)),
    describe("fchmod", 3, 2, undefined, always(d.fchmod)),
    describe("fdatasync", 2, 1, undefined, always(d.fdatasync)),
    describe("fstat", 1, 1, undefined, always(d.fstat)),
    describe("fsync", 2, 1, undefined, always(d.fsync)),
    describe("ftruncate", 1, 1, undefined, always(d.ftruncate)),
    describe("futimes", 4, 3, undefined, always(d.futimes)),
    describe(
      "glob",
      3,
      2,
      undefined,
      always((pattern, options) => globNames(cwd, pattern, options)),
    ),
    describe("lchown", 4, 3, 3, always(n.lchown)),
    describe("link", 3, 2, 2, always(n.link)),
    describe("lstat", 1, 1, 1, formed(n.lstat)),
    describe("lutimes", 4, 3, 3, always(n.lutimes)),
    describe("mkdir", 3, 2, 2, formed(mkdir)),
    describe("mkdtemp", 3, 2, 2, always(n.mkdtemp)),
    describe("open", 4, 3, undefined, always(n.open)),
    describe(
      "opendir",
      3,
      2,
      3,
      always((path, options) => opendir(current, path, options)),
    ),
    describe("readdir", 3, 2, 2, formed(readdir)),
    describe("readFile", 3, 2, 2, formed(readFile)),
    describe("readlink", 3, 2, 2, formed(n.readlink)),
    describe("realpath", 3, 2, 2, (form) =>
      form === "promise" ? n.realpathNative : (path, options) => realpath(cwd, path, options),
    ),
    describe("rename", 3, 2, 2, always(n.rename)),
    describe("rm", 3, 2, 2, (form) => (path, options) => rm(form, sleep, path, options)),
    describe("rmdir", 3, 2, 2, (form) => (path, options) => rmdir(form, sleep, path, options)),
    describe("stat", 1, 1, 1, always(n.stat)),
    describe("statfs", 1, 1, 1, always(n.statfs)),
    describe("symlink", 4, 3, 3, always(n.symlink)),
    describe("truncate", 3, 2, 1, formed(truncate)),
    describe("unlink", 2, 1, 1, always(n.unlink)),
    describe("utimes", 4, 3, 3, always(n.utimes)),
    describe("writeFile", 4, 3, 3, formed(writeFile)),
  ];
}
