// `fs.watchFile`: asks again and again how a file is.

import { EventEmitter } from "node:events";
import { resolve } from "node:path";
import { type StatRecord, SystemFault } from "../disk/calls.ts";
import type { Effects } from "../effects.ts";
import { pathOf, validFunction, validUint32 } from "./arguments.ts";
import { notSimulated } from "./node-error.ts";
import { statsOf } from "./stats.ts";

/** The simulated timers: without them nothing can be waited for. */
export interface Timers {
  setTimeout(callback: () => void, ms: number): unknown;
  clearTimeout(timer: unknown): void;
}

const NO_FILE: StatRecord = {
  dev: 0,
  ino: 0,
  mode: 0,
  nlink: 0,
  uid: 0,
  gid: 0,
  rdev: 0,
  size: 0,
  blksize: 0,
  blocks: 0,
  atimeMs: 0,
  mtimeMs: 0,
  ctimeMs: 0,
  birthtimeMs: 0,
};

const COMPARED = ["ctimeMs", "mtimeMs", "birthtimeMs", "size", "mode", "uid", "gid", "ino", "dev"] as const;

interface Poll {
  readonly interval: number;
  readonly persistent: boolean;
  readonly bigint: unknown;
}

export class StatWatcher extends EventEmitter {
  readonly #effects: Effects;
  readonly #timers: Timers;
  readonly #path: string;
  readonly #poll: Poll;
  #timer: unknown;
  #last: StatRecord | undefined;
  #stopped = false;

  constructor(effects: Effects, timers: Timers, path: string, poll: Poll) {
    super();
    this.#effects = effects;
    this.#timers = timers;
    this.#path = path;
    this.#poll = poll;
    this.#ask();
  }

  #ask(): void {
    this.#effects.later({ op: "stat", args: [this.#path] }, (fault, result) => {
      if (this.#stopped) return;
      if (fault instanceof SystemFault) this.#found(NO_FILE);
      else this.#found(result as StatRecord);
      this.#timer = this.#timers.setTimeout(() => this.#ask(), this.#poll.interval);
      if (!this.#poll.persistent) this.unref();
    });
  }

  #found(now: StatRecord): void {
    const before = this.#last;
    this.#last = now;
    // The first look is told only of a file that is not there.
    const same = before === undefined ? now !== NO_FILE : COMPARED.every((field) => before[field] === now[field]);
    if (same) return;
    this.emit("change", statsOf(now, this.#poll.bigint), statsOf(before ?? NO_FILE, this.#poll.bigint));
  }

  start(): void {}

  stop(): void {
    if (this.#stopped) return;
    this.#stopped = true;
    if (this.#timer !== undefined) this.#timers.clearTimeout(this.#timer);
    process.nextTick(() => this.emit("stop"));
  }

  ref(): this {
    (this.#timer as { ref?(): void } | undefined)?.ref?.();
    return this;
  }

  unref(): this {
    (this.#timer as { unref?(): void } | undefined)?.unref?.();
    return this;
  }
}

/** `watchFile` and `unwatchFile`, which share what is watched in one process. */
export class StatWatchers {
  readonly #effects: Effects;
  readonly #timers: Timers | undefined;
  readonly #cwd: () => string;
  readonly #watchers = new Map<string, StatWatcher>();

  constructor(effects: Effects, timers: Timers | undefined, cwd: () => string) {
    this.#effects = effects;
    this.#timers = timers;
    this.#cwd = cwd;
  }

  watch(filename: unknown, given: unknown, listener: unknown): StatWatcher {
    const path = resolve(this.#cwd(), pathOf(filename));
    const options = typeof given === "object" && given !== null ? given : {};
    const poll: Poll = { interval: 5007, persistent: true, bigint: false, ...options };
    const told = validFunction(typeof given === "object" && given !== null ? listener : given, "listener");
    validUint32(poll.interval, "interval");
    let watcher = this.#watchers.get(path);
    if (watcher === undefined) {
      if (this.#timers === undefined) throw notSimulated("fs.watchFile without timers", "use fs.watch.");
      watcher = new StatWatcher(this.#effects, this.#timers, path, poll);
      this.#watchers.set(path, watcher);
    }
    return watcher.addListener("change", told as (...stats: unknown[]) => void);
  }

  unwatch(filename: unknown, listener: unknown): void {
    const path = resolve(this.#cwd(), pathOf(filename));
    const watcher = this.#watchers.get(path);
    if (watcher === undefined) return;
    if (typeof listener === "function") watcher.removeListener("change", listener as (...stats: unknown[]) => void);
    else watcher.removeAllListeners("change");
    if (watcher.listenerCount("change") > 0) return;
    watcher.stop();
    this.#watchers.delete(path);
  }
}
