// `data grep`: lines of the newest versions' texts, best first. Words, lines and the order are those of the hub's text
// index (hub/text-lines.ts; the order is its bm25), found by reading: nothing is kept between two searches, and one text is
// in memory at a time.

import { setImmediate as nextTurn } from "node:timers/promises";
import { type HoldfastError, toHoldfastError } from "../errors.ts";
import {
  decodeText,
  linesOfEach,
  MAX_TEXT_BYTES,
  matchingLines,
  phraseOf,
  queryWords,
  wordsOf,
} from "../hub/text-lines.ts";
import { findVersion } from "../store/find-version.ts";
import type { ListedArtifact } from "../store/index.ts";
import { readContent } from "../store/read-content.ts";
import type { Store } from "../store/store.ts";
import { readVersionFacts } from "../store/version-facts.ts";

/** Lines told unless more or fewer are asked for, as by `grep`. */
const DEFAULT_LINES = 50;
/** Those of FTS5. */
const K1 = 1.2;
const B = 0.75;
const LEAST_WEIGHT = 1e-6;
/** Beyond these, two scores that are equal by the formula may differ by how they were computed. */
export const SCORE_DIGITS = 12;

export interface GrepOptions {
  /** Default: all. */
  readonly collection?: string;
  /** Lines at the most. Default: 50. */
  readonly limit?: number;
  readonly signal?: AbortSignal;
}

export interface GrepMatch {
  readonly collection: string;
  readonly name: string;
  readonly version: number;
  /** From 1. */
  readonly line: number;
  readonly text: string;
}

/** A newest version that could not be looked into. */
export interface UnreadText {
  readonly collection: string;
  readonly name: string;
  readonly version: number;
  readonly reason: string;
}

export interface GrepResult {
  readonly matches: GrepMatch[];
  readonly unread: UnreadText[];
}

/** A text that holds all of the words. */
interface Found {
  readonly row: ListedArtifact;
  /** How often each word is in it. */
  readonly counts: readonly number[];
  /** In words. */
  readonly length: number;
}

export async function grepArtifacts(store: Store, words: string, options: GrepOptions = {}): Promise<GrepResult> {
  const typed = queryWords(words);
  const rows = await store.list(options.collection === undefined ? {} : { collection: options.collection });
  const unread: UnreadText[] = [];
  if (typed.length === 0) return { matches: [], unread };
  const found = await findTexts(store, rows, typed, unread, options.signal);
  const limit = options.limit ?? DEFAULT_LINES;
  const matches: GrepMatch[] = [];
  for (const { row } of found) {
    if (matches.length >= limit) break;
    options.signal?.throwIfAborted();
    const text = await textOf(store, row).catch(() => undefined); // gone, or damaged, since it was found
    if (text === undefined) continue;
    const { collection, name, version } = row;
    for (const line of matchingLines(text, typed, Math.min(linesOfEach(limit), limit - matches.length))) {
      matches.push({ collection, name, version, ...line });
    }
  }
  return { matches, unread };
}

/** Every text that holds all of `typed`, best first. */
async function findTexts(
  store: Store,
  rows: readonly ListedArtifact[],
  typed: readonly string[],
  unread: UnreadText[],
  signal: AbortSignal | undefined,
): Promise<Found[]> {
  const phrases = typed.map(phraseOf);
  const found: Found[] = [];
  const holding = phrases.map(() => 0);
  let [texts, length] = [0, 0];
  for (const row of rows) {
    // One text may take long to look through.
    await nextTurn();
    signal?.throwIfAborted();
    const text = await textOf(store, row).catch((error: unknown) => unreadOrGone(row, error, unread));
    if (text === undefined) continue;
    const cut = wordsOf(text);
    const joined = ` ${cut.join(" ")} `;
    const counts = phrases.map((phrase) => countOf(joined, phrase));
    texts += 1;
    length += cut.length;
    for (const [index, count] of counts.entries()) if (count > 0) holding[index] = (holding[index] ?? 0) + 1;
    if (counts.every((count) => count > 0)) found.push({ row, counts, length: cut.length });
  }
  const weights = holding.map((n) => Math.max(LEAST_WEIGHT, Math.log((texts - n + 0.5) / (n + 0.5))));
  const scores = new Map(found.map((each) => [each, scoreOf(each, weights, length / texts)]));
  return found.toSorted((a, b) => (scores.get(b) ?? 0) - (scores.get(a) ?? 0));
}

function scoreOf({ counts, length }: Found, weights: readonly number[], meanLength: number): number {
  const norm = K1 * (1 - B + (B * length) / meanLength);
  const score = counts.reduce((sum, n, index) => sum + ((weights[index] ?? 0) * n * (K1 + 1)) / (n + norm), 0);
  return Number(score.toPrecision(SCORE_DIGITS));
}

function countOf(joined: string, phrase: string): number {
  let count = 0;
  // The space at the end of one may be that at the beginning of the next.
  for (let at = joined.indexOf(phrase); at !== -1; at = joined.indexOf(phrase, at + phrase.length - 1)) count += 1;
  return count;
}

/** The text of a newest version; undefined where it is none, or too long to be looked into. */
async function textOf(store: Store, row: ListedArtifact): Promise<string | undefined> {
  if (row.damaged === undefined && (row.size > MAX_TEXT_BYTES || row.type.startsWith("inode/"))) return undefined;
  const { collection, name, version } = row;
  const record = findVersion(readVersionFacts, store.layout, name, { collection, version });
  return decodeText(await readContent(store.layout, record), row.type);
}

function unreadOrGone({ collection, name, version }: ListedArtifact, thrown: unknown, unread: UnreadText[]): undefined {
  const error: HoldfastError = toHoldfastError(thrown);
  if (error.code === "NOT_FOUND") return; // deleted meanwhile
  if (error.code !== "CORRUPT" && error.code !== "NO_PERMISSION") throw thrown;
  unread.push({ collection, name, version, reason: error.message });
}
