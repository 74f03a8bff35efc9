// Words, as the full-text index sees them, and the lines of a text that hold them. Pure.

/** Bytes of the largest text that is indexed. */
export const MAX_TEXT_BYTES = 4 * 1_024 * 1_024;
/** Words in one query at the most; more are left out. */
const MAX_QUERY_WORDS = 32;
/** Characters of a line that are shown. */
const MAX_LINE_CHARS = 400;

/** The words of `text` as the index's tokenizer (unicode61) cuts and folds them. */
export function wordsOf(text: string): string[] {
  const folded = text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  return folded.match(/[\p{L}\p{N}\p{Co}]+/gu) ?? [];
}

/** Lines shown of one document when `limit` are wanted of all: one with many leaves room for others. */
export function linesOfEach(limit: number): number {
  return Math.max(5, Math.ceil(limit / 5));
}

/** The words a person typed, cut at spaces; each may hold several of the index's (`foo.bar`). */
export function queryWords(query: string): string[] {
  const typed = query.replaceAll("\0", " ").split(/\s+/u);
  return typed.filter((word) => wordsOf(word).length > 0).slice(0, MAX_QUERY_WORDS);
}

/** `words` as an FTS5 query in which every one must be found. Any input is safe: each word is a quoted string. */
export function matchAll(words: readonly string[]): string {
  return words.map((word) => `"${word.replaceAll('"', '""')}"`).join(" ");
}

/** One typed word as it stands among the words of a text that are joined by spaces, with one at each end. */
export function phraseOf(word: string): string {
  return ` ${wordsOf(word).join(" ")} `;
}

export interface MatchingLine {
  /** From 1. */
  readonly line: number;
  readonly text: string;
}

/** Up to `limit` lines of `text`, in order: those that hold all of `words`, or if there is none, any of them. */
export function matchingLines(text: string, words: readonly string[], limit: number): MatchingLine[] {
  const phrases = words.map(phraseOf);
  const all: MatchingLine[] = [];
  const any: MatchingLine[] = [];
  for (const [index, line] of text.split(/\r\n|\n|\r/).entries()) {
    const cut = ` ${wordsOf(line).join(" ")} `;
    const hits = phrases.filter((phrase) => cut.includes(phrase)).length;
    if (hits === 0) continue;
    const found = { line: index + 1, text: line.slice(0, MAX_LINE_CHARS) };
    if (hits === phrases.length) all.push(found);
    else if (any.length < limit) any.push(found);
    if (all.length >= limit) break;
  }
  return all.length > 0 ? all : any;
}

/** `bytes` as text, if that is what they are. */
export function decodeText(bytes: Uint8Array, type: string): string | undefined {
  if (type.startsWith("text/")) return new TextDecoder().decode(bytes).replaceAll("\0", " ");
  if (bytes.includes(0)) return undefined;
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}
