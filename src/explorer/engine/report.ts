// What an exploration found out, and what it rests on.

import { assert, HoldfastError, shellWord } from "../../errors.ts";
import { type Orders, together } from "../search/extensions.ts";
import type { Trace } from "../trace.ts";

export type Verdict = "proved" | "bounded" | "violated";

export interface Report {
  readonly verdict: Verdict;
  /** Runs of the scenario that were made to find out, those to shrink a finding not counted. */
  readonly runs: number;
  /** Of these, complete ones that differ in what anyone could have seen: no two are equivalent. */
  readonly traces: number;
  /** Orders of all steps that the traces stand for: always there when `proved`, and only then are all of them known. */
  readonly interleavings?: bigint;
  /** True where some could not be counted: there are at least so many. */
  readonly interleavingsAtLeast?: boolean;
  readonly elapsedMs: number;
  /** What the verdict is bounded by, one phrase each: budget, preemptions, faults, ... Empty for `proved`. */
  readonly cutOffBy: readonly string[];
  /** What it holds under: faults within their bounds, assumptions on time and memory. */
  readonly within: readonly string[];
  readonly seed: number;
  readonly trace?: Trace;
}

/** The number that belongs to `proved`, in a search that others may have shared. */
export function interleavings(
  orders: Orders | undefined,
  ofOthers: Orders | undefined,
): Required<Pick<Report, "interleavings">> & Pick<Report, "interleavingsAtLeast"> {
  assert(orders !== undefined, "what is drawn by lot is never proved");
  const { count, exact } = ofOthers === undefined ? orders : together(orders, ofOthers);
  return { interleavings: count, ...(!exact && { interleavingsAtLeast: true }) };
}

/** A race broke (`code: "RACE_VIOLATED"`): what `explore` throws, so that a test fails. */
export class RaceViolated extends HoldfastError {
  override readonly name = "RaceViolated";
  readonly verdict = "violated";
  readonly report: Report;
  constructor(message: string, report: Report) {
    const { file } = report.trace ?? {};
    super("RACE_VIOLATED", message, {
      hint: `\`holdfast explore ${shellWord(file ?? "FILE")}\` keeps the trace, to be drawn and run again.`,
    });
    this.report = report;
  }
}
