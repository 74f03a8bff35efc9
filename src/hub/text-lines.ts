// Words, as the full-text index sees them, and the lines of a text that hold them. Pure.

/** Words in one query at the most; more are left out. */
const MAX_QUERY_WORDS = 32;
/** Characters of a line that are shown. */
const MAX_LINE_CHARS = 400;

/** The words of `text` as the index's tokenizer (unicode61) cuts and folds them. */
export function wordsOf(text: string): string[] {
  const folded = text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
  return folded.match(/[\p{L}\p{N}\p{Co}]+/gu) ?? [];
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

export interface MatchingLine {
  /** From 1. */
  readonly line: number;
  readonly text: string;
}

/** Up to `limit` lines of `text`, in order: those that hold all of `words`, or if there is none, any of them. */
export function matchingLines(text: string, words: readonly string[], limit: number): MatchingLine[] {
  const phrases = words.map((word) => ` ${wordsOf(word).join(" ")} `);
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
