// What one version's `version.json` holds, and reading it back with its entry.

import { decodeEntry, type Entry } from "../entries/index.ts";
import { readVersionJson, VERSION_FORMAT, type VersionFacts, type VersionFile } from "./version-facts.ts";

export type { ContentAt } from "./version-facts.ts";

/** One version of one artifact as the store knows it. */
export interface VersionRecord extends VersionFacts {
  readonly entry: Entry;
  /** Of a version that was renamed: the entry with which its content was first saved, one of the parents of `entry`. */
  readonly origin?: Entry;
}

export function formatVersionFile(record: Pick<VersionRecord, "version" | "entry" | "contentAt" | "origin">): string {
  const { entry, origin } = record;
  const file: VersionFile = {
    format: VERSION_FORMAT,
    collection: entry.collection,
    name: entry.name,
    version: record.version,
    entry: entry.id,
    kind: entry.kind,
    hash: entry.content?.hash ?? null,
    size: entry.content?.size ?? null,
    type: entry.content?.type ?? null,
    author: entry.author,
    createdAt: createdAt(origin ?? entry),
    tags: entry.tags,
    ...(record.contentAt === undefined ? {} : { contentAt: record.contentAt }),
    block: Buffer.from(entry.block).toString("base64"),
    ...(origin === undefined ? {} : { origin: Buffer.from(origin.block).toString("base64") }),
  };
  return `${JSON.stringify(file)}\n`;
}

/** When the version was saved, ISO 8601: a rename changes nothing about that. */
export function savedAt({ entry, origin }: VersionRecord): string {
  return createdAt(origin ?? entry);
}

/** When its author made the entry, ISO 8601. */
export function createdAt(entry: Entry): string {
  return new Date(entry.clock.wallMs).toISOString();
}

/**
 * Reads `path`. Undefined when there is no such version: its folder is not there. Throws `CORRUPT` with the path when it
 * is not what was written: the block must hash to the id beside it, and belong in this folder.
 */
export function readVersionFile(path: string): VersionRecord | undefined {
  return readVersionJson(path, ({ version }, block, origin): VersionRecord => {
    const record = { version, entry: decodeEntry(block) };
    return origin === undefined ? record : { ...record, origin: decodeEntry(origin) };
  });
}
