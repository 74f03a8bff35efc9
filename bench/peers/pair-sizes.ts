// How many entries are measured, and what comes of it: the same for every system.

export interface PairSizes {
  readonly appends: number;
  readonly visible: number;
  readonly sustained: number;
  /** Entries that a new node has to get. */
  readonly cold: readonly number[];
}

export interface PairFigures {
  /** A second. */
  readonly appends: number;
  /** A hundred at once. */
  readonly appendsOfHundred: number;
  readonly sustained: number;
  /** Null: not all of them came; so many did. */
  readonly sustainedOfHundred: number | null;
  readonly arrivedOfHundred?: number;
  readonly visibleMedianMs: number;
  readonly visibleP99Ms: number;
  readonly cold: readonly number[];
}

export const SIZES: PairSizes = { appends: 1_000, visible: 200, sustained: 1_000, cold: [2_000, 10_000] };
export const ENTRY_BYTES = 256;

export function percentile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}
