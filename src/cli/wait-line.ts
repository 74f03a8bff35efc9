// Tells, on stderr, who a command waits for: on a terminal only, and never with `--json`.

import type { WaitReport } from "../coordination/index.ts";
import type { ProgressOutput } from "./status-line.ts";
import { durationText, printable } from "./text.ts";

/** What to give as `onWait`; undefined where nobody is to be told. */
export function waitLine(
  call: { readonly json: boolean },
  output: ProgressOutput = process.stderr,
): ((waiting: WaitReport) => void) | undefined {
  if (call.json || output.isTTY !== true) return undefined;
  return (waiting) => void output.write(`${waitText(waiting)}\n`);
}

/** `waiting for data, held by "holdfast data put", pid 4711, for 3 s` */
export function waitText({ scope, holder, pid, forMs }: WaitReport): string {
  return printable(`waiting for ${scope}, held by "${holder}", pid ${pid}, for ${durationText(forMs)}`);
}
