// Merging two texts that were edited from one: line by line, and only where the edits do not touch.

import { mergeDiff3 } from "node-diff3";

/** Larger texts are kept side by side instead: the merge compares lines in memory. */
const MAX_BYTES = 4 * 1_024 * 1_024;
const MAX_LINES = 100_000;

/** The merged text, or undefined when the edits overlap or one of the three is no text. */
export function mergeText(base: Uint8Array, ours: Uint8Array, theirs: Uint8Array): Uint8Array | undefined {
  const [baseLines, ourLines, theirLines] = [linesOf(base), linesOf(ours), linesOf(theirs)];
  if (baseLines === undefined || ourLines === undefined || theirLines === undefined) return undefined;
  const merged = mergeDiff3(ourLines, baseLines, theirLines, { excludeFalseConflicts: true });
  return merged.conflict ? undefined : Buffer.from(merged.result.join(""));
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
