// The losing window: the two steps of one process between which another came, and made the first worthless.
//
// Four patterns cannot come out of any order in which the processes take turns, and are searched for on each resource
// (own step, other's step, own step): look-write-write is the lost update and the stale check, write-look-write lets
// the other see something half done, write-write-look finds another's work in place of the own, look-write-look finds
// two answers to one question. Many of them are harmless; the one told is the one with the most weight.

import assert from "node:assert/strict";
import type { Step, TouchedResource, Trace, ViolationKind } from "../trace.ts";
import { deed, emptied, NOTHING, takesAtomically, wouldChange } from "./deed.ts";
import { tornRead } from "./torn.ts";

export type WindowPattern = "stale look" | "half done" | "overwritten" | "two answers";

/** Steps by their `number`. */
export interface LosingWindow {
  readonly pattern: WindowPattern;
  /** The first of the process's two steps: its look, or its first change. */
  readonly look: number;
  /** Steps of other processes after `look` and before `act` that made the difference, in order; never empty. */
  readonly between: readonly number[];
  /** The second of the process's two steps. */
  readonly act: number;
  /** What they met on. */
  readonly resource: string;
}

type Access = TouchedResource["access"];

interface Touch {
  readonly step: Step;
  /** How often its process had been started when it made the step: memory does not outlive a process. */
  readonly life: number;
  readonly access: Access;
  /** What it says to people as the look, and as a change. */
  readonly lookWeight: number;
  readonly changeWeight: number;
}

interface Candidate {
  readonly pattern: WindowPattern;
  readonly look: Touch;
  readonly act: Touch;
  readonly resource: string;
  readonly weight: number;
  /** Among which the steps between are. */
  readonly touches: readonly Touch[];
}

/** Steps that are looked back over on one resource: bounds the work on long traces. */
const REACH = 300;
const ACCESSES: readonly Access[] = ["read", "add", "write"];
/** The weight of what is not there. */
const NONE = Number.NEGATIVE_INFINITY;
/** Steps of a process that may rest on what it saw of another resource. */
const RELIANCE = 12;

/** The pair of steps the failure hangs on, and what came between; undefined when nothing of the kind happened. */
export function losingWindow(trace: Trace): LosingWindow | undefined {
  if (trace.violation.kind === "nondeterminism") return undefined;
  const lives = livesOf(trace.steps);
  let best: Candidate | undefined;
  for (const [resource, touches] of touchesByResource(trace.steps, lives)) {
    for (const candidate of [...pairs(resource, touches, trace), ...reliances(resource, touches, lives, trace)]) {
      if (!tellingFor(trace.violation.kind, candidate)) continue;
      if (best === undefined || candidate.weight > best.weight) best = candidate;
    }
  }
  return best === undefined ? tornWindow(trace.steps) : windowOf(best);
}

/** What was seen half done, but for which no two steps of one process met the other on one resource. */
function tornWindow(steps: readonly Step[]): LosingWindow | undefined {
  const torn = tornRead(steps);
  if (torn?.written === undefined) return undefined;
  const { opened, read, written, path } = torn;
  return { pattern: "half done", look: opened.number, between: [read.number], act: written.number, resource: path };
}

function windowOf({ pattern, look, act, resource, touches }: Candidate): LosingWindow {
  const between = touches.filter(
    (other) =>
      isForeign(other, look) &&
      other.step.number > look.step.number &&
      other.step.number < act.step.number &&
      breaks(pattern, look.access, other.access),
  );
  assert.ok(between.length > 0, "a window has steps of others in it");
  const numbers = between.map(({ step }) => step.number);
  return { pattern, look: look.step.number, between: numbers, act: act.step.number, resource };
}

/** Waiting and endless runs are full of harmless pairs: only a look that was acted on explains them. */
function tellingFor(kind: ViolationKind, { pattern, weight }: Candidate): boolean {
  const waits = kind === "deadlock" || kind === "left-held" || kind === "unbounded";
  return weight > 0 && (!waits || pattern === "stale look");
}

/** Two steps of one process on one resource, with another's step on it between them. */
function* pairs(resource: string, touches: readonly Touch[], trace: Trace): Generator<Candidate> {
  for (const [at, act] of touches.entries()) {
    if (act.step.process === "") continue;
    // The weightiest step of others after `back`, by what it did to the resource.
    const others: Record<Access, number> = { read: NONE, add: NONE, write: NONE };
    for (let back = at - 1; back >= Math.max(0, at - REACH); back--) {
      const look = touches[back];
      if (look === undefined) break;
      if (isForeign(look, act)) {
        others[look.access] = Math.max(others[look.access], look.changeWeight);
        continue;
      }
      if (look.step.process === "") continue;
      if (look.life !== act.life) break;
      const pattern = patternOf(look, act);
      const between = Math.max(
        ...ACCESSES.map((access) => (breaks(pattern, look.access, access) ? others[access] : NONE)),
      );
      if (between === NONE) continue;
      yield { pattern, look, act, resource, touches, weight: weightOf(trace, pattern, look, act, resource) + between };
    }
  }
}

/** A step of another process, or of none. */
function isForeign(other: Touch, own: Touch): boolean {
  return other.step.process !== own.step.process && other.step.process !== "";
}

/** Whether another's step breaks the pattern's pair: two additions to one directory do not disturb each other. */
function breaks(pattern: WindowPattern, look: Access, other: Access): boolean {
  if (pattern === "half done") return other === "read";
  return other === "write" || (other === "add" && look !== "add");
}

