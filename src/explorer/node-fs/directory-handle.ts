// `fs.Dir`: a directory opened with `opendir`, read name by name.

import { constants, type Dirent } from "node:fs";
import { join } from "node:path";
import type { DirectoryEntry } from "../disk/calls.ts";
import type { Current } from "../effects.ts";
import { optionsOf, pathOf, validFunction, validUint32 } from "./arguments.ts";
import { coded, Failed } from "./node-error.ts";
import { asCallback, type Callback, call, type Program, standingStill } from "./program.ts";
import { direntOf } from "./stats.ts";

const { O_DIRECTORY, O_RDONLY, S_IFDIR } = constants;

interface OpenDirectory {
  readonly current: Current;
  readonly fd: number;
}

interface DirOptions {
  readonly encoding: unknown;
  readonly recursive: boolean;
}

export function* opendir(current: Current, path: unknown, given?: unknown): Program<Dir> {
  const name = pathOf(path);
  const options = optionsOf(given, { encoding: "utf8" });
  if (options.bufferSize !== undefined) validUint32(options.bufferSize, "options.bufferSize", 1);
  try {
    const fd = yield* call("open", name, O_RDONLY | O_DIRECTORY, 0);
    return new Dir({ current, fd }, name, { encoding: options.encoding, recursive: Boolean(options.recursive) });
  } catch (failure) {
    throw failure instanceof Failed ? failure.as("opendir", name) : failure;
  }
}

export class Dir {
  readonly #current: Current;
  readonly #fd: number;
  readonly #path: string;
  readonly #options: DirOptions;
  /** Read but not yet handed out, with the directory each is in. */
  #found: [entry: DirectoryEntry, parent: string][] = [];
  /** Directories not yet read. */
  #unread: string[];
  #closed = false;
  /** Operations that wait for the one under way; undefined while none is. */
  #queue: (() => void)[] | undefined;

  constructor({ current, fd }: OpenDirectory, path: string, options: DirOptions) {
    this.#current = current;
    this.#fd = fd;
    this.#path = path;
    this.#options = options;
    this.#unread = [path];
  }

  get path(): string {
    return this.#path;
  }

  *#next(): Program<Dirent | null> {
    let unread: string | undefined;
    while (this.#found.length === 0) {
      unread = this.#unread.shift();
      if (unread === undefined) return null;
      const parent = unread;
      this.#found = (yield* call("readdir", parent)).map((entry) => [entry, parent]);
    }
    const [first] = this.#found.splice(0, 1);
    if (first === undefined) return null;
    const [entry, parent] = first;
    if (this.#options.recursive && entry.type === S_IFDIR) this.#unread.push(join(parent, entry.name));
    return direntOf(entry, parent, this.#options.encoding);
  }

  read(callback?: unknown): Promise<Dirent | null> | undefined {
    this.#refuseClosed();
    if (callback === undefined) return new Promise((resolve, reject) => this.#read(settling(resolve, reject)));
    this.#read(validFunction(callback, "callback") as Callback);
    return undefined;
  }

  #read(callback: Callback): void {
    this.#inTurn(callback, (done) => asCallback(this.#current, this.#next(), done));
  }

  /** One operation after the other, as they were asked for. */
  #inTurn(callback: Callback, begin: (done: Callback) => void): void {
    if (this.#queue !== undefined) {
      this.#queue.push(() => this.#inTurn(callback, begin));
      return;
    }
    this.#queue = [];
    begin((...results) => {
      const waiting = this.#queue ?? [];
      this.#queue = undefined;
      process.nextTick(() => {
        for (const operation of waiting) operation();
      });
      callback(...results);
    });
  }

  readSync(): Dirent | null {
    this.#refuseClosed();
    this.#refuseBusy();
    return standingStill(this.#current, this.#next(), this.readSync);
  }

  close(callback?: unknown): Promise<void> | undefined {
    if (callback === undefined) {
      if (this.#closed) return Promise.reject(closedError());
      return new Promise((resolve, reject) => this.#close(settling(resolve, reject)));
    }
    const told = validFunction(callback, "callback") as Callback;
    if (this.#closed) process.nextTick(told, closedError());
    else this.#close(told);
    return undefined;
  }

  #close(callback: Callback): void {
    this.#inTurn(callback, (done) => {
      this.#closed = true;
      asCallback(this.#current, call("close", this.#fd), done);
    });
  }

  closeSync(): void {
    this.#refuseClosed();
    this.#refuseBusy();
    this.#closed = true;
    standingStill(this.#current, call("close", this.#fd), this.closeSync);
  }

  async *entries(): AsyncGenerator<Dirent, void> {
    try {
      for (;;) {
        const next = await this.read();
        if (next === null || next === undefined) return;
        yield next;
      }
    } finally {
      await this.close();
    }
  }

  [Symbol.asyncIterator](): AsyncGenerator<Dirent, void> {
    return this.entries();
  }

  [Symbol.dispose](): void {
    if (!this.#closed) this.closeSync();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (!this.#closed) await this.close();
  }

  #refuseClosed(): void {
    if (this.#closed) throw closedError();
  }

  #refuseBusy(): void {
    if (this.#queue === undefined) return;
    const message = "Cannot do synchronous work on directory handle with concurrent asynchronous operations";
    throw coded(Error, "ERR_DIR_CONCURRENT_OPERATION", message);
  }
}

function closedError(): Error {
  return coded(Error, "ERR_DIR_CLOSED", "Directory handle was closed");
}

function settling<T>(resolve: (value: T) => void, reject: (error: unknown) => void): Callback {
  return (error, value) => (error ? reject(error) : resolve(value as T));
}
