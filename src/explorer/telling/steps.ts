// One line for each step, for a replay that stops at every one.

import type { Trace } from "../trace.ts";
import { marks, WORD_COLUMNS } from "./marks.ts";
import { columnsOf, padded, printable } from "./printable.ts";
import { ARROW, stepText } from "./step-text.ts";
import { movedTo, processesOf, timePasses } from "./times.ts";

/** Names longer than this do not widen the column of names. */
const WIDEST_NAME = 20;

/** `  14  changed  b  write /balance → 2 bytes  (balance.race.ts:7:9)` */
export function* steps(trace: Trace): Generator<string, void, undefined> {
  const marked = marks(trace);
  const numbers = Math.max(4, String(trace.steps.length).length);
  const names = Math.min(
    WIDEST_NAME,
    Math.max(1, ...processesOf(trace.steps).map((name) => columnsOf(printable(name)))),
  );
  const clock = timePasses(trace.steps);
  const times = clock ? Math.max(...trace.steps.map((_, index) => movedTo(trace.steps, index).length)) : 0;
  for (const [index, step] of trace.steps.entries()) {
    const { call, outcome } = stepText(step);
    const parts = [
      String(step.number).padStart(numbers),
      clock ? movedTo(trace.steps, index).padStart(times) : undefined,
      marked.window === undefined ? undefined : (marked.wordOf(step.number) ?? "").padEnd(WORD_COLUMNS),
      padded(printable(step.process === "" ? "*" : step.process), names),
      `${call}${outcome === "" ? "" : ARROW + outcome}${step.failed && outcome === "" ? " (failed)" : ""}`,
      step.site === undefined ? undefined : `(${printable(step.site)})`,
    ];
    yield parts.filter((part) => part !== undefined).join("  ");
  }
}
