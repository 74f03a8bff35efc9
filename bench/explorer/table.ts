// Figures as lines of a table: ours, the peer's, both from the same run of the benchmark.

export type Unit = "runs/s" | "runs" | "/s" | "ms" | "switches" | "%" | "MiB";

export interface Line {
  readonly figure: string;
  readonly ours: number;
  /** What it is compared with; "aim" where the aim is an absolute number. */
  readonly peer: string;
  /** Undefined: there is none, and `note` says why. */
  readonly theirs: number | undefined;
  readonly unit: Unit;
  /** Of the ratio of ours to theirs. */
  readonly aim?: { readonly atLeast: number } | { readonly atMost: number };
  readonly note?: string;
}

export function shown(value: number, unit: Unit): string {
  if (unit === "ms" && value >= 1_000) return `${(value / 1_000).toFixed(2)} s`;
  const digits = value > 0 && value < 10 && !Number.isInteger(value) ? 1 : 0;
  return `${value.toFixed(digits)} ${unit}`;
}

export function tableOf(lines: readonly Line[]): string {
  const rows = lines.map(({ figure, ours, peer, theirs, unit, aim, note }) => {
    const ratio = theirs === undefined || theirs === 0 ? undefined : ours / theirs;
    const isMet = ratio === undefined || aim === undefined ? undefined : meets(ratio, aim);
    return [
      figure,
      shown(ours, unit),
      peer,
      theirs === undefined ? (note ?? "not measured") : shown(theirs, unit),
      ratio === undefined ? "" : Number(ratio.toPrecision(2)).toString(),
      aim === undefined ? "" : "atLeast" in aim ? `at least ${short(aim.atLeast)}` : `at most ${short(aim.atMost)}`,
      isMet === undefined ? "" : isMet ? "yes" : "NO",
    ];
  });
  const all = [["figure", "holdfast", "against", "its figure", "ratio", "aim", "met"], ...rows];
  const widths = (all[0] ?? []).map((_, column) => Math.max(...all.map((row) => (row[column] ?? "").length)));
  const text = all.map((row) => `| ${row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | ")} |`);
  text.splice(1, 0, `|${widths.map((width) => "-".repeat(width + 2)).join("|")}|`);
  return text.join("\n");
}

function meets(ratio: number, aim: NonNullable<Line["aim"]>): boolean {
  return "atLeast" in aim ? ratio >= aim.atLeast : ratio <= aim.atMost;
}

function short(value: number): string {
  return Number(value.toPrecision(2)).toString();
}
