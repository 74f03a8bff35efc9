// What a journal holds, and reading it back: one line a batch, `<check> <json>`. The check is the start of the JSON's sha-256:
// a line that was cut off by a crash, or whose bytes never reached the disk, is none.

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
  readonly format: typeof FORMAT;
  readonly collection: string;
  /** The fencing token of the lock under which they were saved. */
  readonly generation: number;
  /** The boot of the machine that saved them. On that boot they are whole in their places, once they were published. */
  readonly boot: string;
  readonly versions: readonly JournaledVersion[];
}

export const FORMAT = 1;
export const CHECK_DIGITS = 32;

/** With `length`, of so many bytes, if it would be shorter. */
export function formatBatch(batch: Omit<JournaledBatch, "format">, length = 0): string {
  const json = JSON.stringify({ format: FORMAT, ...batch } satisfies JournaledBatch);
  const missing = length - CHECK_DIGITS - " \n".length - Buffer.byteLength(json);
  const padded = json + " ".repeat(Math.max(0, missing));
  return `${checkOf(padded)} ${padded}\n`;
}

export interface ParsedJournal {
  /** The lines that can be read, in order. */
  readonly batches: readonly JournaledBatch[];
  /** `torn`: it ends in what is no line, as a crash in the middle of an append leaves it. `damaged`: what is no line stands before
   *  one that was written after it, or is of another format. */
  readonly state: "whole" | "torn" | "damaged";
}

export function parseJournal(text: string): ParsedJournal {
  const batches: JournaledBatch[] = [];
  let state: ParsedJournal["state"] = "whole";
  for (let from = 0; from < text.length; ) {
    const end = text.indexOf("\n", from);
    const json = end < 0 ? undefined : checkedJson(text.slice(from, end));
    if (json === undefined) {
      if (state === "whole") state = "torn";
    } else {
      if (state === "torn") state = "damaged";
      const batch: unknown = JSON.parse(json);
      if (isBatch(batch)) batches.push(batch);
      else state = "damaged";
    }
    from = end < 0 ? text.length : end + 1;
  }
  return { batches, state };
}

/** Of each version the record that was made under the latest lock, by name and number. */
export function latestRecords(
  batches: readonly JournaledBatch[],
): { batch: JournaledBatch; version: JournaledVersion }[] {
  const latest = new Map<string, { batch: JournaledBatch; version: JournaledVersion }>();
  for (const batch of batches) {
    for (const version of batch.versions) {
      const key = `${version.version} ${version.name}`;
      if ((latest.get(key)?.batch.generation ?? 0) <= batch.generation) latest.set(key, { batch, version });
    }
  }
  return [...latest.values()];
}

function checkedJson(line: string): string | undefined {
  const json = line.slice(CHECK_DIGITS + 1);
  return line === `${checkOf(json)} ${json}` ? json : undefined;
}

/** Numbers and names become paths: no other shape gets that far. */
function isBatch(value: unknown): value is JournaledBatch {
  const { format, collection, generation, boot, versions } = value as Partial<JournaledBatch>;
  return (
    format === FORMAT &&
    typeof collection === "string" &&
    Number.isSafeInteger(generation) &&
    typeof boot === "string" &&
    Array.isArray(versions) &&
    versions.every(isVersion)
  );
}

function isVersion(value: Partial<JournaledVersion>): boolean {
  const { name, version, file, content } = value;
  return (
    typeof name === "string" &&
    Number.isSafeInteger(version) &&
    typeof file === "string" &&
    (content === undefined || typeof content === "string")
  );
}

function checkOf(json: string): string {
  return hash("sha256", json).slice(0, CHECK_DIGITS);
}
