// How much a search may cost.

import { ScenarioError } from "../scenario-error.ts";

export interface Budget {
  readonly runs: number;
  readonly ms: number;
}

const UNITS = { ms: 1, s: 1000, m: 60_000, h: 3_600_000 } as const;
export const DEFAULT_BUDGET = "60s";

/** `"60s"`, `"500ms"`, `"10m"`, `"1h"`, or a number of runs, also as text. */
export function parseBudget(given: string | number | undefined): Budget {
  const text = String(given ?? DEFAULT_BUDGET).trim();
  const match = /^(\d+(?:\.\d+)?)\s*(ms|s|m|h|runs)?$/.exec(text);
  const amount = Number(match?.[1]);
  if (match === null || !(amount > 0)) {
    throw new ScenarioError(`${text} is no budget`, {
      hint: 'Give a time ("60s", "500ms", "10m") or a number of runs (10000).',
    });
  }
  const unit = match[2];
  if (unit === undefined || unit === "runs") return { runs: Math.ceil(amount), ms: Number.POSITIVE_INFINITY };
  return { runs: Number.POSITIVE_INFINITY, ms: amount * UNITS[unit as keyof typeof UNITS] };
}

/**
 * What is left of a budget of runs. All threads of a search take from it, each before it runs: together they never
 * make more runs than allowed, however late they tell of them.
 */
export class RunAllowance {
  /** How many were taken. It is the same memory in every thread. */
  readonly taken: SharedArrayBuffer;
  readonly #taken: Int32Array;
  readonly #runs: number;

  constructor(runs: number, taken = new SharedArrayBuffer(Int32Array.BYTES_PER_ELEMENT)) {
    this.#runs = runs;
    this.taken = taken;
    this.#taken = new Int32Array(taken);
  }

  /** One run; false if there is none left. */
  take(): boolean {
    if (this.#runs === Number.POSITIVE_INFINITY) return true;
    if (Atomics.add(this.#taken, 0, 1) < this.#runs) return true;
    Atomics.sub(this.#taken, 0, 1);
    return false;
  }
}
