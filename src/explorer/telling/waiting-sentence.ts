// Processes that wait for ever, and what was left locked, in a sentence.

import type { Step, Trace } from "../trace.ts";
import { answer, created, deed, doing, wouldChange } from "./deed.ts";

/** Who waits, after what, and who made that so: "a waits: it tried to create /right in step 8 (there already), which b had created in step 4." */
export function waitingSentence({ steps, violation }: Trace): string | undefined {
  const waiting = waitingProcesses(steps, violation.message);
  if (waiting.length === 0) return undefined;
  const them = waiting.length === 1 ? "it" : "them";
  return `${waiting.map((process) => waits(steps, process)).join(" ")} Nothing is under way that could wake ${them}.`;
}

/** Those the message names; when it names none, all that began and were not killed for good. */
export function waitingProcesses(steps: readonly Step[], message: string): string[] {
  const running = new Set<string>();
  for (const { kind, process } of steps) {
    if (process === "") continue;
    if (kind === "end" || kind === "crash") running.delete(process);
    else running.add(process);
  }
  const words = new Set(message.split(/[\s,;:.'"`()]+/));
  const named = [...running].filter((process) => words.has(process));
  return named.length > 0 ? named : [...running];
}

function waits(steps: readonly Step[], process: string): string {
  const own = steps.filter((step) => step.process === process && step.kind === "effect");
  const last = own.findLast((step) => step.failed && wouldChange(step)) ?? own.at(-1);
  if (last === undefined) return `${process} waits, and has done nothing yet.`;
  const { path } = deed(last);
  const maker = last.failed
    ? steps.findLast(
        (step) => step.number < last.number && step.process !== process && created(step) && deed(step).path === path,
      )
    : undefined;
  const made = maker === undefined ? "" : `, which ${maker.process} had created in step ${maker.number}`;
  return `${process} waits: it ${doing(last)} in step ${last.number}${answer(last)}${made}.`;
}

/** What the process that ended had created and not removed. */
export function heldSentence({ steps, violation }: Trace): string | undefined {
  const own = steps.filter((step) => step.process === violation.process || violation.process === "");
  const made = own.findLast(
    (step) => created(step) && !own.some((later) => later.number > step.number && takesAway(later, deed(step).path)),
  );
  if (made === undefined) return undefined;
  return `${made.process} ${doing(made)} in step ${made.number} and ended without removing it.`;
}

function takesAway(step: Step, path: string): boolean {
  const { verb, path: its } = deed(step);
  return !step.failed && its === path && (verb === "rmdir" || verb === "unlink" || verb === "rename");
}
