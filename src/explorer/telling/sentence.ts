// The failure in a sentence or two that anyone can read who knows what a file is.

import type { Step, Trace } from "../trace.ts";
import { crashSentence } from "./crash-sentence.ts";
import { answer, deed, doing, emptied, wouldChange } from "./deed.ts";
import { printable } from "./printable.ts";
import { tornRead, tornSentence } from "./torn.ts";
import { heldSentence, waitingSentence } from "./waiting-sentence.ts";
import { type LosingWindow, losingWindow, subjectOf } from "./window.ts";

/** Steps of others that are named one by one; a longer list says no more. */
const NAMED_BETWEEN = 4;

/** What went wrong, for people: who looked at what, who came between, and what was done all the same. One line. */
export function sentence(trace: Trace): string {
  const window = losingWindow(trace);
  const parts = [crashSentence(trace.steps), window === undefined ? undefined : windowSentence(trace.steps, window)];
  if (trace.violation.kind === "deadlock") parts.push(waitingSentence(trace));
  if (trace.violation.kind === "left-held") parts.push(heldSentence(trace));
  const torn = window === undefined ? tornRead(trace.steps) : undefined;
  if (torn !== undefined) parts.push(tornSentence(torn));
  const told = parts.filter((part) => part !== undefined);
  return printable(told.length > 0 ? told.join(" ") : lastSentence(trace));
}

function windowSentence(steps: readonly Step[], window: LosingWindow): string | undefined {
  const step = (number: number): Step | undefined => steps[number - 1];
  const look = step(window.look);
  const act = step(window.act);
  if (look === undefined || act === undefined) return undefined;
  const path = deed(look).path === "" ? subjectOf(window.resource) : deed(look).path;
  const others = window.between.map(step).filter((one) => one !== undefined);
  const between = withoutEmptying(others);
  const first = `${who(look)} ${doing(look)} ${at(look)}${answer(look)}`;
  const last = `${who(act)} ${pausedBetween(steps, look, act)}${acting(act, path, between, window)} ${at(act)}${answer(act)}`;
  return `${[first, ...grouped(between, path)].join(", ")}, and ${last}.`;
}

/** "b created it in step 5", "a removed it in step 5 and created it in step 6": consecutive steps of one process together. */
function grouped(between: readonly Step[], path: string): string[] {
  const groups: { process: string; deeds: string[] }[] = [];
  for (const step of between.slice(0, NAMED_BETWEEN)) {
    const told = `${doing(step, path)} ${at(step)}${answer(step)}`;
    const group = groups.at(-1);
    if (group?.process === step.process) group.deeds.push(told);
    else groups.push({ process: step.process, deeds: [told] });
  }
  const more = between.length - NAMED_BETWEEN;
  const told = groups.map(({ process, deeds }) => `${process} ${deeds.join(" and ")}`);
  return more > 0 ? [...told, `${more} more such ${more === 1 ? "step" : "steps"} followed`] : told;
}

/** The open that emptied a file goes without saying when the write to it is told. */
function withoutEmptying(steps: readonly Step[]): readonly Step[] {
  return steps.filter((step, index) => {
    const next = steps[index + 1];
    const written =
      next?.process === step.process && deed(next).verb === "write" && deed(next).path === deed(step).path;
    return !(emptied(step) && written);
  });
}

function acting(act: Step, path: string, between: readonly Step[], window: LosingWindow): string {
  const { verb, path: its } = deed(act);
  const wrote = (step: Step): boolean => deed(step).verb === "write" || emptied(step);
  if (window.pattern === "stale look" && !act.failed && verb === "write" && its === path && between.some(wrote)) {
    return "wrote over it";
  }
  const told = doing(act, path);
  if (window.pattern === "half done") return `only then ${told}`;
  const elsewhere = window.pattern === "stale look" && its !== path && !wouldChangePath(act, path);
  return elsewhere ? `${told}, as if nothing had changed,` : told;
}

function wouldChangePath(step: Step, path: string): boolean {
  return wouldChange(step) && (deed(step).path === path || deed(step).to === path);
}

/** A process that stood still between its look and its act says so: it is why the look was so old. */
function pausedBetween(steps: readonly Step[], look: Step, act: Step): string {
  const stall = steps.find(
    ({ kind, process, number }) =>
      kind === "stall" && process === act.process && number > look.number && number < act.number,
  );
  return stall === undefined ? "" : `(which stood still from step ${stall.number} on) `;
}

/** Nobody came between, nobody was killed: the failure is in what one process did last. */
function lastSentence({ steps, violation }: Trace): string {
  const last = steps.findLast(
    ({ kind, process }) => kind === "effect" && (violation.process === "" || process === violation.process),
  );
  if (last === undefined) return "It fails without any step: no order of the processes is to blame.";
  const told = `the last thing that ${who(last)} did is that it ${doing(last)} ${at(last)}${answer(last)}`;
  return `No step of another process came between two that belong together; ${told}.`;
}

function who(step: Step): string {
  return step.process === "" ? "the machine" : step.process;
}

function at(step: Step): string {
  return `in step ${step.number}`;
}
