// The simulated clock's beginning and its bounds.

/** The simulated clock starts here: 2026-01-01T00:00:00Z. */
export const BEGINNING_MS = 1_767_225_600_000;
/** Longer than this nobody is kept waiting by the time it takes to do something, unless stalled. */
export const PROMPT_MS = 100;
/** A stalled process stands still for so long: longer than any lease. */
export const STALL_MS = 60_000;