/** A look at one resource that another then changed, and an act of the looker on something else soon after. */
function* reliances(
  resource: string,
  touches: readonly Touch[],
  lives: readonly number[],
  trace: Trace,
): Generator<Candidate> {
  for (const [at, change] of touches.entries()) {
    if (change.access === "read" || change.step.process === "") continue;
    const seen = new Set<string>();
    for (let back = at - 1; back >= Math.max(0, at - REACH); back--) {
      const look = touches[back];
      if (look === undefined) break;
      const { process } = look.step;
      if (look.access !== "read" || process === "" || process === change.step.process || seen.has(process)) continue;
      seen.add(process);
      const act = relying(look, change.step.number, lives, trace.steps);
      if (act === undefined) continue;
      const weight = weightOf(trace, "stale look", look, act, resource) + change.changeWeight;
      const related = deed(act.step).path === subjectOf(resource);
      yield { pattern: "stale look", look, act, resource, touches, weight: related ? weight : weight - 60 };
    }
  }
}

/** The looker's first change after step `from`, if it comes soon and in the same life. */
function relying(look: Touch, from: number, lives: readonly number[], steps: readonly Step[]): Touch | undefined {
  let own = 0;
  for (const [index, step] of steps.entries()) {
    if (step.number <= from || step.process !== look.step.process) continue;
    const life = lives[index] ?? 0;
    if (life !== look.life || ++own > RELIANCE) return undefined;
    if (changesAnything(step)) return touchOf(step, life, "write");
  }
  return undefined;
}

function touchOf(step: Step, life: number, access: Access): Touch {
  return { step, life, access, lookWeight: weightOfLook(step), changeWeight: weightOfChange(step) };
}

/** How much a pair explains, but for what came between. */
function weightOf(trace: Trace, pattern: WindowPattern, look: Touch, act: Touch, resource: string): number {
  const length = Math.max(1, trace.steps.length);
  let weight = WEIGHT_OF_PATTERN[pattern] + weightOfResource(resource) + look.lookWeight + act.changeWeight;
  if (act.step.failed && !look.step.failed) weight += 30;
  // A look that failed to change anything, and then the atomic attempt that came through, is how locks are waited for.
  if (takesAtomically(act.step)) weight -= 60;
  if (look.step.failed && wouldChange(look.step)) weight -= 30;
  if (trace.violation.process === act.step.process) weight += 10;
  return weight + (20 * act.step.number) / length - (20 * (act.step.number - look.step.number)) / length;
}

const WEIGHT_OF_PATTERN: Readonly<Record<WindowPattern, number>> = {
  "stale look": 100,
  "half done": 60,
  overwritten: 40,
  "two answers": 20,
};

function patternOf(look: Touch, act: Touch): WindowPattern {
  if (look.access !== "read") return act.access === "read" ? "overwritten" : "half done";
  // Who waits for a change relies on its not having happened yet.
  if (deed(act.step).verb === "watch" && look.step.kind === "effect") return "stale look";
  const triedToAct = act.access !== "read" || (act.step.failed && (wouldChange(act.step) || !look.step.failed));
  return triedToAct ? "stale look" : "two answers";
}

/** Names and contents are what programs go by; times and clocks move anyway. */
function weightOfResource(resource: string): number {
  if (resource.startsWith("content of ")) return 12;
  if (resource.startsWith("/")) return 10;
  return /clock|time/.test(resource) ? -80 : 0;
}

function weightOfLook(step: Step): number {
  const { verb } = deed(step);
  // Who watches has asked for what is to come, and knows nothing of what is.
  if (verb === "watch") return NONE;
  if (verb === "read") return step.outcome === NOTHING ? 2 : 12;
  // Who empties a file looks at nothing but its name.
  if (verb === "fstat" || verb === "close" || emptied(step)) return -6;
  return verb === "open" ? 4 : 8;
}

/** A write says more than the open that emptied the file for it. */
function weightOfChange(step: Step): number {
  const { verb } = deed(step);
  if (verb === "close" || verb === "fstat") return -6;
  return emptied(step) ? 3 : 6;
}

function changesAnything(step: Step): boolean {
  if (step.failed) return step.kind === "effect" && wouldChange(step);
  return step.touched.some(({ what, access }) => access !== "read" && weightOfResource(what) > 0);
}

/** The path a resource is about. */
export function subjectOf(resource: string): string {
  const slash = resource.indexOf("/");
  return slash < 0 ? resource : resource.slice(slash);
}

function touchesByResource(steps: readonly Step[], lives: readonly number[]): Map<string, Touch[]> {
  const byResource = new Map<string, Touch[]>();
  for (const [index, step] of steps.entries()) {
    // Who stops watching has looked at nothing.
    if (deed(step).verb === "unwatch") continue;
    for (const [what, access] of strongest(step.touched)) {
      const touches = byResource.get(what) ?? [];
      touches.push(touchOf(step, lives[index] ?? 0, access));
      byResource.set(what, touches);
    }
  }
  return byResource;
}

/** Each resource once, with the most that was done to it. */
function strongest(touched: readonly TouchedResource[]): Map<string, Access> {
  const most = new Map<string, Access>();
  for (const { what, access } of touched) {
    const before = most.get(what) ?? "read";
    most.set(what, before === "write" || access === "read" ? before : access);
  }
  return most;
}

/** For each step, how often its process had begun anew. */
function livesOf(steps: readonly Step[]): number[] {
  const deaths = new Map<string, number>();
  let powerLosses = 0;
  return steps.map((step) => {
    if (step.kind === "power-loss") powerLosses += 1;
    if (step.kind === "crash" || step.kind === "restart") {
      deaths.set(step.process, (deaths.get(step.process) ?? 0) + 1);
    }
    return (deaths.get(step.process) ?? 0) + powerLosses;
  });
}
