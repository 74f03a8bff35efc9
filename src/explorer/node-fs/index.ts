// The replacement of `node:fs` and `node:fs/promises` for simulated processes: the same functions, over calls to the
// simulated kernel. Start reading at `program.ts`: each function is written once, as a program, and has three drivers.

import * as real from "node:fs";
import { resolve } from "node:path";
import type { Current } from "../effects.ts";
import { secondsOf } from "./arguments.ts";
import { callbackForms, type Functions, named } from "./callbacks.ts";
import { Dir } from "./directory-handle.ts";
import { FileHandle, type HandleHost } from "./file-handle.ts";
import { describeFunctions, type Surroundings } from "./functions.ts";
import { mkdtemp } from "./names.ts";
import { notSimulated } from "./node-error.ts";
import { standingStill } from "./program.ts";
import { handleForms, promiseForms } from "./promises.ts";
import { StatWatchers, type Timers } from "./stat-watcher.ts";
import { Stats } from "./stats.ts";
import { streamClasses } from "./streams.ts";
import { rm } from "./trees.ts";
import { watch } from "./watcher.ts";

export type { Timers } from "./stat-watcher.ts";

/** What `import fs from "node:fs"` gives; `promises` is `node:fs/promises`. */
export type FsModule = typeof real;

/** The functions that do not know which module object they are in: made once for all processes that share `current`. */
interface Shared {
  readonly surroundings: Surroundings;
  readonly functions: Functions;
  readonly promises: Functions;
}

const sharedOf = new WeakMap<Current, Shared>();

/**
 * `node:fs` for the process that `current` tells. Every call gives a module object of its own, since packages patch it:
 * one for each process. `timers` are the simulated ones, for `watchFile` and the retries of `rm`; `cwd` is the directory
 * of the process, for the few functions that resolve a relative path themselves.
 */
export function makeFs(current: Current, timers?: Timers, cwd: () => string = () => process.cwd()): FsModule {
  let shared = sharedOf.get(current);
  if (shared === undefined) {
    shared = makeShared(current, timers, cwd);
    sharedOf.set(current, shared);
  }
  return assemble(shared, timers);
}

function makeShared(current: Current, timers: Timers | undefined, cwd: () => string): Shared {
  const sleep =
    timers && ((ms: number): Promise<void> => new Promise((done) => void timers.setTimeout(() => done(), ms)));
  const surroundings: Surroundings = { current, cwd, sleep };
  const described = describeFunctions(surroundings);
  const functions: Functions = {
    ...callbackForms(current, described),
    // As on every system but macOS.
    lchmod: undefined,
    lchmodSync: undefined,
    mkdtempDisposableSync: disposableForm(surroundings),
    openAsBlob: named("openAsBlob", 1, () => {
      throw notSimulated("fs.openAsBlob", "read the file with fs.promises.readFile and make a Blob of it.");
    }),
    watch: named("watch", 3, (filename, options, listener) => watch(current, filename, options, listener)),
    Dirent: real.Dirent,
    Stats,
    _toUnixTimestamp: named("toUnixTimestamp", 1, (time) => secondsOf(time) ?? current().clock() / 1000),
    Dir,
  };
  return { surroundings, functions, promises: promiseForms(current, described) };
}

function disposableForm({ current, cwd, sleep }: Surroundings): unknown {
  const form: (...given: unknown[]) => unknown = named("mkdtempDisposableSync", 2, (prefix, options) => {
    const path = standingStill(current, mkdtemp(prefix, options), form);
    const whole = resolve(cwd(), String(path));
    const remove = (): void => {
      standingStill(current, rm("sync", sleep, whole, { recursive: true, force: true }), remove);
    };
    return { path, remove, [Symbol.dispose]: remove };
  });
  return form;
}

function assemble({ surroundings, functions, promises }: Shared, timers: Timers | undefined): FsModule {
  const module: Functions = { ...functions };
  let made: ReturnType<typeof streamClasses> | undefined;
  const streams = (): ReturnType<typeof streamClasses> => {
    made ??= streamClasses(module, (value): value is FileHandle => value instanceof FileHandle);
    return made;
  };
  const host: HandleHost = { current: surroundings.current, streams };
  const promised: Functions = { ...promises, ...handleForms(host, surroundings) };
  const watchers = new StatWatchers(surroundings.current, timers, surroundings.cwd);

  module.createReadStream = named("createReadStream", 2, (path, options) => {
    return new (module.ReadStream as ReturnType<typeof streams>["ReadStream"])(path, options);
  });
  module.createWriteStream = named("createWriteStream", 2, (path, options) => {
    return new (module.WriteStream as ReturnType<typeof streams>["WriteStream"])(path, options);
  });
  module.watchFile = named("watchFile", 3, (name, options, listener) => watchers.watch(name, options, listener));
  module.unwatchFile = named("unwatchFile", 2, (name, listener) => watchers.unwatch(name, listener));

  // Accessors, as Node has them: a class that is put in their place is what `create...Stream` then makes.
  for (const [name, original] of STREAM_NAMES) {
    let replaced: unknown;
    Object.defineProperty(module, name, {
      get: () => replaced ?? streams()[original],
      set: (value: unknown) => {
        replaced = value;
      },
      enumerable: true,
      configurable: true,
    });
  }
  Object.defineProperties(module, {
    Utf8Stream: {
      get() {
        throw notSimulated("fs.Utf8Stream", "use fs.createWriteStream.");
      },
      enumerable: true,
      configurable: true,
    },
    promises: { get: () => promised, enumerable: true, configurable: true },
    constants: { value: real.constants, enumerable: true },
    ...ACCESS_MODES,
  });
  return module as unknown as FsModule;
}

const STREAM_NAMES = [
  ["ReadStream", "ReadStream"],
  ["WriteStream", "WriteStream"],
  ["FileReadStream", "ReadStream"],
  ["FileWriteStream", "WriteStream"],
] as const;

/** `fs.F_OK` and its like, which Node still has. */
const ACCESS_MODES = Object.fromEntries(
  (["F_OK", "R_OK", "W_OK", "X_OK"] as const).map((name) => [name, { get: () => real.constants[name] }]),
);
