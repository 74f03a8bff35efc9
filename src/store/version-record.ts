// What one version's `version.json` holds, and reading it back.

import { readFileSync } from "node:fs";
import { decodeEntry, type Entry, type EntryId, type EntryKind } from "../entries/index.ts";
import { HoldfastError, systemCode } from "../errors.ts";

/** Where a version's bytes lie when not beside it: a rename carries content along without copying it. */
export interface ContentAt {
  readonly name: string;
  readonly version: number;
}

/** `version.json`: the entry's block, and beside it, for people and scripts, what is in it. */
interface VersionFile {
  readonly format: 1;
  readonly collection: string;
  readonly name: string;
  readonly version: number;
  readonly entry: EntryId;
  readonly kind: EntryKind;
  readonly hash: string | null;
  readonly size: number | null;
  readonly type: string | null;
  readonly author: string;
  readonly createdAt: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly contentAt?: ContentAt;
  /** The entry, base64. */
  readonly block: string;
}

/** One version of one artifact as the store knows it. */
export interface VersionRecord {
  readonly version: number;
  readonly entry: Entry;
  readonly contentAt?: ContentAt;
}

export function formatVersionFile(record: VersionRecord): string {
  const { entry } = record;
  const file: VersionFile = {
    format: 1,
    collection: entry.collection,
    name: entry.name,
    version: record.version,
    entry: entry.id,
    kind: entry.kind,
    hash: entry.content?.hash ?? null,
    size: entry.content?.size ?? null,
    type: entry.content?.type ?? null,
    author: entry.author,
    createdAt: createdAt(entry),
    tags: entry.tags,
    ...(record.contentAt === undefined ? {} : { contentAt: record.contentAt }),
    block: Buffer.from(entry.block).toString("base64"),
  };
  return `${JSON.stringify(file)}\n`;
}

/** When its author made the entry, ISO 8601. */
export function createdAt(entry: Entry): string {
  return new Date(entry.clock.wallMs).toISOString();
}

/**
 * Reads `path`. Undefined when there is no such file. Throws `CORRUPT` with the path when it is not what was written:
 * the block must hash to the id beside it.
 */
export function readVersionFile(path: string): VersionRecord | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return undefined;
    throw error;
  }
  try {
    const file = JSON.parse(text) as VersionFile;
    if (file.format !== 1) throw new Error(`its format is ${String(file.format)}`);
    const entry = decodeEntry(Buffer.from(file.block, "base64"));
    if (entry.id !== file.entry) throw new Error("its entry does not match its id");
    return {
      version: file.version,
      entry,
      ...(file.contentAt === undefined ? {} : { contentAt: file.contentAt }),
    };
  } catch (error) {
    throw new HoldfastError(
      "CORRUPT",
      `${path} is damaged: ${error instanceof Error ? error.message : String(error)}`,
      {
        hint: "The other versions are unharmed. Restore this file from a backup or another copy of the workspace.",
        details: { path },
        cause: error,
      },
    );
  }
}
