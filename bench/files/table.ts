// Figures as lines of a table; each is a ratio of what was measured in the same run.

/** `ours` and `theirs` in the same unit. */
export interface Line {
  readonly figure: string;
  readonly ours: number;
  /** What it is compared with; "aim" where the aim is an absolute number. */
  readonly peer: string;
  /** Undefined: could not be measured here, and `note` says why. */
  readonly theirs: number | undefined;
  readonly unit: "ms" | "MiB" | "bytes" | "files";
  /** The largest ratio that meets the aim. */
  readonly most?: number;
  readonly note?: string;
}

export function shown(value: number, unit: Line["unit"]): string {
  if (unit === "ms")
    return value >= 1_000 ? `${(value / 1_000).toFixed(2)} s` : `${value.toFixed(value < 10 ? 1 : 0)} ms`;
  return `${Number.isInteger(value) ? value : value.toFixed(0)} ${unit}`;
}

export function tableOf(lines: readonly Line[]): string {
  const rows = lines.map(({ figure, ours, peer, theirs, unit, most, note }) => {
    const ratio = theirs === undefined || theirs === 0 ? undefined : ours / theirs;
    const aim = most === undefined ? "" : `at most ${most >= 1 ? most : most.toFixed(2)}`;
    const isMet = ratio === undefined || most === undefined ? undefined : ratio <= most;
    return [
      figure,
      shown(ours, unit),
      peer,
      theirs === undefined ? (note ?? "not measured") : shown(theirs, unit),
      ratio === undefined ? "" : ratio < 0.1 ? ratio.toFixed(3) : ratio.toFixed(2),
      aim,
      isMet === undefined ? "" : isMet ? "yes" : "NO",
    ];
  });
  const all = [["figure", "holdfast", "against", "its figure", "ratio", "aim", "met"], ...rows];
  const widths = (all[0] ?? []).map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  const text = all.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`);
  text.splice(1, 0, `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`);
  return text.join("\n");
}

export function median(values: readonly number[]): number {
  return quantile(values, 0.5);
}

/** The smallest value that at least this part of all are not above. */
export function quantile(values: readonly number[], part: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.max(0, Math.ceil(part * sorted.length) - 1)] ?? Number.NaN;
}
