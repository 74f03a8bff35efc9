// Lets everything that is ready run, and nothing more: `process.nextTick`, then promise jobs, until none is left.
//
// Node does this after each callback of its own (`processTicksAndRejections`); `process._tickCallback` is that same
// function, reachable since the first days of Node and marked as deprecated (DEP0134) without a successor. It is exact
// where a turn of the event loop is a guess, and ten times as fast. It must not be called from within a promise job.

import { assert } from "../../errors.ts";
import { guardGlobals } from "./real-globals.ts";

const tick = (process as unknown as { _tickCallback(): void })._tickCallback;
const fatalException = (process as unknown as { _fatalException(error: unknown): boolean })._fatalException;

/** A program that throws more often than this without an effect between is not going anywhere. */
const MAX_THROWS = 1000;

/** Returns when nothing is ready. What is thrown past all handlers is given to `thrown`. */
export function drain(thrown: (error: unknown) => void): void {
  for (let throws = 0; throws < MAX_THROWS; throws++) {
    try {
      tick();
      return;
    } catch (error) {
      afterUnwinding();
      thrown(error);
    }
  }
  throw new Error(`a program threw ${MAX_THROWS} times in one go`);
}

let unwinding = false;

/**
 * What is thrown through Node's own loop over its queues leaves the stack of async ids as it was there, and Node ends the
 * whole process (`abort`) when it finds that out. Node's handler of uncaught exceptions puts the stack in order, and is
 * called here for this alone. Only within `catching`, which sees to it that nobody hears of it.
 */
export function afterUnwinding(): void {
  unwinding = true;
  try {
    fatalException(new Error("put the stack of async ids in order"));
  } finally {
    unwinding = false;
  }
}

/** Hears of errors that no code caught. */
export type Heard = (kind: "rejection" | "exception", error: unknown) => void;

/** Runs outside of any promise job, where `drain` works. */
export function outsideOfJobs<T>(heard: Heard, run: () => T): Promise<T> {
  return new Promise((resolve, reject) => {
    setImmediate(() => {
      try {
        resolve(catching(heard, run));
      } catch (error) {
        reject(error);
      }
    });
  });
}

/** Hears of errors that no code caught while `run` runs; puts everything back afterwards. */
export function catching<T>(heard: Heard, run: () => T): T {
  let drained = false;
  queueMicrotask(() => {
    drained = true;
  });
  tick();
  assert(drained, "programs are run outside of promise jobs");
  const emit = process.emit;
  process.emit = function (this: NodeJS.Process, name: string, ...rest: unknown[]): boolean {
    if (unwinding) return true;
    if (name === "unhandledRejection") {
      heard("rejection", rest[0]);
      return true;
    }
    if (name === "rejectionHandled" || name === "multipleResolves") return true;
    return Reflect.apply(emit, this, [name, ...rest]) as boolean;
  } as typeof process.emit;
  const captured = !process.hasUncaughtExceptionCaptureCallback();
  if (captured) {
    process.setUncaughtExceptionCaptureCallback((error) => {
      if (!unwinding) heard("exception", error);
    });
  }
  const unguard = guardGlobals();
  try {
    return run();
  } finally {
    unguard();
    process.emit = emit;
    if (captured) process.setUncaughtExceptionCaptureCallback(null);
  }
}
