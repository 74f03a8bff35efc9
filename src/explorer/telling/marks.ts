// Which steps belong to the losing window, and the word that says how: the same in the terminal, in HTML and step by step.

import type { Trace } from "../trace.ts";
import { type LosingWindow, losingWindow, type WindowPattern } from "./window.ts";

/** `first` and `last` are the two steps of one process, `between` is what came between, `inside` is all else in the window. */
export type Mark = "first" | "between" | "last" | "inside";

export interface Marks {
  readonly window: LosingWindow | undefined;
  /** By step number; undefined outside the window. */
  markOf(step: number): Mark | undefined;
  /** "looked", "changed", "acted": undefined for steps that only lie inside. */
  wordOf(step: number): string | undefined;
}

const WORDS: Readonly<Record<WindowPattern, Readonly<Record<Exclude<Mark, "inside">, string>>>> = {
  "stale look": { first: "looked", between: "changed", last: "acted" },
  "half done": { first: "began", between: "saw", last: "finished" },
  overwritten: { first: "wrote", between: "changed", last: "looked" },
  "two answers": { first: "looked", between: "changed", last: "looked" },
};

/** The longest word of the lot: what a column for them takes. */
export const WORD_COLUMNS = 8;

export function marks(trace: Trace): Marks {
  const window = losingWindow(trace);
  const between = new Set(window?.between);
  const markOf = (step: number): Mark | undefined => {
    if (window === undefined || step < window.look || step > window.act) return undefined;
    if (step === window.look) return "first";
    if (step === window.act) return "last";
    return between.has(step) ? "between" : "inside";
  };
  const wordOf = (step: number): string | undefined => {
    const mark = markOf(step);
    return window === undefined || mark === undefined || mark === "inside" ? undefined : WORDS[window.pattern][mark];
  };
  return { window, markOf, wordOf };
}
