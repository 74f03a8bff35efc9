// What `fs.promises.open` gives: a descriptor with methods, closed when nothing uses it any more.

import { EventEmitter } from "node:events";
import { createInterface, type Interface } from "node:readline";
import { ReadableStream } from "node:stream/web";
import type { Current } from "../effects.ts";
import { optionsOf } from "./arguments.ts";
import {
  close,
  fchmod,
  fchown,
  fdatasync,
  fstat,
  fsync,
  ftruncate,
  futimes,
  readInto,
  readv,
  sourceOf,
  writeFrom,
  writev,
} from "./descriptors.ts";
import { coded } from "./node-error.ts";
import { asPromise, type Program } from "./program.ts";
import { targetOfHandle } from "./read-target.ts";
import type { ReadStream, StreamClasses, WriteStream } from "./streams.ts";
import { contentOf, isPieces, toBytes, writeAll } from "./whole-files.ts";

/** What the handles of one simulated process share. */
export interface HandleHost {
  readonly current: Current;
  readonly streams: () => StreamClasses;
}

export class FileHandle extends EventEmitter {
  readonly #host: HandleHost;
  #fd: number;
  /** Calls under way, and the handle itself: closed for real when none is left. */
  #users = 1;
  #closing: Promise<void> | undefined;
  #closed: PromiseWithResolvers<void> | undefined;
  #locked = false;

  constructor(host: HandleHost, fd: number) {
    super();
    this.#host = host;
    this.#fd = fd;
  }

  get fd(): number {
    return this.#fd;
  }

  getAsyncId(): number {
    return this.#fd;
  }

  /** Own, as Node has it: packages take it off the handle. */
  close = (): Promise<void> => {
    if (this.#closing !== undefined) return this.#closing;
    if (this.#fd === -1) return Promise.resolve();
    this.#closed = Promise.withResolvers<void>();
    this.#closing = this.#closed.promise.finally(() => {
      this.#closing = undefined;
    });
    this.release();
    this.emit("close");
    return this.#closing;
  };

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Keeps the descriptor open until `release`. */
  retain(): void {
    this.#users++;
  }

  release(): void {
    this.#users--;
    if (this.#users > 0) return;
    const fd = this.#fd;
    this.#fd = -1;
    const { promise, resolve, reject } = this.#closed ?? Promise.withResolvers<void>();
    promise.catch(() => {});
    asPromise(this.#host.current, close(fd)).then(resolve, reject);
  }

  async #ask<T>(syscall: string, program: (fd: number) => Program<T>): Promise<T> {
    if (this.#fd === -1) throw Object.assign(new Error("file closed"), { code: "EBADF", syscall });
    this.retain();
    try {
      return await asPromise(this.#host.current, program(this.#fd));
    } finally {
      this.release();
    }
  }

  appendFile(data: unknown, options: unknown): Promise<void> {
    return this.writeFile(data, options);
  }

  chmod(mode: unknown): Promise<void> {
    return this.#ask("fchmod", (fd) => fchmod(fd, mode));
  }

  chown(uid: unknown, gid: unknown): Promise<void> {
    return this.#ask("fchown", (fd) => fchown(fd, uid, gid));
  }

  datasync(): Promise<void> {
    return this.#ask("fdatasync", (fd) => fdatasync(fd));
  }

  sync(): Promise<void> {
    return this.#ask("fsync", (fd) => fsync(fd));
  }

  stat(options: { bigint?: boolean }): Promise<unknown> {
    return this.#ask("fstat", (fd) => fstat(fd, options));
  }

  truncate(length: unknown = 0): Promise<void> {
    return this.#ask("ftruncate", (fd) => ftruncate(fd, length));
  }

  utimes(atime: unknown, mtime: unknown): Promise<void> {
    return this.#ask("futimes", (fd) => futimes(fd, atime, mtime));
  }

  read(...given: [buffer?: unknown, offset?: unknown, length?: unknown, position?: unknown]): Promise<object> {
    return this.#ask("read", function* (fd) {
      const target = targetOfHandle(given);
      return result({ bytesRead: yield* readInto(fd, target), buffer: target.view });
    });
  }

  readv(buffers: unknown, position: unknown): Promise<object> {
    return this.#ask("readv", function* (fd) {
      return result({ bytesRead: yield* readv(fd, buffers, position), buffers });
    });
  }

  readFile(options: unknown): Promise<unknown> {
    return this.#ask("readFile", (fd) => contentOf("promise", fd, optionsOf(options)));
  }

  write(...given: [buffer: unknown, offset?: unknown, length?: unknown, position?: unknown]): Promise<object> {
    const [buffer] = given;
    return this.#ask("write", function* (fd) {
      if (ArrayBuffer.isView(buffer) && buffer.byteLength === 0) return result({ bytesWritten: 0, buffer });
      return result({ bytesWritten: yield* writeFrom(fd, sourceOf(given)), buffer });
    });
  }

  writev(buffers: unknown, position: unknown): Promise<object> {
    return this.#ask("writev", function* (fd) {
      return result({ bytesWritten: yield* writev(fd, buffers, position), buffers });
    });
  }

  writeFile(data: unknown, given: unknown): Promise<void> {
    return this.#ask("writeFile", (fd) => {
      const options = optionsOf(given, { encoding: "utf8" });
      const source = isPieces(data) ? data : toBytes(data, "data", options.encoding);
      return writeAll("promise", fd, source, options);
    });
  }

  readLines(options?: object): Interface {
    return createInterface({ input: this.createReadStream(options), crlfDelay: Number.POSITIVE_INFINITY });
  }

  createReadStream(options?: object): ReadStream {
    return this.#host.streams().readFrom(this, options);
  }

  createWriteStream(options?: object): WriteStream {
    return this.#host.streams().writeTo(this, options);
  }

  readableWebStream({ autoClose = false }: { autoClose?: boolean } = {}): ReadableStream {
    if (this.#fd === -1) throw coded(Error, "ERR_INVALID_STATE", "Invalid state: The FileHandle is closed");
    if (this.#locked) throw coded(Error, "ERR_INVALID_STATE", "Invalid state: The FileHandle is locked");
    this.#locked = true;
    this.retain();
    const done = async (): Promise<void> => {
      this.release();
      if (autoClose) await this.close();
    };
    return new ReadableStream({
      type: "bytes",
      pull: async (controller) => {
        const { bytesRead, buffer } = (await this.read(Buffer.alloc(16384))) as { bytesRead: number; buffer: Buffer };
        if (bytesRead > 0) controller.enqueue(new Uint8Array(buffer.subarray(0, bytesRead)));
        else {
          controller.close();
          await done();
        }
      },
      cancel: done,
    });
  }
}

/** Without a prototype, as Node's results are. */
function result<T extends object>(fields: T): T {
  return Object.assign(Object.create(null), fields);
}
