// What `version.json` says of a version without its entry being decoded: all that giving out its bytes takes. Decoding
// loads libraries, which takes longer than giving out a small artifact does; see version-record.ts for the whole.

import { hash } from "node:crypto";
import { statSync } from "node:fs";
import { basename, dirname } from "node:path";
import { entryIdOf } from "../entries/entry-id.ts";
import type { Entry, EntryId, EntryKind } from "../entries/index.ts";
import { HoldfastError, systemCode } from "../errors.ts";
import { isFormat, isFormatRefusal, requireFormat } from "./format.ts";
import { encodeName } from "./layout.ts";
import { readTextUnlinked, refuseLinks } from "./no-links.ts";

export const VERSION_FORMAT = 1;

/** Where a version's bytes lie when not beside it: a rename carries content along without copying it. */
export interface ContentAt {
  readonly name: string;
  readonly version: number;
}

/** `version.json`: the entry's block, and beside it, for people and scripts, what is in it. */
export interface VersionFile {
  readonly format: typeof VERSION_FORMAT;
  readonly collection: string;
  readonly name: string;
  readonly version: number;
  readonly entry: EntryId;
  readonly kind: EntryKind;
  readonly hash: string | null;
  readonly size: number | null;
  readonly type: string | null;
  readonly author: string;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly contentAt?: ContentAt;
  /** The entry, base64. */
  readonly block: string;
  /** Of a version that was renamed: the entry, base64, with which its content was first saved. It is a parent of the entry,
   *  and says when that was. */
  readonly origin?: string;
}

/** One version as `version.json` tells of it. A version whose entry is known whole is one of these, too. */
export interface VersionFacts {
  readonly version: number;
  readonly entry: Pick<Entry, "id" | "collection" | "name" | "kind" | "content" | "author" | "tags">;
  readonly contentAt?: ContentAt;
}

/** What giving out a version's bytes takes. */
export interface ContentFacts {
  readonly version: number;
  readonly entry: {
    readonly collection: string;
    readonly name: string;
    readonly content: { readonly hash: string } | null;
  };
  readonly contentAt?: ContentAt;
}

/** And when it was made. */
export interface DatedFacts extends VersionFacts {
  /** ISO 8601. */
  readonly createdAt: string;
}

/** Reads one `version.json`, or finds that there is no such version. */
export type ReadVersionFile<T extends VersionFacts> = (path: string) => T | undefined;

/**
 * Reads `path` as far as `VersionFacts` go. What stands beside the block for people is believed as far as the block, which
 * hashes to its id, holds the same bytes. Undefined and errors as for `readVersionFile`.
 */
export function readVersionFacts(path: string): DatedFacts | undefined {
  return readVersionJson(path, (file, block, origin) => {
    const { entry: id, collection, name, kind, hash: contentHash, size, type, author, tags, version, createdAt } = file;
    const made = new Date(createdAt).getTime();
    if (Number.isNaN(made)) throw new Error("it does not say when it was made");
    const madeMs = made.toString(16);
    const holds = [Buffer.from(collection), Buffer.from(name), Buffer.from(contentHash ?? "", "hex")];
    const madeBytes = Buffer.from(madeMs.padStart(madeMs.length + (madeMs.length % 2), "0"), "hex");
    if (holds.some((bytes) => !block.includes(bytes)) || !(origin ?? block).includes(madeBytes)) {
      throw new Error("it does not say what its entry says");
    }
    const content = contentHash === null ? null : { hash: contentHash, size: size ?? 0, type: type ?? "" };
    return { version, createdAt, entry: { id, collection, name, kind, content, author, tags } };
  });
}

/**
 * Reads `path`, and what `take` makes of it. Undefined when there is no such version: its folder is not there. Throws
 * `CORRUPT` with the path when it is not what was written: the block must hash to the id beside it, and belong in this folder.
 */
export function readVersionJson<T extends VersionFacts>(
  path: string,
  take: (file: VersionFile, block: Buffer, origin: Buffer | undefined) => T,
): T | undefined {
  let text: string;
  try {
    refuseLinks(dirname(path));
    text = readTextUnlinked(path);
  } catch (error) {
    const code = systemCode(error);
    if (code === "EISDIR") throw damaged(path, "it is a folder", error);
    if (code === "ELOOP") throw damaged(path, "it is a symbolic link, and none belongs there", error);
    if (code !== "ENOENT" && code !== "ENOTDIR") throw error;
    // A version comes and goes with its whole folder: one without this file has been damaged.
    if (statSync(dirname(path), { throwIfNoEntry: false }) === undefined) return undefined;
    throw damaged(path, "it is missing", error);
  }
  return parseVersionJson(path, text, take);
}

/** The same of a text that stands for the file `path`, of which only the last four names matter. */
export function parseVersionJson<T extends VersionFacts>(
  path: string,
  text: string,
  take: (file: VersionFile, block: Buffer, origin: Buffer | undefined) => T,
): T {
  try {
    const file = JSON.parse(text) as VersionFile;
    if (isFormat(file.format)) requireFormat(path, file.format, VERSION_FORMAT);
    if (file.format !== VERSION_FORMAT) throw new Error(`its format is ${String(file.format)}`);
    const block = Buffer.from(file.block, "base64");
    if (entryIdOf(block) !== file.entry) throw new Error("its entry does not match its id");
    const origin = file.origin === undefined ? undefined : Buffer.from(file.origin, "base64");
    // A link to it ends in its hash.
    if (origin !== undefined && !block.includes(hash("sha256", origin, "buffer"))) {
      throw new Error("its entry does not follow the one that it names as its origin");
    }
    const taken = take(file, block, origin);
    if (!belongsAt(path, file.version, taken.entry)) throw new Error("it is that of another version");
    const { contentAt } = file;
    if (contentAt === undefined) return taken;
    if (typeof contentAt.name !== "string" || !Number.isSafeInteger(contentAt.version)) {
      throw new Error("it does not say where its content lies");
    }
    return { ...taken, contentAt };
  } catch (error) {
    if (isFormatRefusal(error)) throw error;
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
