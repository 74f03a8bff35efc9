// `fs.watch` and `fs.promises.watch`: notices of changes, over the kernel's watches.

import { EventEmitter } from "node:events";
import { matchesGlob } from "node:path";
import { types } from "node:util";
import type { WatchNotice } from "../disk/calls.ts";
import type { Current, Effects } from "../effects.ts";
import {
  type Options,
  optionsOf,
  pathOf,
  validBoolean,
  validEncoding,
  validInteger,
  validObject,
  validOneOf,
  validSignal,
} from "./arguments.ts";
import { AbortError, coded, Failed, wrongType } from "./node-error.ts";
import { call, standingStill } from "./program.ts";
import { encoded } from "./stats.ts";

type Ignored = (name: string) => boolean;

/** The watch of one path, from the call that begins it to the one that ends it. */
class Watch {
  readonly #effects: Effects;
  readonly #number: number;
  #hold: { release(): void } | undefined;
  #over = false;

  constructor(
    current: Current,
    path: string,
    recursive: boolean,
    persistent: boolean,
    told: (notice: WatchNotice) => void,
  ) {
    this.#effects = current();
    this.#number = begin(current, path, recursive);
    this.#effects.onNotice(this.#number, told);
    if (persistent) this.hold();
  }

  hold(): void {
    if (!this.#over) this.#hold ??= this.#effects.hold();
  }

  letGo(): void {
    this.#hold?.release();
    this.#hold = undefined;
  }

  end(): void {
    if (this.#over) return;
    this.letGo();
    this.#over = true;
    this.#effects.onNotice(this.#number, undefined);
    this.#effects.now({ op: "unwatch", args: [this.#number] });
  }
}

function begin(current: Current, path: string, recursive: boolean): number {
  const program = function* () {
    try {
      return yield* call("watch", path, recursive);
    } catch (failure) {
      throw failure instanceof Failed ? failure.as("watch", path) : failure;
    }
  };
  try {
    return standingStill(current, program(), begin);
  } catch (error) {
    throw Object.assign(error as Error, { filename: path });
  }
}

export class FSWatcher extends EventEmitter {
  #watch: Watch | undefined;

  /** Begins; undefined for a path that is not there, if that is no error. */
  begin(current: Current, path: string, options: Options): void {
    const ignored = ignoredOf(options.ignore);
    const persistent = options.persistent ?? true;
    try {
      this.#watch = new Watch(current, path, Boolean(options.recursive), persistent === true, ({ event, name }) => {
        if (!ignored(name)) this.emit("change", event, encoded(name, options.encoding));
      });
    } catch (error) {
      const missing = (error as NodeJS.ErrnoException).code === "ENOENT";
      if (!missing || options.throwIfNoEntry !== false) throw error;
    }
  }

  start(): void {}

  close(): void {
    if (this.#watch === undefined) return;
    this.#watch.end();
    this.#watch = undefined;
    process.nextTick(() => this.emit("close"));
  }

  ref(): this {
    this.#watch?.hold();
    return this;
  }

  unref(): this {
    this.#watch?.letGo();
    return this;
  }
}

/** `fs.watch`. */
export function watch(current: Current, filename: unknown, given?: unknown, listener?: unknown): FSWatcher {
  const options = optionsOf(given);
  const watcher = new FSWatcher();
  watcher.begin(current, pathOf(filename), options);
  const told = typeof given === "function" ? given : listener;
  if (typeof told === "function") watcher.addListener("change", told as (...notice: unknown[]) => void);
  const signal = validSignal(options.signal);
  if (signal?.aborted) process.nextTick(() => watcher.close());
  else if (signal !== undefined) {
    const close = (): void => watcher.close();
    signal.addEventListener("abort", close);
    watcher.once("close", () => signal.removeEventListener("abort", close));
  }
  return watcher;
}

interface Change {
  readonly eventType: string;
  readonly filename: string | Buffer;
}

/** `fs.promises.watch`: begins when the first change is asked for. */
export async function* watchChanges(current: Current, filename: unknown, given: unknown = {}): AsyncGenerator<Change> {
  const path = pathOf(filename);
  const options = validObject(given, "options");
  const { persistent = true, recursive = false, encoding = "utf8", maxQueue = 2048, overflow = "ignore" } = options;
  validBoolean(persistent, "options.persistent");
  validBoolean(recursive, "options.recursive");
  const most = validInteger(maxQueue, "options.maxQueue");
  validOneOf(overflow, "options.overflow", ["ignore", "error"]);
  const signal = validSignal(options.signal);
  const ignored = ignoredOf(options.ignore);
  if (encoding !== "buffer") validEncoding(encoding);
  if (signal?.aborted) throw new AbortError(signal.reason);

  const queue: (Change | Error)[] = [];
  let { promise, resolve } = Promise.withResolvers<void>();
  const watching = new Watch(current, path, recursive === true, persistent === true, ({ event, name }) => {
    if (ignored(name)) return;
    if (queue.length < most) queue.push({ eventType: event, filename: encoded(name, encoding) });
    else if (overflow === "error") {
      const error = coded(Error, "ERR_FS_WATCH_QUEUE_OVERFLOW", `fs.watch() queued more than ${most} events`);
      queue.splice(0, queue.length, error);
    }
    resolve();
  });
  const abort = (): void => {
    watching.end();
    resolve();
  };
  signal?.addEventListener("abort", abort, { once: true });
  try {
    while (!signal?.aborted) {
      await promise;
      for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
        if (next instanceof Error) throw next;
        yield next;
      }
      ({ promise, resolve } = Promise.withResolvers<void>());
    }
    throw new AbortError(signal.reason);
  } finally {
    watching.end();
    signal?.removeEventListener("abort", abort);
  }
}

/** A glob, an expression, a function, or several of them. */
function ignoredOf(ignore: unknown): Ignored {
  if (ignore === undefined || ignore === null) return () => false;
  const matchers = (Array.isArray(ignore) ? ignore : [ignore]).map((one: unknown): Ignored => {
    if (typeof one === "string") {
      const pattern = one.includes("/") ? one : `**/${one}`;
      return (name) => matchesGlob(name, pattern);
    }
    if (types.isRegExp(one)) return (name) => new RegExp(one.source, one.flags.replace("g", "")).test(name);
    if (typeof one === "function") return (name) => Boolean(one(name));
    throw wrongType("options.ignore", "of type string or function or an instance of RegExp or Array", one);
  });
  return (name) => matchers.some((matches) => matches(name));
}
