// Simulated time for people, and the processes of a trace in the order in which they appear.

import type { Step } from "../trace.ts";

/** `0 ms`, `1.5 s`, `10 min`, `2 h 5 min` */
export function timeText(ms: number): string {
  if (ms < 1_000) return `${trimmed(ms)} ms`;
  if (ms < 60_000) return `${trimmed(ms / 1_000)} s`;
  const seconds = Math.floor(ms / 1_000);
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

function trimmed(value: number): string {
  return String(Math.round(value * 1_000) / 1_000);
}

/** Whether the clock moved at all, and with it whether times are worth showing. */
export function timePasses(steps: readonly Step[]): boolean {
  return steps.some(({ atMs }) => atMs !== steps[0]?.atMs);
}

/** The time of a step if it is another than that of the step before, else "". */
export function movedTo(steps: readonly Step[], index: number): string {
  const step = steps[index];
  return step === undefined || step.atMs === (steps[index - 1]?.atMs ?? 0) ? "" : timeText(step.atMs);
}

export function processesOf(steps: readonly Step[]): string[] {
  return [...new Set(steps.map(({ process }) => process))].filter((process) => process !== "");
}
