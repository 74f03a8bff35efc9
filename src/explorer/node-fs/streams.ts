// `createReadStream`, `createWriteStream`: Node's own stream classes, over the replaced functions.
//
// Node's streams take the functions they read and write with as an option, so that nothing of them is written anew here.

import * as real from "node:fs";
import type { FileHandle } from "./file-handle.ts";
import { notSimulated } from "./node-error.ts";

export type ReadStream = real.ReadStream;
export type WriteStream = real.WriteStream;

type Options = Record<string, unknown>;
// biome-ignore lint/suspicious/noExplicitAny: called without `new` too, with whatever a program hands over
type StreamClass<T> = { (...given: any[]): T; new (...given: any[]): T; prototype: T };

export interface StreamClasses {
  readonly ReadStream: StreamClass<ReadStream>;
  readonly WriteStream: StreamClass<WriteStream>;
  readFrom(handle: FileHandle, options?: object): ReadStream;
  writeTo(handle: FileHandle, options?: object): WriteStream;
}

/** Classes of their own for each module object, whose functions they look up when they need them, as they may be patched. */
export function streamClasses(module: object, isHandle: (value: unknown) => value is FileHandle): StreamClasses {
  const ReadStream = subclass<ReadStream>(real.ReadStream, "ReadStream", module, isHandle);
  const WriteStream = subclass<WriteStream>(real.WriteStream, "WriteStream", module, isHandle);
  return {
    ReadStream,
    WriteStream,
    readFrom: (handle, options) => new ReadStream(undefined, { ...options, fd: handle }),
    writeTo: (handle, options) => new WriteStream(undefined, { ...options, fd: handle }),
  };
}

/** A plain function with a prototype chain: graceful-fs and others call it with `apply`. */
function subclass<T extends ReadStream | WriteStream>(
  Real: unknown,
  name: string,
  module: object,
  isHandle: (value: unknown) => value is FileHandle,
): StreamClass<T> {
  const Base = Real as StreamClass<T>;
  const Stream = {
    [name]: function (this: unknown, path: unknown, given: unknown): T {
      if (!(this instanceof Stream)) return new Stream(path, given);
      const options: Options = typeof given === "string" ? { encoding: given } : { ...(given as Options | undefined) };
      const handle = options.fd;
      if (isHandle(handle)) {
        handle.retain();
        Reflect.apply(Base, this, [path, { ...options, fd: handle.fd, fs: functionsOf(handle) }]);
        handle.on("close", () => this.close());
      } else {
        Reflect.apply(Base, this, [path, { fs: module, ...options }]);
      }
      return this;
    },
  }[name] as unknown as StreamClass<T>;
  Object.setPrototypeOf(Stream.prototype as object, Base.prototype as object);
  Object.setPrototypeOf(Stream, Base);
  return Stream;
}

/** Node's, which takes the functions it uses as an option too; its timer is a real one, and so refused. */
export function utf8StreamClass(module: object): unknown {
  return class Utf8Stream extends real.Utf8Stream {
    constructor(options: real.Utf8StreamOptions = {}) {
      if (options.periodicFlush) {
        throw notSimulated("fs.Utf8Stream with periodicFlush", "call flush() from a timer of the program.");
      }
      super({ ...options, fs: { ...module, ...options.fs } });
    }
  };
}

type Done = (error: unknown, ...results: unknown[]) => void;

/** A handle as the functions that a stream wants. */
function functionsOf(handle: FileHandle): object {
  const told = <T>(promise: Promise<T>, done: Done, results: (value: T) => unknown[], failed: unknown[] = []): void => {
    promise.then(
      (value) => done(null, ...results(value)),
      (error: unknown) => done(error, ...failed),
    );
  };
  return {
    open(): void {
      throw new Error("A FileHandle is open already");
    },
    close(_fd: number, done: Done): void {
      handle.release();
      told(handle.close(), done, () => []);
    },
    fsync(_fd: number, done: Done): void {
      told(handle.sync(), done, () => []);
    },
    read(_fd: number, buffer: Buffer, offset: number, length: number, position: number | undefined, done: Done): void {
      told(handle.read(buffer, offset, length, position), done, countOf("bytesRead", buffer), [0, buffer]);
    },
    write(_fd: number, buffer: Buffer, offset: number, length: number, position: number | undefined, done: Done): void {
      told(handle.write(buffer, offset, length, position), done, countOf("bytesWritten", buffer), [0, buffer]);
    },
    writev(_fd: number, buffers: Buffer[], position: number | undefined, done: Done): void {
      told(handle.writev(buffers, position), done, countOf("bytesWritten", buffers), [0, buffers]);
    },
  };
}

function countOf(field: string, data: unknown): (value: object) => unknown[] {
  return (value) => [(value as Record<string, unknown>)[field], data];
}
