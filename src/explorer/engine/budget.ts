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
