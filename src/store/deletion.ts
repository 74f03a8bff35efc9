// One deletion: the versions that went, and the entry that says so; and how files hold it.

import { decodeEntry, type Entry, MAX_PARENTS } from "../entries/index.ts";
import type { VersionRecord } from "./version-record.ts";

export interface Deletion {
  readonly entry: Entry;
  readonly versions: readonly number[];
}

/** The deletions of `versions`, each with as many as one entry can name: they are its parents. One at the least, since an
 *  entry from elsewhere is kept also where it finds nothing to delete. */
export function deletionsOf(
  versions: readonly number[],
  records: readonly VersionRecord[],
  entryFor: (removed: readonly VersionRecord[]) => Entry,
): Deletion[] {
  const deletions: Deletion[] = [];
  for (let at = 0; at === 0 || at < versions.length; at += MAX_PARENTS) {
    const part = new Set(versions.slice(at, at + MAX_PARENTS));
    deletions.push({ versions: [...part], entry: entryFor(records.filter(({ version }) => part.has(version))) });
  }
  return deletions;
}

/** A deletion as files hold it. */
export interface DeletionJson {
  readonly versions: readonly number[];
  /** The entry, base64. */
  readonly block: string;
}

export function toJson({ entry, versions }: Deletion): DeletionJson {
  return { versions, block: Buffer.from(entry.block).toString("base64") };
}

/** Throws when it is damaged. */
export function fromJson({ versions, block }: DeletionJson): Deletion {
  return { versions, entry: decodeEntry(Buffer.from(block, "base64")) };
}
