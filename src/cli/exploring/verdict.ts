// What an exploration found out, in the last two lines that `holdfast explore` prints.

import type { Progress, Report } from "../../explorer/index.ts";

/** Bounds that the verdict holds within; undefined when there are none to tell. */
export function withinLine({ within }: Report): string | undefined {
  return within.length === 0 ? undefined : `within: ${within.join(", ")}`;
}

/** `verdict: proved (204 runs, 204 traces, 157,684,169,459,388 interleavings, 2.5 s)`; programs read its first words. */
export function verdictLine(report: Report): string {
  const { verdict, runs, traces, interleavings, interleavingsAtLeast, elapsedMs, cutOffBy } = report;
  const parts = [counted(runs, "run"), counted(traces, "trace")];
  if (interleavings !== undefined) {
    parts.push(`${interleavingsAtLeast === true ? "at least " : ""}${counted(interleavings, "interleaving")}`);
  }
  parts.push(secondsText(elapsedMs));
  const cut = verdict === "bounded" ? `; cut off: ${cutOffBy.join(", ")}` : "";
  return `verdict: ${verdict} (${parts.join(", ")}${cut})`;
}

/** `12,345 runs (5,102/s), 12,345 traces, 2.4 s` */
export function progressText({ runs, traces, elapsedMs, shrinking }: Progress): string {
  if (shrinking) return `violated: looking for the shortest run that shows it, ${secondsText(elapsedMs)}`;
  const rate = Math.round((runs / Math.max(1, elapsedMs)) * 1_000);
  const parts = [`${counted(runs, "run")} (${grouped(rate)}/s)`, counted(traces, "trace"), secondsText(elapsedMs)];
  return `exploring: ${parts.join(", ")}`;
}

function counted(count: number | bigint, noun: string): string {
  return `${grouped(count)} ${noun}${count === 1 || count === 1n ? "" : "s"}`;
}

function grouped(count: number | bigint): string {
  return count.toLocaleString("en-US");
}

function secondsText(ms: number): string {
  return `${(ms / 1_000).toFixed(ms < 1_000 ? 2 : 1)} s`;
}
