// Reading one version: all that `data get` needs, and nothing that takes long to load.

import type { Author, EntryId } from "../entries/index.ts";
import { isHoldfastError } from "../errors.ts";
import { findVersion, type VersionChoice } from "../store/find-version.ts";
import type { Layout } from "../store/layout.ts";
import { verifiedPieces } from "../store/read-content.ts";
import { readVersionFacts, type VersionFacts } from "../store/version-facts.ts";

export type { VersionChoice } from "../store/find-version.ts";

/** What is known of one version; what `data get --json` prints. */
export interface VersionInfo {
  readonly collection: string;
  readonly name: string;
  readonly version: number;
  readonly entry: EntryId;
  readonly hash: string;
  /** Bytes. */
  readonly size: number;
  readonly type: string;
  readonly author: Author;
  /** ISO 8601. */
  readonly createdAt: string;
  readonly tags: Readonly<Record<string, string>>;
  /** The name that was asked for, where the artifact has been renamed since. */
  readonly renamedFrom?: string;
}

export interface GetResult extends VersionInfo {
  readonly content: Uint8Array;
}

/** One version and its bytes, of which the first is given only after all of them were found undamaged. Each piece is to
 *  be used up before the next is asked for. Throws `NOT_FOUND` (naming the versions that exist), `CORRUPT`. */
export function openVersion(
  layout: Layout,
  name: string,
  choice: VersionChoice = {},
): { readonly info: VersionInfo; readonly size: number; readonly content: AsyncIterable<Uint8Array> } {
  const record = findVersion(readVersionFacts, layout, name, choice);
  return {
    get info() {
      return infoOf(record, record.createdAt, name);
    },
    /** Bytes. */
    size: record.entry.content?.size ?? 0,
    content: piecesOf(layout, record, () => findVersion(readVersionFacts, layout, name, choice)),
  };
}

/** Looks for a version that is gone each time when it is to be read. */
export const MOST_LOOKS = 20;

async function* piecesOf(
  layout: Layout,
  first: VersionFacts,
  lookAgain: () => VersionFacts,
): AsyncGenerator<Uint8Array> {
  let record = first;
  for (let looks = 1; ; looks += 1) {
    try {
      // Nothing was given yet where it is gone: all of it is read before the first piece.
      yield* verifiedPieces(layout, record);
      return;
    } catch (error) {
      if (looks === MOST_LOOKS || !wentMeanwhile(record, error)) throw error;
      record = lookAgain();
    }
  }
}

/** True when a version was renamed, or deleted, between being found and being read: what is there now may be found. */
export function wentMeanwhile({ entry }: VersionFacts, error: unknown): boolean {
  return entry.content !== null && isHoldfastError(error, "NOT_FOUND");
}

/** The public facts of a record that was `asked` for. A delete has no content: its hash is empty. */
export function infoOf({ entry, version }: VersionFacts, createdAt: string, asked: string): VersionInfo {
  return {
    collection: entry.collection,
    name: entry.name,
    version,
    entry: entry.id,
    hash: entry.content?.hash ?? "",
    size: entry.content?.size ?? 0,
    type: entry.content?.type ?? "",
    author: entry.author,
    createdAt,
    tags: entry.tags,
    ...(asked === entry.name ? {} : { renamedFrom: asked }),
  };
}
