// One command line from words to exit code: parse, run, print.

import { nameHolder } from "../coordination/holder-name.ts";
import { HoldfastError, systemCode } from "../errors.ts";
import { refuseBrokenArguments } from "./argument-bytes.ts";
import { Call } from "./call.ts";
import type { Interruption } from "./interrupt.ts";
import { exitCodeOf, reportFailure, tellSetAside, writeStdout } from "./output.ts";
import { type PlainCall, parsePlainly, wantsJson } from "./parse-plainly.ts";

/** Prints everything that is to be printed and returns the exit code. Never throws. */
export async function runCommandLine(argv: readonly string[], { signal, overdue }: Interruption): Promise<number> {
  const json = wantsJson(argv);
  process.stdout.on("error", (error) => {
    // Whoever read our output has seen enough.
    if (systemCode(error) === "EPIPE") process.exit(0);
  });
  // Nobody is left to be told.
  process.stderr.on("error", () => {});
  // A defect, but told like any failure: with --json there is always one document.
  process.on("uncaughtException", (error) => {
    process.exit(reportFailure(signal.aborted ? asInterruption(error, signal) : error, json));
  });
  let endedBySignal = false;
  try {
    refuseBrokenArguments(argv);
    const parsed = parsePlainly(argv) ?? (await import("./program.ts")).parseCommandLine(argv);
    if (parsed.kind === "say") {
      await writeStdout(`${parsed.json ? JSON.stringify({ [parsed.what]: parsed.text }) : parsed.text}\n`);
      return 0;
    }
    endedBySignal = parsed.spec.endedBySignal === true;
    // A daemon's log tells.
    if (!json && parsed.spec.path !== "up") tellSetAside();
    const failure = await Promise.race([runCommand(parsed, signal), overdue]);
    // The text on stdout has told all of it; a program that looks at the exit code alone gets its document.
    if (failure !== undefined) {
      const code = json ? reportFailure(failure.error, json) : exitCodeOf(failure.error);
      return failure.exitCode ?? code;
    }
    if (!signal.aborted || endedBySignal) return 0;
    // The work was done before the signal could end it: its result is printed, and the exit code still tells.
    return reportFailure(signal.reason, json);
  } catch (error) {
    if (!signal.aborted) return reportFailure(error, json);
    if (endedBySignal && exitCodeOf(asInterruption(error, signal)) === 130) return 0;
    return reportFailure(asInterruption(error, signal), json);
  }
}

/** Resolves to what the command found out, if that is a failure. */
async function runCommand(
  { spec, args, options }: PlainCall,
  signal: AbortSignal,
): Promise<{ readonly error: HoldfastError; readonly exitCode: number | undefined } | undefined> {
  nameHolder(`holdfast ${spec.path}`);
  const { run } = await spec.load();
  const call = new Call(args, options, signal);
  const outcome = await run(call);
  if (outcome === undefined) return undefined;
  const text = call.json ? JSON.stringify(outcome.json) : outcome.text();
  if (text !== "") await writeStdout(`${text}\n`);
  return outcome.failure && { error: outcome.failure, exitCode: outcome.exitCode };
}

/** After a signal, streams and waits end with errors of their own making (`AbortError`): they mean the signal. */
function asInterruption(error: unknown, signal: AbortSignal): unknown {
  if (error instanceof HoldfastError) return error;
  return error instanceof Error && error.name === "AbortError" ? signal.reason : error;
}
