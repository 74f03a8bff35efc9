// What a journal holds, and reading it back: one line a batch, `<check> <json>`. The check is the start of the JSON's sha-256:
// a line that was cut off by a crash, or whose bytes never reached the disk, is none, and nor is what follows it.

import { hash } from "node:crypto";

/** A version as a journal keeps it: all that is needed to make it again. */
export interface JournaledVersion {
  readonly name: string;
  readonly version: number;
  /** The text of its version.json. */
  readonly file: string;
  /** Its bytes in base64; absent where it has none, or they lie with another version. */
  readonly content?: string;
}

/** Versions that were saved together. */
export interface JournaledBatch {
  readonly collection: string;
  /** The fencing token of the lock under which they were saved. */
  readonly generation: number;
  readonly versions: readonly JournaledVersion[];
}

const CHECK_DIGITS = 32;

export function formatBatch(batch: JournaledBatch): string {
  const json = JSON.stringify(batch);
  return `${checkOf(json)} ${json}\n`;
}

/** The whole lines of a journal, in order; `isWhole` is false when something else follows them. */
export function parseJournal(text: string): { readonly batches: readonly JournaledBatch[]; readonly isWhole: boolean } {
  const batches: JournaledBatch[] = [];
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf("\n", from);
    const batch = end < 0 ? undefined : parseLine(text.slice(from, end));
    if (batch === undefined) return { batches, isWhole: false };
    batches.push(batch);
    from = end + 1;
  }
  return { batches, isWhole: true };
}

function parseLine(line: string): JournaledBatch | undefined {
  const json = line.slice(CHECK_DIGITS + 1);
  if (line !== `${checkOf(json)} ${json}`) return undefined;
  return JSON.parse(json) as JournaledBatch;
}

function checkOf(json: string): string {
  return hash("sha256", json).slice(0, CHECK_DIGITS);
}
