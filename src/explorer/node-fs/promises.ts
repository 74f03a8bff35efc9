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
export function promiseForms({ current, cwd }: Surroundings, described: readonly Described[]): Functions {
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
  forms.glob = named("glob", 2, (pattern, options) => eachOf(current, globNames(cwd, pattern, options)));
  forms.constants = constants;
  return forms;
}

/** The promise forms that know the handles of their process. Methods, since they are made anew for every process. */
export function handleForms(host: HandleHost, { current, cwd, sleep }: Surroundings): Functions {
  return {
    async open(path: unknown, flags: unknown, mode: unknown): Promise<FileHandle> {
      return new FileHandle(host, await asPromise(current, open(path, flags, mode)));
    },
    readFile(path: unknown, options: unknown): Promise<unknown> {
      if (path instanceof FileHandle) return path.readFile(options);
      return asPromise(current, readFile("promise", path, options));
    },
    writeFile(path: unknown, data: unknown, options: unknown): Promise<void> {
      if (path instanceof FileHandle) return path.writeFile(data, options);
      return asPromise(current, writeFile("promise", path, data, options));
    },
    appendFile(path: unknown, data: unknown, options: unknown): Promise<void> {
      if (path instanceof FileHandle) return path.appendFile(data, options);
      return asPromise(current, appendFile("promise", path, data, options));
    },
    async mkdtempDisposable(prefix: unknown, options: unknown): Promise<object> {
      const path = await asPromise(current, mkdtemp(prefix, options));
      const whole = resolve(cwd(), String(path));
      const remove = (): Promise<void> =>
        asPromise(current, rm("promise", sleep, whole, { recursive: true, force: true }));
      return Object.assign(Object.create(null), { path, remove, [Symbol.asyncDispose]: remove });
    },
  };
}

async function* eachOf<T>(current: Current, program: Program<T[]>): AsyncGenerator<T> {
  yield* await asPromise(current, program);
}
