// Reading an artifact from its directory. Readers take no lock and are never blocked (STORE-08).
//
// The directory listing is the truth. A version appears by one rename of a complete directory and goes by one rename
// into the trash, so a listing shows whole versions only, and its greatest number goes back only by a delete that named
// it. The file `latest` trails behind and is for people and scripts.

import { createReadStream, readdirSync } from "node:fs";
import { dirname, join } from "node:path";
import type { Readable } from "node:stream";
import { systemCode } from "../errors.ts";
import { type Layout, parseVersionDir } from "./layout.ts";
import { existsUnlinked, refuseLinks } from "./no-links.ts";
import { becameOf, RENAMING } from "./rename-mark.ts";
import type { ContentFacts, ReadVersionFile, VersionFacts } from "./version-facts.ts";

/** Attempts to read a version that is being deleted under our eyes, before giving up: each failure means that somebody
 *  else made progress. */
const MAX_ATTEMPTS = 1_000;

/** The artifact's version numbers, ascending; empty when there is no such artifact. Throws `CORRUPT` for a link. */
export function listVersions(layout: Layout, collection: string, name: string): number[] {
  return listVersionDirs(layout.artifactDir(collection, name));
}

export function listVersionDirs(artifactDir: string): number[] {
  // Asked first: making an error for every artifact that is new costs more than the question.
  if (!existsUnlinked(artifactDir)) return [];
  refuseLinks(dirname(artifactDir));
  let names: string[];
  try {
    names = readdirSync(artifactDir);
  } catch (error) {
    const code = systemCode(error);
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw error;
  }
  // What has become another artifact is not here any more, though it may not have been cleared away yet.
  const gone = names.includes(RENAMING) ? (becameOf(artifactDir)?.upTo ?? 0) : 0;
  return versionsAmong(names).filter((version) => version > gone);
}

/** Also those of an artifact that has become another one. */
export function versionsAmong(fileNames: readonly string[]): number[] {
  return fileNames
    .map(parseVersionDir)
    .filter((version) => version !== undefined)
    .sort((a, b) => a - b);
}

/** One version, or undefined when it is not there. Throws `CORRUPT`. */
export function readVersion<T extends VersionFacts>(
  read: ReadVersionFile<T>,
  layout: Layout,
  collection: string,
  name: string,
  version: number,
): T | undefined {
  return read(join(layout.versionDir(collection, name, version), "version.json"));
}

/** The newest version, or undefined when there is none. Throws `CORRUPT`. */
export function readNewest<T extends VersionFacts>(
  read: ReadVersionFile<T>,
  layout: Layout,
  collection: string,
  name: string,
): T | undefined {
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const newest = listVersions(layout, collection, name).at(-1);
    if (newest === undefined) return undefined;
    const record = readVersion(read, layout, collection, name, newest);
    // Gone between listing and reading: it was deleted; look again for what is newest now.
    if (record !== undefined) return record;
  }
  return undefined;
}

/** The file that holds a version's bytes. */
export function contentPath(layout: Layout, record: ContentFacts): string {
  const { collection, name } = record.entry;
  const at = record.contentAt ?? { name, version: record.version };
  return join(layout.versionDir(collection, at.name, at.version), "content");
}

export function openContent(layout: Layout, record: VersionFacts): Readable {
  return createReadStream(contentPath(layout, record));
}
