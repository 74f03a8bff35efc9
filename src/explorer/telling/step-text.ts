// A step as the few words that stand beside its dot: the call, and what came back.

import type { Step, Violation } from "../trace.ts";
import { deed } from "./deed.ts";
import { columnsOf, printable, shortened } from "./printable.ts";

export const ARROW = " → ";

export interface StepText {
  readonly call: string;
  /** "" when there is nothing to tell: done, or a descriptor's number. */
  readonly outcome: string;
}

export function stepText(step: Step): StepText {
  const silent =
    /^(?:ok|)$/.test(step.outcome) || /^(?:open fd|watch watch) \d+$/.test(`${deed(step).verb} ${step.outcome}`);
  const outcome = silent ? "" : printable(step.outcome);
  const call = printable(step.call);
  if (step.kind === "start") return { call: "starts", outcome };
  if (step.kind === "end") return { call: call === "" ? "end" : call, outcome };
  if (step.kind === "crash") return { call: call === "" ? "killed" : call, outcome };
  return { call, outcome };
}

/** Both on one line of at most `columns`; the outcome keeps its place when the call is long. */
export function fitted({ call, outcome }: StepText, columns: number): StepText {
  if (outcome === "") return { call: shortened(call, columns), outcome };
  const room = columns - ARROW.length;
  const whole = columnsOf(call) + columnsOf(outcome);
  if (whole <= room) return { call, outcome };
  if (room < 8) return { call: shortened(call, columns), outcome: "" };
  const outcomeRoom = Math.max(room - columnsOf(call), Math.min(columnsOf(outcome), Math.floor(room / 2)));
  const shown = shortened(outcome, outcomeRoom);
  return { call: shortened(call, room - columnsOf(shown)), outcome: shown };
}

const TITLES: Readonly<Record<Violation["kind"], string>> = {
  check: "The check failed",
  rejection: "% failed",
  exception: "% threw",
  deadlock: "Deadlock",
  "left-held": "% left something held",
  unbounded: "% comes to no end",
  nondeterminism: "The same choices gave another run",
  "exit-code": "% ended with a wrong exit code",
};

/** "The check failed", "b threw". */
export function violationTitle({ kind, process }: Violation): string {
  return TITLES[kind].replace("%", () => (process === "" ? "The scenario" : printable(process)));
}
