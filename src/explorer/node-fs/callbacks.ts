// The callback and `...Sync` forms of the functions: `import fs from "node:fs"` without `promises`.

import * as real from "node:fs";
import { promisify } from "node:util";
import type { Current } from "../effects.ts";
import { validFunction } from "./arguments.ts";
import { readInto, readv, sourceOf, splitCallback, writeFrom, writev } from "./descriptors.ts";
import type { Described } from "./functions.ts";
import { exists, realpathNative } from "./names.ts";
import { asCallback, type Callback, type Program, standingStill } from "./program.ts";
import { targetOfCallback, targetOfSync } from "./read-target.ts";

export type Functions = Record<string, unknown>;
type AnyFunction = (...given: unknown[]) => unknown;

/** With the name and the number of parameters of Node's own, which packages look at. */
export function named<F extends AnyFunction>(name: string, length: number, made: F): F {
  return Object.defineProperties(made, {
    name: { value: name, configurable: true },
    length: { value: length, configurable: true },
  });
}

export function callbackForms(current: Current, described: readonly Described[]): Functions {
  const forms: Functions = {};
  for (const { name, lengths, program } of described) {
    const [callbackLength, syncLength] = lengths;
    forms[name] = callbackForm(current, name, callbackLength, program("callback"));
    forms[`${name}Sync`] = syncForm(current, `${name}Sync`, syncLength, program("sync"));
  }
  addNativeRealpath(current, forms);
  forms.close = closeForm(forms.close as AnyFunction);
  return { ...forms, ...existsForms(current), ...transferForms(current) };
}

function callbackForm(
  current: Current,
  name: string,
  length: number,
  program: (...given: unknown[]) => Program<unknown>,
): AnyFunction {
  return named(name, length, (...given) => {
    const [rest, callback] = splitCallback(given);
    asCallback(current, program(...rest), callback as Callback);
  });
}

function syncForm(
  current: Current,
  name: string,
  length: number,
  program: (...given: unknown[]) => Program<unknown>,
): AnyFunction {
  const form: AnyFunction = named(name, length, (...given) => standingStill(current, program(...given), form));
  return form;
}

function addNativeRealpath(current: Current, forms: Functions): void {
  const native = callbackForm(current, "", 3, realpathNative);
  const nativeSync = syncForm(current, "", 2, realpathNative);
  Object.assign(forms.realpath as object, { native });
  Object.assign(forms.realpathSync as object, { native: nativeSync });
}

/** The callback of `close` may be left out; an error is then thrown where nobody catches it. */
function closeForm(close: AnyFunction): AnyFunction {
  return named("close", 1, (fd, callback) => {
    if (callback !== undefined) validFunction(callback, "cb");
    return close(fd, callback ?? throwIfAny);
  });
}

function throwIfAny(error: unknown): void {
  if (error) throw error;
}

function existsForms(current: Current): Functions {
  const callback = named("exists", 2, (path, told) => {
    const callBack = validFunction(told, "cb");
    asCallback(current, exists(path), (_error, there) => callBack(there));
  });
  const promised = named("exists", 1, (path) => new Promise((resolve) => callback(path, resolve)));
  Object.defineProperty(callback, promisify.custom, { value: promised });
  return { exists: callback, existsSync: syncForm(current, "existsSync", 1, exists) };
}

/** What Node marks functions with so that `promisify` gives their results as an object. */
function markResults(marked: AnyFunction, original: object, names: string[]): AnyFunction {
  const mark = Object.getOwnPropertySymbols(original).find((symbol) => symbol.description === "customPromisifyArgs");
  if (mark !== undefined) Object.defineProperty(marked, mark, { value: names });
  return marked;
}

/** `read`, `readv`, `write`, `writev`, whose callbacks get the number of bytes and what was given. */
function transferForms(current: Current): Functions {
  const transfer = (program: Program<number>, buffer: unknown, callback: unknown): void => {
    asCallback(current, program, callback as Callback, (bytes) => [bytes, buffer], [0, buffer]);
  };
  const read = named("read", 6, (...given) => {
    const [[fd, ...rest], callback] = splitCallback(given);
    const target = targetOfCallback(rest);
    transfer(readInto(fd, target), target.view, callback);
  });
  const readvCallback = named("readv", 4, (...given) => {
    const [[fd, buffers, position], callback] = splitCallback(given);
    transfer(readv(fd, buffers, position), buffers, callback);
  });
  const write = named("write", 6, (...given) => {
    const [[fd, ...rest], callback] = splitCallback(given);
    transfer(writeFrom(fd, sourceOf(rest)), rest[0], callback);
  });
  const writevCallback = named("writev", 4, (...given) => {
    const [[fd, buffers, position], callback] = splitCallback(given);
    transfer(writev(fd, buffers, position), buffers, callback);
  });
  return {
    read: markResults(read, real.read, ["bytesRead", "buffer"]),
    readSync: syncForm(current, "readSync", 5, (fd, ...rest) => readInto(fd, targetOfSync(rest))),
    readv: markResults(readvCallback, real.readv, ["bytesRead", "buffers"]),
    readvSync: syncForm(current, "readvSync", 3, readv),
    write: markResults(write, real.write, ["bytesWritten", "buffer"]),
    writeSync: syncForm(current, "writeSync", 5, (fd, ...rest) => writeFrom(fd, sourceOf(rest))),
    writev: markResults(writevCallback, real.writev, ["bytesWritten", "buffer"]),
    writevSync: syncForm(current, "writevSync", 3, writev),
  };
}
