// The replacement of `node:fs` and `node:fs/promises` for simulated processes: the same functions, over calls to the
// simulated kernel. Start reading at `program.ts`: each function is written once, as a program, and has three drivers.

import * as real from "node:fs";
import { resolve } from "node:path";
import type { Current, Effects } from "../effects.ts";
import { secondsOf } from "./arguments.ts";
import { callbackForms, type Functions, named } from "./callbacks.ts";
import { Dir } from "./directory-handle.ts";
import { FileHandle } from "./file-handle.ts";
import { describeFunctions, type Surroundings } from "./functions.ts";
import { mkdtemp } from "./names.ts";
import { notSimulated } from "./node-error.ts";
import { standingStill } from "./program.ts";
import { handleForms, promiseForms } from "./promises.ts";
import { StatWatchers, type Timers } from "./stat-watcher.ts";
import { Stats } from "./stats.ts";
import { type ReadStream, type StreamClasses, streamClasses, utf8StreamClass, type WriteStream } from "./streams.ts";
import { rm } from "./trees.ts";
import { watch } from "./watcher.ts";

export { hearOfNotSimulated } from "./node-error.ts";
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
 * of the process, for the few functions that resolve a relative path themselves. To undo what was put in the place of
 * `ReadStream` and the other stream classes, assign undefined to them.
 */
export function makeFs(current: Current, timers?: Timers, cwd: () => string = () => "/"): FsModule {
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
  return { surroundings, functions, promises: promiseForms(surroundings, described) };
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

/** Once for every process of every run: what is seldom used is made when it is asked for. */
function assemble({ surroundings, functions, promises }: Shared, timers: Timers | undefined): FsModule {
  let streams: StreamClasses | undefined;
  let replaced: Functions | undefined;
  let promised: Functions | undefined;
  let utf8Stream: unknown;
  // By what a process is in one run: a module object may serve in many runs.
  const watchers = new WeakMap<Effects, StatWatchers>();

  const classes = (): StreamClasses => {
    streams ??= streamClasses(module, (value): value is FileHandle => value instanceof FileHandle);
    return streams;
  };
  const statWatchers = (): StatWatchers => {
    const effects = surroundings.current();
    const known = watchers.get(effects) ?? new StatWatchers(effects, timers, surroundings.cwd);
    watchers.set(effects, known);
    return known;
  };
  const replace = (name: string, value: unknown): void => {
    replaced = { ...replaced, [name]: value };
  };

  const module = {
    ...functions,
    createReadStream(path: unknown, options: unknown): ReadStream {
      return new module.ReadStream(path, options);
    },
    createWriteStream(path: unknown, options: unknown): WriteStream {
      return new module.WriteStream(path, options);
    },
    watchFile(name: unknown, options: unknown, listener: unknown): unknown {
      return statWatchers().watch(name, options, listener);
    },
    unwatchFile(name: unknown, listener: unknown): void {
      statWatchers().unwatch(name, listener);
    },
    // Accessors, as Node has them: a class that is put in their place is what `create...Stream` then makes.
    get ReadStream(): StreamClasses["ReadStream"] {
      return (replaced?.ReadStream as StreamClasses["ReadStream"]) ?? classes().ReadStream;
    },
    set ReadStream(value: unknown) {
      replace("ReadStream", value);
    },
    get WriteStream(): StreamClasses["WriteStream"] {
      return (replaced?.WriteStream as StreamClasses["WriteStream"]) ?? classes().WriteStream;
    },
    set WriteStream(value: unknown) {
      replace("WriteStream", value);
    },
    get FileReadStream(): unknown {
      return replaced?.FileReadStream ?? classes().ReadStream;
    },
    set FileReadStream(value: unknown) {
      replace("FileReadStream", value);
    },
    get FileWriteStream(): unknown {
      return replaced?.FileWriteStream ?? classes().WriteStream;
    },
    set FileWriteStream(value: unknown) {
      replace("FileWriteStream", value);
    },
    get Utf8Stream(): unknown {
      utf8Stream ??= utf8StreamClass(module);
      return utf8Stream;
    },
    get promises(): unknown {
      promised ??= {
        ...promises,
        ...handleForms({ current: surroundings.current, streams: classes }, surroundings),
      };
      return promised;
    },
  };
  Object.defineProperties(module, UNCHANGEABLE);
  return module as unknown as FsModule;
}

/** `fs.constants`, and `fs.F_OK` and its like, which Node still has. */
const UNCHANGEABLE: PropertyDescriptorMap = {
  constants: { value: real.constants, enumerable: true },
  ...Object.fromEntries(
    (["F_OK", "R_OK", "W_OK", "X_OK"] as const).map((name) => [name, { get: () => real.constants[name] }]),
  ),
};
