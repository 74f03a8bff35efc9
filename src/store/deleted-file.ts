// What remains of deleted versions: the number below which none is given again, and the entries that deleted them.
//
// It stands beside the artifacts, not inside one, because a whole artifact goes by one rename of its directory. It is
// written, flushed, before anything is removed, so it is also the record of intent: a version that it names and that is
// still on disk was being deleted when the writer died, and is removed by whoever comes next. Numbers are never given
// twice, so that can never hit a version put later.

import { mkdirSync, readdirSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { HoldfastError, isHoldfastError, systemCode } from "../errors.ts";
import type { ArtifactKey } from "./catalog.ts";
import { type Deletion, type DeletionJson, fromJson, toJson } from "./deletion.ts";
import { fsyncPath, replaceFile } from "./durable.ts";
import { RENAMED_TO_TAG } from "./follow-renames.ts";
import { isFormat, isFormatRefusal, requireFormat } from "./format.ts";
import { encodeName, type Layout } from "./layout.ts";
import { existsUnlinked, readTextUnlinked, refuseLinks } from "./no-links.ts";

export interface Deleted {
  /** The greatest number given before the last delete; 0 when nothing was ever deleted. */
  readonly floor: number;
  readonly deletions: readonly Deletion[];
}

const FORMAT = 1;

interface DeletedFile {
  readonly format: typeof FORMAT;
  readonly name: string;
  readonly floor: number;
  readonly deletions: readonly DeletionJson[];
  /** The name that the artifact was given, where the last deletion was a rename: for readers that decode no entry. */
  readonly forwardsTo?: string;
}

/** Deletions remembered of one artifact: older ones are in the catalog and, long since, wherever they had to go. */
const MAX_DELETIONS = 1_000;

const NONE: Deleted = { floor: 0, deletions: [] };

/** Throws `CORRUPT`: giving a number twice would be worse than refusing to write. */
export function readDeleted(layout: Layout, collection: string, name: string): Deleted {
  return readDeletedFile(layout.deletedFile(collection, name))?.deleted ?? NONE;
}

/** The same for whoever only reads: what a damaged file said is not known, and the versions that are there are there. */
export function readDeletedIfSound(layout: Layout, collection: string, name: string): Deleted {
  return ifSound(() => readDeleted(layout, collection, name)) ?? NONE;
}

function ifSound<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (isHoldfastError(error, "CORRUPT")) return undefined;
    throw error;
  }
}

export function formatDeletedFile(name: string, deleted: Deleted): string {
  const forwardsTo = deleted.deletions.at(-1)?.entry.tags[RENAMED_TO_TAG];
  const file: DeletedFile = {
    format: FORMAT,
    name,
    floor: deleted.floor,
    deletions: deleted.deletions.slice(-MAX_DELETIONS).map(toJson),
    ...(forwardsTo === undefined ? {} : { forwardsTo }),
  };
  return `${JSON.stringify(file)}\n`;
}

export function writeDeleted(layout: Layout, { collection, name }: ArtifactKey, deleted: Deleted): void {
  const path = layout.deletedFile(collection, name);
  refuseLinks(dirname(path));
  mkdirSync(dirname(path), { recursive: true });
  replaceFile(path, formatDeletedFile(name, deleted));
  // Its folder's own name, too: whoever made that may have died before it could flush it. guard: floor-flushed
  fsyncPath(layout.collectionDir(collection));
}

/** Adds `deletions` to what is remembered, unless that was done already. */
export function addDeletions(layout: Layout, key: ArtifactKey, floor: number, deletions: readonly Deletion[]): void {
  const before = readDeleted(layout, key.collection, key.name);
  const known = new Set(before.deletions.map(({ entry }) => entry.id));
  const added = deletions.filter(({ entry }) => !known.has(entry.id));
  if (added.length === 0 && before.floor >= floor) return;
  const after = { floor: Math.max(before.floor, floor), deletions: [...before.deletions, ...added] };
  writeDeleted(layout, key, after);
}

/** Every artifact of a collection of which something was ever deleted, as far as that can be read. */
export function listDeleted(layout: Layout, collection: string): { name: string; deleted: Deleted }[] {
  const dir = join(layout.collectionDir(collection), ".deleted");
  if (ifSound(() => existsUnlinked(dir)) !== true) return [];
  let names: string[];
  try {
    names = readdirSync(dir);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
  return names
    .filter((name) => name.endsWith(".json") && !name.startsWith("."))
    .map((name) => ifSound(() => readDeletedFile(join(dir, name))))
    .filter((file) => file !== undefined);
}

export function readDeletedFile(path: string): { name: string; deleted: Deleted } | undefined {
  // Asked first: most artifacts never had a version deleted, and an error for each costs more than the question.
  if (!existsUnlinked(dirname(path)) || !existsUnlinked(path)) return undefined;
  let text: string;
  try {
    text = readTextUnlinked(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
  return parseDeletedFile(path, text);
}

/** The same of a text that stands for the file `path`. */
export function parseDeletedFile(path: string, text: string): { name: string; deleted: Deleted } {
  try {
    const file = JSON.parse(text) as DeletedFile;
    if (isFormat(file.format)) requireFormat(path, file.format, FORMAT);
    if (file.format !== FORMAT) throw new Error(`its format is ${String(file.format)}`);
    const deletions = file.deletions.map(fromJson);
    if (!Number.isSafeInteger(file.floor)) throw new Error("it has no floor");
    if (typeof file.name !== "string" || basename(path) !== `${encodeName(file.name)}.json`) {
      throw new Error("it is that of another artifact");
    }
    return { name: file.name, deleted: { floor: file.floor, deletions } };
  } catch (error) {
    if (isFormatRefusal(error)) throw error;
    throw new HoldfastError(
      "CORRUPT",
      `${path} is damaged: ${error instanceof Error ? error.message : String(error)}`,
      {
        hint: "Restore it from a backup. It keeps version numbers of deleted versions from being given again.",
        details: { path },
        cause: error,
      },
    );
  }
}
