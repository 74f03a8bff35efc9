// Writing to stdout and stderr so that nothing is lost at exit, and how failures look.

import { subscribe } from "node:diagnostics_channel";
import { HoldfastError, isHoldfastError, toHoldfastError } from "../errors.ts";
import type { SetAside } from "../store/index-database.ts";
import { printable } from "./text.ts";

/** Resolves when the chunk is handed over; waits while a slow reader is behind. Rejects with the signal's reason, or with
 *  what keeps stdout from being written: that is told as such, and never blamed on the workspace. */
export function writeStdout(chunk: string | Uint8Array, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(signal?.reason);
    signal?.addEventListener("abort", onAbort, { once: true });
    process.stdout.write(chunk, (error) => {
      signal?.removeEventListener("abort", onAbort);
      if (error) reject(stdoutFailure(error));
      else resolve();
    });
  });
}

function stdoutFailure(error: Error): HoldfastError {
  const { code } = toHoldfastError(error);
  return new HoldfastError(code, `stdout cannot be written: ${error.message}`, {
    hint: "Look at what stdout is redirected to; the workspace is not what failed.",
    cause: error,
  });
}

/** From now on a line on stderr says which database was damaged and made anew, whoever in this process finds it so. */
export function tellSetAside(): void {
  // By name: loading what publishes it takes longer than most commands.
  subscribe("holdfast:set-aside", (message) => {
    const { path, aside } = message as SetAside;
    process.stderr.write(`holdfast: ${path} was damaged: it is kept as ${aside}, and was made anew\n`);
  });
}

/** Prints a failure on stderr (with `json`: exactly one document) and returns the exit code. */
export function reportFailure(thrown: unknown, json: boolean): number {
  const error = toHoldfastError(thrown);
  if (json) {
    const document = { error: error.message, code: error.code, hint: error.hint ?? "" };
    const details = error.details === undefined ? {} : { details: error.details };
    process.stderr.write(`${JSON.stringify({ ...document, ...details })}\n`);
  } else {
    // Names and paths are in these, too, and must not be able to steer a terminal.
    const hint = error.hint === undefined ? "" : `\n  ${printable(error.hint)}`;
    process.stderr.write(`holdfast: ${printable(error.message)}${hint}\n`);
  }
  return exitCodeOf(error);
}

export function exitCodeOf(error: unknown): number {
  if (!isHoldfastError(error)) return 1;
  switch (error.code) {
    case "USAGE":
    case "BAD_OPTION":
    case "SCENARIO":
      return 2;
    case "LOCK_TIMEOUT":
    case "SYNC_RUNNING":
      return 75;
    case "INTERRUPTED":
      return 130;
    default:
      return 1;
  }
}
