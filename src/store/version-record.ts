// What one version's `version.json` holds, and reading it back.

import { readFileSync, statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { decodeEntry, type Entry, type EntryId, type EntryKind, entryIdOf } from "../entries/index.ts";
import { HoldfastError, systemCode } from "../errors.ts";
import { encodeName } from "./layout.ts";

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
 * Reads `path`. Undefined when there is no such version: its folder is not there. Throws `CORRUPT` with the path when it
 * is not what was written: the block must hash to the id beside it, and belong in this folder.
 */
export function readVersionFile(path: string): VersionRecord | undefined {
  return readRecord(path, (file, block) => {
    const entry = decodeEntry(block);
    if (!belongsAt(path, file.version, entry)) throw new Error("it is that of another version");
    return entry;
  });
}

/**
 * The same without decoding the entry until more of it is asked for than what giving out the bytes takes. What stands
 * beside the block for people is believed as far as the block, which hashes to its id, holds the same bytes. What only a
 * folder's documents have (`doc`, `base`, `from`, `mode`) is left out.
 */
export function readVersionLightly(path: string): VersionRecord | undefined {
  return readRecord(path, (file, block) => {
    const { collection, name, kind, hash, size, type, author, tags } = file;
    const holds = [Buffer.from(collection), Buffer.from(name), Buffer.from(hash ?? "", "hex")];
    if (holds.some((bytes) => !block.includes(bytes))) throw new Error("it does not say what its entry says");
    if (!belongsAt(path, file.version, file)) throw new Error("it is that of another version");
    let decoded: Entry | undefined;
    const entry = (): Entry => {
      decoded ??= decodeEntry(block);
      return decoded;
    };
    return {
      id: file.entry,
      block,
      collection,
      name,
      kind,
      content: hash === null ? null : { hash, size: size ?? 0, type: type ?? "" },
      author,
      tags,
      get parents() {
        return entry().parents;
      },
      get clock() {
        return entry().clock;
      },
      get key() {
        return entry().key;
      },
    };
  });
}

function readRecord(path: string, entryOf: (file: VersionFile, block: Buffer) => Entry): VersionRecord | undefined {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    const code = systemCode(error);
    if (code === "EISDIR") throw damaged(path, "it is a folder", error);
    if (code !== "ENOENT" && code !== "ENOTDIR") throw error;
    // A version comes and goes with its whole folder: one without this file has been damaged.
    if (statSync(dirname(path), { throwIfNoEntry: false }) === undefined) return undefined;
    throw damaged(path, "it is missing", error);
  }
  try {
    const file = JSON.parse(text) as VersionFile;
    if (file.format !== 1) throw new Error(`its format is ${String(file.format)}`);
    const block = Buffer.from(file.block, "base64");
    if (entryIdOf(block) !== file.entry) throw new Error("its entry does not match its id");
    const entry = entryOf(file, block);
    const { contentAt } = file;
    if (contentAt === undefined) return { version: file.version, entry };
    if (typeof contentAt.name !== "string" || !Number.isSafeInteger(contentAt.version)) {
      throw new Error("it does not say where its content lies");
    }
    return { version: file.version, entry, contentAt };
  } catch (error) {
    throw damaged(path, error instanceof Error ? error.message : String(error), error);
  }
}

/** `data/<collection>/<name>/<version>/version.json`: a file that was put elsewhere would give out another's bytes. */
function belongsAt(path: string, version: number, entry: Pick<Entry, "collection" | "name">): boolean {
  const versionDir = dirname(path);
  const artifactDir = dirname(versionDir);
  return (
    basename(versionDir) === String(version) &&
    basename(artifactDir) === encodeName(entry.name) &&
    basename(dirname(artifactDir)) === encodeName(entry.collection)
  );
}

function damaged(path: string, why: string, cause: unknown): HoldfastError {
  return new HoldfastError("CORRUPT", `${path} is damaged: ${why}`, {
    hint: "The other versions are unharmed. Restore this file from a backup or another copy of the workspace.",
    details: { path },
    cause,
  });
}
