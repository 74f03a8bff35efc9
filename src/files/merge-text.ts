// Merging two texts that were edited from one: line by line, and only where the edits do not touch.

import { mergeDiff3 } from "node-diff3";

/** Larger texts are kept side by side instead: the merge compares lines in memory. */
const MAX_BYTES = 4 * 1_024 * 1_024;
const MAX_LINES = 100_000;

/** The merged text, or undefined when the edits overlap, one of the three is no text, or a line would go that both sides have. */
export function mergeText(base: Uint8Array, ours: Uint8Array, theirs: Uint8Array): Uint8Array | undefined {
  const [baseLines, ourLines, theirLines] = [linesOf(base), linesOf(ours), linesOf(theirs)];
  if (baseLines === undefined || ourLines === undefined || theirLines === undefined) return undefined;
  const merged = mergeDiff3(ourLines, baseLines, theirLines, { excludeFalseConflicts: true });
  if (merged.conflict || losesLine(merged.result, ourLines, theirLines)) return undefined;
  return Buffer.from(merged.result.join(""));
}

/**
 * True when there are fewer of a line than both sides have. Of lines that repeat, one side may have dropped the first and the
 * other the last: each kept one, and a merge line by line keeps none (FILE-32).
 */
function losesLine(merged: readonly string[], ours: readonly string[], theirs: readonly string[]): boolean {
  const [inMerged, inOurs, inTheirs] = [merged, ours, theirs].map(countsOf);
  for (const [line, count] of inOurs ?? []) {
    if ((inMerged?.get(line) ?? 0) < Math.min(count, inTheirs?.get(line) ?? 0)) return true;
  }
  return false;
}

function countsOf(lines: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of lines) counts.set(line, (counts.get(line) ?? 0) + 1);
  return counts;
}

/** The lines, each with its line end, so that they join to the same bytes; undefined for what is not text. */
function linesOf(bytes: Uint8Array): string[] | undefined {
  if (bytes.length > MAX_BYTES || bytes.includes(0)) return undefined;
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return undefined;
  }
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  return lines.length > MAX_LINES ? undefined : lines;
}
