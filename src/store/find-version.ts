// Finding a version on disk. Needs neither lock nor catalog, and loads neither: reading one artifact is the command that
// starts most often.

import { checkArtifactName, checkCollection, DEFAULT_COLLECTION } from "../entries/names.ts";
import { HoldfastError, isHoldfastError, NotFoundError, shellWord, systemCode, toHoldfastError } from "../errors.ts";
import { listVersions, readNewest, readVersion } from "./artifact-on-disk.ts";
import { followRenames, lookFollowing } from "./follow-renames.ts";
import type { Layout } from "./layout.ts";
import { refuseLinks } from "./no-links.ts";
import type { ReadVersionFile, VersionFacts } from "./version-facts.ts";

export interface VersionChoice {
  readonly collection?: string;
  /** A number, an entry id, or an unambiguous start of one. Default: the newest. */
  readonly version?: number | string;
}

/** The newest version, or the one asked for; of an artifact that was renamed, under its present name. Throws `NOT_FOUND` (naming those that exist), `CORRUPT`, `BAD_NAME`. */
export function findVersion<T extends VersionFacts>(
  read: ReadVersionFile<T>,
  layout: Layout,
  name: string,
  choice: VersionChoice = {},
): T {
  const collection = choice.collection ?? DEFAULT_COLLECTION;
  checkCollection(collection);
  checkArtifactName(collection, name);
  if (choice.version === "") {
    throw new HoldfastError("BAD_OPTION", "the version asked for is empty", {
      hint: "Give its number, its entry id, or the start of one.",
    });
  }
  const { version } = choice;
  const looked = lookFollowing(layout, collection, name, (now) => findAt(read, layout, collection, now, version));
  if (looked.found === undefined) throw notFound(read, layout, collection, looked.name, version);
  return looked.found;
}

function findAt<T extends VersionFacts>(
  read: ReadVersionFile<T>,
  layout: Layout,
  collection: string,
  name: string,
  version: number | string | undefined,
): T | undefined {
  if (version === undefined) {
    const newest = readNewest(read, layout, collection, name);
    return newest?.entry.kind === "delete" ? undefined : newest;
  }
  const wanted = typeof version === "string" && /^[0-9]+$/.test(version) ? Number(version) : version;
  return typeof wanted === "number"
    ? readNumbered(read, layout, collection, name, wanted)
    : findByEntry(read, layout, collection, name, wanted);
}

/** Looked for without listing what there is, which would find a link on the way. */
function readNumbered<T extends VersionFacts>(
  read: ReadVersionFile<T>,
  layout: Layout,
  collection: string,
  name: string,
  version: number,
): T | undefined {
  refuseLinks(layout.collectionDir(collection), layout.artifactDir(collection, name));
  return readVersion(read, layout, collection, name, version);
}

/** A version that lies there and cannot be read: `CORRUPT` or `NO_PERMISSION`, with the path. */
export interface UnreadableVersion {
  readonly version: number;
  readonly error: HoldfastError;
}

/** All versions of an artifact, ascending, those included that cannot be read. */
export function readAll<T extends VersionFacts>(
  read: ReadVersionFile<T>,
  layout: Layout,
  collection: string,
  name: string,
): (T | UnreadableVersion)[] {
  const found: (T | UnreadableVersion)[] = [];
  for (const version of listVersions(layout, collection, name)) {
    try {
      const record = readVersion(read, layout, collection, name, version);
      if (record !== undefined) found.push(record);
    } catch (error) {
      // Anything else, such as too many open files, says nothing about this version.
      if (!isHoldfastError(error, "CORRUPT") && systemCode(error) !== "EACCES") throw error;
      found.push({ version, error: toHoldfastError(error) });
    }
  }
  return found;
}

/** All versions of an artifact, ascending. One that cannot be read is left out: it is told when asked for. */
export function readRecords<T extends VersionFacts>(
  read: ReadVersionFile<T>,
  layout: Layout,
  collection: string,
  name: string,
): T[] {
  return readAll(read, layout, collection, name).filter((found) => "entry" in found);
}

/** The error for an artifact, or a version of it, that is not there. */
export function notFound(
  read: ReadVersionFile<VersionFacts>,
  layout: Layout,
  collection: string,
  name: string,
  version?: number | string,
): NotFoundError {
  const there = readRecords(read, layout, collection, name)
    .filter((record) => record.entry.content !== null)
    .map((record) => record.version);
  if (version !== undefined && there.length > 0) {
    return new NotFoundError(`${name} in ${collection} has no version ${version}; it has ${rangesOf(there)}`, {
      hint: `\`${versionsCommand(collection, name)}\` shows them.`,
      details: { collection, name, versions: there },
    });
  }
  const now = followRenames(layout, collection, name);
  if (now !== undefined) {
    return new NotFoundError(`there is no ${name} in ${collection}: it is called ${now} now`, {
      hint: "Use that name.",
      details: { collection, name, versions: there, renamedTo: now },
    });
  }
  return new NotFoundError(`there is no ${name} in ${collection}`, {
    hint: "`holdfast data list` shows what there is.",
    details: { collection, name, versions: there },
  });
}

/** The command that lists the versions of an artifact. */
export function versionsCommand(collection: string, name: string): string {
  const where = collection === DEFAULT_COLLECTION ? "" : ` --in ${shellWord(collection)}`;
  return `holdfast data versions${where} ${name.startsWith("-") ? "-- " : ""}${shellWord(name)}`;
}

function findByEntry<T extends VersionFacts>(
  read: ReadVersionFile<T>,
  layout: Layout,
  collection: string,
  name: string,
  prefix: string,
): T | undefined {
  const all = readAll(read, layout, collection, name);
  const found = all.filter((record) => "entry" in record).filter((record) => record.entry.id.startsWith(prefix));
  if (found.length > 1) {
    throw new NotFoundError(`"${prefix}" starts the ids of ${found.length} versions of ${name}`, {
      hint: "Give more of the id.",
    });
  }
  const unreadable = all.find((record) => "error" in record);
  // It may be the one that is meant.
  if (found.length === 0 && unreadable !== undefined) throw unreadable.error;
  return found[0];
}

/** `1-3, 5` */
function rangesOf(versions: readonly number[]): string {
  const ranges: { from: number; to: number }[] = [];
  for (const version of versions) {
    const last = ranges.at(-1);
    if (last !== undefined && last.to === version - 1) last.to = version;
    else ranges.push({ from: version, to: version });
  }
  return ranges.map(({ from, to }) => (from === to ? String(from) : `${from}-${to}`)).join(", ");
}
