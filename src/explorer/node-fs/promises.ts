// The promise forms: `import fs from "node:fs/promises"`.

import { constants } from "node:fs";
import { resolve } from "node:path";
import type { Current } from "../effects.ts";
import { methodMissing } from "./arguments.ts";
import { type Functions, named } from "./callbacks.ts";
import { FileHandle, type HandleHost } from "./file-handle.ts";
import type { Described, Surroundings } from "./functions.ts";
import { globNames } from "./glob.ts";
import { mkdtemp, open } from "./names.ts";
import { asPromise, type Program } from "./program.ts";
import { rm } from "./trees.ts";
import { watchChanges } from "./watcher.ts";
import { appendFile, readFile, writeFile } from "./whole-files.ts";

/** The promise forms that need nothing but calls. */
export function promiseForms(current: Current, described: readonly Described[]): Functions {
  const forms: Functions = {};
  for (const { name, lengths, program } of described) {
    const length = lengths[2];
    if (length === undefined) continue;
    const promised = program("promise");
    forms[name] = named(name, length, (...given) => asPromise(current, promised(...given)));
  }
  forms.lchmod = named("lchmod", 2, async () => {
    throw methodMissing("lchmod()");
  });
  forms.watch = named("_watch", 1, (filename, options) => watchChanges(current, filename, options));
  forms.constants = constants;
  return forms;
}

/** The promise forms that know the handles of their process. */
export function handleForms(host: HandleHost, { current, cwd, sleep }: Surroundings): Functions {
  const opened = async (path: unknown, flags: unknown, mode: unknown): Promise<FileHandle> =>
    new FileHandle(host, await asPromise(current, open(path, flags, mode)));

  const mkdtempDisposable = async (prefix: unknown, options: unknown): Promise<object> => {
    const path = await asPromise(current, mkdtemp(prefix, options));
    const whole = resolve(cwd(), String(path));
    const remove = (): Promise<void> =>
      asPromise(current, rm("promise", sleep, whole, { recursive: true, force: true }));
    const made = { path, remove, [Symbol.asyncDispose]: remove };
    return Object.assign(Object.create(null), made);
  };

  return {
    open: named("open", 3, opened),
    mkdtempDisposable: named("mkdtempDisposable", 2, mkdtempDisposable),
    readFile: named("readFile", 2, (path, options) =>
      path instanceof FileHandle ? path.readFile(options) : asPromise(current, readFile("promise", path, options)),
    ),
    writeFile: named("writeFile", 3, (path, data, options) =>
      path instanceof FileHandle
        ? path.writeFile(data, options)
        : asPromise(current, writeFile("promise", path, data, options)),
    ),
    appendFile: named("appendFile", 3, (path, data, options) =>
      path instanceof FileHandle
        ? path.appendFile(data, options)
        : asPromise(current, appendFile("promise", path, data, options)),
    ),
    glob: named("glob", 2, (pattern, options) => eachOf(current, globNames(cwd, pattern, options))),
  };
}

async function* eachOf<T>(current: Current, program: Program<T[]>): AsyncGenerator<T> {
  yield* await asPromise(current, program);
}
