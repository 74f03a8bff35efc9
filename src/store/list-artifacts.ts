// What there is, for people and programs: artifacts from the catalog, versions from disk, and beside them what is damaged.

import type { EntryId } from "../entries/index.ts";
import { toHoldfastError } from "../errors.ts";
import { listVersions, readNewest } from "./artifact-on-disk.ts";
import { type ArtifactKey, type Catalog, type ListedArtifact, ownerOf } from "./catalog.ts";
import { notFound, readAll, type UnreadableVersion } from "./find-version.ts";
import { unfoldedArtifacts } from "./fold-journal.ts";
import { lookFollowing } from "./follow-renames.ts";
import type { Layout } from "./layout.ts";
import { refuseLinks } from "./no-links.ts";
import { readVersionFile, savedAt, type VersionRecord } from "./version-record.ts";

/** One row of `data versions`. */
export interface ListedVersion {
  readonly version: number;
  /** Empty where the version is damaged. */
  readonly entry: EntryId | "";
  readonly size: number;
  readonly hash: string | null;
  /** Empty where the version is damaged. */
  readonly createdAt: string;
  readonly latest: boolean;
  /** Why this version cannot be read, with the path; absent where it can. */
  readonly damaged?: string;
}

/** The versions that an artifact has, and the name that it has. */
export interface VersionsNow {
  readonly name: string;
  /** Ascending. */
  readonly versions: ListedVersion[];
}

/** All that there are, also by a name that the artifact had before. Throws `NOT_FOUND` when there are none. */
export function listVersionsOf(layout: Layout, { collection, name }: ArtifactKey): VersionsNow {
  const { name: now, found } = lookFollowing(layout, collection, name, (at) => {
    const all = readAll(readVersionFile, layout, collection, at);
    // All of an artifact goes at once: if it went while it was read, what was read is not all of it.
    return all.length > 0 && listVersions(layout, collection, at).length > 0 ? all : undefined;
  });
  if (found === undefined) throw notFound(readVersionFile, layout, collection, now);
  return { name: now, versions: listedVersions(found) };
}

function listedVersions(all: readonly (VersionRecord | UnreadableVersion)[]): ListedVersion[] {
  const newest = all.at(-1);
  return all.map((found) => {
    const { version } = found;
    const latest = found === newest;
    if ("error" in found) {
      return { version, entry: "", size: 0, hash: null, createdAt: "", latest, damaged: found.error.message };
    }
    const { entry } = found;
    const { size, hash } = entry.content ?? { size: 0, hash: null };
    return { version, entry: entry.id, size, hash, createdAt: savedAt(found), latest };
  });
}

/** By collection and name. */
export function listArtifacts(
  layout: Layout,
  catalog: Catalog,
  options: { collection?: string; prefix?: string },
): ListedArtifact[] {
  if (options.collection !== undefined) refuseLinks(layout.collectionDir(options.collection));
  // The first were saved lately; a writer is at work on the second, or died at it; of the others not all could be read: what is
  // on disk is right. Asked before the rows: afterwards, rows may be made of what was not there when they were read.
  const unsure = [
    ...unfoldedArtifacts(layout, catalog, options.collection), // guard: unfolded-first
    ...catalog.pending(options.collection),
    ...catalog.damaged(options.collection),
  ].filter((key) => key.name.startsWith(options.prefix ?? ""));
  const rows = catalog.list(options.collection, options.prefix ?? "");
  if (unsure.length === 0) return rows;
  const isUnsure = new Map(unsure.map((key) => [`${key.collection}\0${key.name}`, key]));
  const fromDisk = isUnsure
    .values()
    .toArray()
    .flatMap((key) => listedFromDisk(layout, key));
  return [...rows.filter((row) => !isUnsure.has(`${row.collection}\0${row.name}`)), ...fromDisk].sort(byName);
}

/** The row of an artifact whose newest version may not be what the catalog has. */
function listedFromDisk(layout: Layout, { collection, name }: ArtifactKey): ListedArtifact[] {
  try {
    const newest = readNewest(readVersionFile, layout, collection, name);
    return newest === undefined || newest.entry.content === null ? [] : [listed(newest)];
  } catch (error) {
    const { code, message, details } = toHoldfastError(error);
    // Of one in whose place a link lies no number is known: 0.
    const isLinked = details?.path === layout.artifactDir(collection, name);
    const version = isLinked ? 0 : listVersions(layout, collection, name).at(-1);
    if (version === undefined || (code !== "CORRUPT" && code !== "NO_PERMISSION")) throw error;
    const unknown = { size: 0, hash: "", type: "", createdAt: "", owner: null, tags: {} };
    return [{ collection, name, version, ...unknown, damaged: message }];
  }
}

function listed(record: VersionRecord): ListedArtifact {
  const { entry } = record;
  return {
    collection: entry.collection,
    name: entry.name,
    version: record.version,
    size: entry.content?.size ?? 0,
    hash: entry.content?.hash ?? "",
    type: entry.content?.type ?? "",
    createdAt: savedAt(record),
    owner: ownerOf(entry),
    tags: entry.tags,
  };
}

function byName(a: ListedArtifact, b: ListedArtifact): number {
  if (a.collection !== b.collection) return a.collection < b.collection ? -1 : 1;
  return a.name < b.name ? -1 : a.name > b.name ? 1 : 0;
}
