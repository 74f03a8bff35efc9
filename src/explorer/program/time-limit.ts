// Ends code that runs for too long without coming back. Only V8 itself can: `vm` does it for scripts with a time-out.
//
// Nothing of the code runs any more then, not even `finally`: whoever calls this puts in order what the code was in the
// middle of. Promise jobs that were ready are dropped by V8; the async context is put back here.

import { AsyncLocalStorage } from "node:async_hooks";
import { Script } from "node:vm";

const WORK = Symbol.for("holdfast.explorer.work");
const script = new Script(`globalThis[Symbol.for("${WORK.description}")]()`, { filename: "holdfast:time-limit" });

/** Puts the contexts of all storages back, whatever they were when the code was ended. */
const around = new AsyncLocalStorage<undefined>();

export const TOO_LONG = Symbol("it took too long");

/** What `work` returns, or throws; `TOO_LONG` if it did not come to an end in time: then callers call `afterUnwinding`. */
export function withinTime<T>(limitMs: number, work: () => T): T | typeof TOO_LONG {
  return around.run(undefined, () => {
    let ended: { readonly result: T } | { readonly thrown: unknown } | undefined;
    const global = globalThis as unknown as Record<symbol, unknown>;
    const before = global[WORK];
    global[WORK] = () => {
      try {
        ended = { result: work() };
      } catch (thrown) {
        ended = { thrown };
      }
    };
    try {
      script.runInThisContext({ timeout: limitMs });
    } catch {
      // The time-out; all else was caught within.
    } finally {
      global[WORK] = before;
    }
    if (ended === undefined) return TOO_LONG;
    if ("thrown" in ended) throw ended.thrown;
    return ended.result;
  });
}
