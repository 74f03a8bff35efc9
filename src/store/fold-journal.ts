// From a collection's journal into the catalog. A small save writes its line in the journal, and no row: rows are made of what
// stands there a moment later, many at once, by whoever saved it (journal-fold.ts), or whoever comes first.
//
// The catalog remembers up to where each journal is folded in. What stands beyond may have no rows yet: those artifacts are read
// from disk. So the journal is the note that something is about to change: there is no other, and none that can be missing.
//
// Who folds reads up to where it was done, reads the versions, and then enters all of it in one transaction, unless somebody was
// there meanwhile. Whoever removes versions folds first, under the lock: so nobody who has read them earlier enters them later.

import { closeSync, constants, fstatSync, openSync, readSync } from "node:fs";
import { isHoldfastError, systemCode } from "../errors.ts";
import { readVersion } from "./artifact-on-disk.ts";
import type { ArtifactKey, Catalog, Folded } from "./catalog.ts";
import { artifactsOnDisk } from "./collections-on-disk.ts";
import { journalId, listJournals } from "./journal.ts";
import { type JournaledBatch, parseJournal } from "./journal-record.ts";
import type { Layout } from "./layout.ts";
import { readVersionFile, type VersionRecord } from "./version-record.ts";

const NEWLINE = 0x0a;

/** What stands in a journal beyond what is folded in. */
interface Tail {
  readonly from: Folded | undefined;
  readonly journal: string;
  readonly batches: readonly JournaledBatch[];
  /** Where its last whole line begins, and where that ends, bytes. */
  readonly lastAt: number;
  readonly end: number;
  /** There is a line in it that cannot be read: it may have been about any artifact. */
  readonly isDamaged: boolean;
}

/** Artifacts whose rows may lack what was saved last. To be asked before rows are read: what is saved later is of no concern. */
export function unfoldedArtifacts(layout: Layout, catalog: Catalog, only?: string): ArtifactKey[] {
  const collections = only === undefined ? journaledCollections(layout) : [only];
  return collections.flatMap((collection) => {
    const tail = readTail(layout, catalog, collection);
    if (tail === undefined) return [];
    const names = new Set(tail.batches.flatMap(({ versions }) => versions.map(({ name }) => name)));
    if (tail.isDamaged) for (const name of artifactsOnDisk(layout, collection)) names.add(name);
    return [...names].map((name) => ({ collection, name }));
  });
}

/** Those that have a journal. */
export function journaledCollections(layout: Layout): string[] {
  return listJournals(layout)
    .map(({ collection }) => collection)
    .filter((collection) => collection !== undefined);
}

/**
 * Folds in what stands in the journal of `collection`, read from where it was published. Without the lock, somebody may be about
 * to publish the last line of it: then that is left for later. With it, what was not published never will be.
 */
export function foldJournal(layout: Layout, catalog: Catalog, collection: string, isLocked: boolean): void {
  const tail = readTail(layout, catalog, collection);
  if (tail === undefined) return;
  const records: VersionRecord[] = [];
  const unsure = new Set<string>(tail.isDamaged ? artifactsOnDisk(layout, collection) : []);
  let { end } = tail;
  for (const batch of tail.batches) {
    const found = batch.versions.map(({ name, version }) => readIfSound(layout, collection, name, version));
    if (!isLocked && batch === tail.batches.at(-1) && found.includes(undefined)) {
      end = tail.lastAt;
      break;
    }
    for (const [at, record] of found.entries()) {
      if (record !== undefined) records.push(record);
      else unsure.add(batch.versions[at]?.name ?? "");
    }
  }
  if (end === startOf(tail.from, tail.journal)) return;
  catalog.fold(collection, tail.from, { journal: tail.journal, bytes: end }, records, unsure);
}

/** Undefined where all is folded in. */
function readTail(layout: Layout, catalog: Catalog, collection: string): Tail | undefined {
  const from = catalog.folded(collection);
  if (from === undefined && !catalog.isComplete()) return undefined; // filled from disk, in the order in which all was made
  let fd: number;
  try {
    fd = openSync(layout.journalFile(collection), constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0));
  } catch (error) {
    // Gone, which comes after folding; or no file of the store's.
    if (["ENOENT", "ENOTDIR", "ELOOP"].includes(systemCode(error) ?? "")) return undefined;
    throw error;
  }
  try {
    const journal = journalId(fd);
    const { size } = fstatSync(fd);
    const start = startOf(from, journal);
    if (size <= start) return undefined;
    const bytes = Buffer.alloc(size - start);
    const read = readSync(fd, bytes, 0, bytes.length, start);
    // What is no whole line is being written.
    const length = bytes.subarray(0, read).lastIndexOf(NEWLINE) + 1;
    if (length === 0) return undefined;
    const { batches, state } = parseJournal(bytes.toString("utf8", 0, length));
    const lastAt = length < 2 ? 0 : bytes.lastIndexOf(NEWLINE, length - 2) + 1;
    return { from, journal, batches, lastAt: start + lastAt, end: start + length, isDamaged: state !== "whole" };
  } finally {
    closeSync(fd);
  }
}

/** A journal that is not the one that was folded is all new. */
function startOf(from: Folded | undefined, journal: string): number {
  return from?.journal === journal ? from.bytes : 0;
}

function readIfSound(layout: Layout, collection: string, name: string, version: number): VersionRecord | undefined {
  try {
    return readVersion(readVersionFile, layout, collection, name, version);
  } catch (error) {
    if (!isHoldfastError(error, "CORRUPT") && systemCode(error) !== "EACCES") throw error;
    return undefined; // told by whoever reads it
  }
}
