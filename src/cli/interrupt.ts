// SIGINT and SIGTERM as an abort signal: commands end at their next step, give back their locks, and leave nothing.

import { HoldfastError } from "../errors.ts";

/** What does not end by itself so long after a signal is cut off; locks and staging left so are taken over or swept by
 *  the next command. */
const PATIENCE_MS = 15_000;

export interface Interruption {
  readonly signal: AbortSignal;
  /** Rejects some time after the signal. */
  readonly overdue: Promise<never>;
}

/** Call once, first thing in the process. A second SIGINT ends the process at once. */
export function watchInterrupts(): Interruption {
  const controller = new AbortController();
  const late = Promise.withResolvers<never>();
  late.promise.catch(() => {}); // nobody may be waiting for it
  const onSignal = (name: NodeJS.Signals): void => {
    if (controller.signal.aborted) {
      if (name === "SIGINT") process.exit(130);
      return;
    }
    const error = new HoldfastError("INTERRUPTED", `ended by ${name}`, {
      hint: "Run it again when you like; nothing is half-done.",
    });
    controller.abort(error);
    setTimeout(() => late.reject(error), PATIENCE_MS).unref();
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
  return { signal: controller.signal, overdue: late.promise };
}
