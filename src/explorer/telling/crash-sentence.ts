// What a kill or a power loss left half done, in a sentence.

import type { Step } from "../trace.ts";
import { answer, created, deed, doing, emptied } from "./deed.ts";

/** "a was killed in step 5, right after it emptied /f (step 4): /f was left empty." Undefined when nothing was killed. */
export function crashSentence(steps: readonly Step[]): string | undefined {
  const told = steps.flatMap((step, index) => {
    if (step.kind === "crash") return [killed(steps, index)];
    return step.kind === "power-loss" ? [darkened(steps, index)] : [];
  });
  return told.length === 0 ? undefined : told.join(" ");
}

function killed(steps: readonly Step[], index: number): string {
  const crash = steps[index];
  if (crash === undefined) return "";
  const before = lastChange(steps.slice(0, index), crash.process);
  const opening = `${crash.process} was killed in step ${crash.number}`;
  if (before === undefined) return `${opening}, before it had changed anything.`;
  const after = `right after it ${doing(before)} (step ${before.number})`;
  const left = leftBehind(before);
  return left === undefined
    ? `${opening}, ${after}.`
    : `${opening}, ${after}: ${left}${seen(steps.slice(index), before)}.`;
}

/** The last thing the process changed in the life that ended. */
function lastChange(steps: readonly Step[], process: string): Step | undefined {
  for (const step of steps.toReversed()) {
    if (step.process !== process) continue;
    if (step.kind === "start" || step.kind === "restart") return undefined;
    if (changes(step)) return step;
  }
  return undefined;
}

function changes(step: Step): boolean {
  return step.kind === "effect" && !step.failed && step.touched.some(({ access }) => access !== "read");
}

function leftBehind(step: Step): string | undefined {
  const { path } = deed(step);
  if (emptied(step)) return `${path} was left empty, before its new content was written`;
  return created(step) && path !== "" ? `${path} was left behind` : undefined;
}

/** Who came across it first: ", and b read it in step 9 (nothing)". */
function seen(later: readonly Step[], before: Step): string {
  const { path } = deed(before);
  const subjects = emptied(before) ? [`content of ${path}`] : [path];
  const finder = later.find(
    (step) => step.kind === "effect" && step.touched.some(({ what }) => subjects.includes(what)),
  );
  if (finder === undefined) return "";
  return `, and ${finder.process} ${doing(finder, path)} in step ${finder.number}${answer(finder)}`;
}

/** Power loss takes what was written and not flushed. */
function darkened(steps: readonly Step[], index: number): string {
  const loss = steps[index];
  if (loss === undefined) return "";
  const opening = `All processes lost power in step ${loss.number}`;
  const unflushed = unflushedBefore(steps.slice(0, index));
  if (unflushed === undefined) return `${opening}.`;
  const told = `${unflushed.process} ${doing(unflushed)} in step ${unflushed.number}`;
  return `${opening}; ${told} and nothing had flushed that to disk.`;
}

function unflushedBefore(steps: readonly Step[]): Step | undefined {
  const flushed = new Set<string>();
  for (const step of steps.toReversed()) {
    const { verb, path } = deed(step);
    if ((verb === "fsync" || verb === "fdatasync") && !step.failed) flushed.add(path);
    if (changes(step) && verb !== "close" && !flushed.has(path) && !flushed.has(folderOf(step))) return step;
  }
  return undefined;
}

/** A new name is safe once its directory was flushed. */
function folderOf(step: Step): string {
  const { path, to, verb } = deed(step);
  const name = to === "" ? path : to;
  if (verb === "write") return path;
  const slash = name.lastIndexOf("/");
  return slash <= 0 ? "/" : name.slice(0, slash);
}
