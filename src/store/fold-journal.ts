// From a collection's journal into the catalog. A small save writes its line in the journal, and no row: rows are made of what
// stands there a moment later, many at once, by whoever saved it (journal-fold.ts), or whoever comes first.
//
// The catalog remembers up to where each journal is folded in. What stands beyond may have no rows yet: those artifacts are read
// from disk. So the journal is the note that something is about to change: there is no other, and none that can be missing.
//
// Who folds reads up to where it was done, reads the versions, and then enters all of it in one transaction, unless somebody was
// there meanwhile. Whoever removes versions folds first, under the lock: so nobody who has read them earlier enters them later.

import { closeSync, constants, fstatSync, lstatSync, openSync, readSync } from "node:fs";
import { HoldfastError, isHoldfastError, systemCode } from "../errors.ts";
import { readVersion } from "./artifact-on-disk.ts";
import type { ArtifactKey, Catalog, Folded, PlaceInJournal } from "./catalog.ts";
import { artifactsOnDisk } from "./collections-on-disk.ts";
import { journalId, listJournals } from "./journal.ts";
import { type JournaledBatch, parseJournal } from "./journal-record.ts";
import type { Layout } from "./layout.ts";
import { readVersionFile, type VersionRecord } from "./version-record.ts";

const NEWLINE = 0x0a;
const NO_JOURNAL: PlaceInJournal = { journal: "", bytes: 0 };
/** Each failure means that somebody else has folded something. */
const MAX_ATTEMPTS = 1_000;
/** No link is followed, and no pipe waited for. */
const NOT_ANOTHER = (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
const NO_FILE: ReadonlySet<string> = new Set(["ENOENT", "ENOTDIR", "ELOOP", "EISDIR", "EACCES", "ENXIO"]);

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

/** Journals found folded in, as they were: they need not be opened again. */
const foldedIn = new WeakMap<Catalog, Map<string, string>>();

/**
 * Artifacts whose rows may lack what was saved last. To be asked before rows are read: what is saved later is of no concern. None for a
 * catalog that is a copy: it says what was when it was made.
 */
export function unfoldedArtifacts(layout: Layout, catalog: Catalog, only?: string): ArtifactKey[] {
  if (catalog.isReadOnly) return [];
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
 * Folds in what stands in the journal of `collection`, read from where it was published, unless somebody else is at it. Needs no lock.
 * The last line may be about to be published: then it is left for later.
 */
export function foldJournal(layout: Layout, catalog: Catalog, collection: string): void {
  const tail = readTail(layout, catalog, collection);
  if (tail !== undefined) enter(layout, catalog, collection, tail, false);
}

/** Under the lock: all that stands there has its rows then, or a note. What was not published by now never will be. */
export function foldWhole(layout: Layout, catalog: Catalog, collection: string): void {
  // Whoever comes in between, without the lock, has folded a part of it.
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    const tail = readTail(layout, catalog, collection);
    if (tail === undefined || enter(layout, catalog, collection, tail, true)) return; // guard: fold-again
  }
  throw new HoldfastError("INTERNAL", `others fold the journal of ${collection} again and again`);
}

/** How far a journal goes, for who has made rows of all that lies on disk. */
export function endOfJournal(layout: Layout, collection: string): PlaceInJournal {
  return withJournal(layout, collection, (fd, size) => ({ journal: journalId(fd), bytes: size })) ?? NO_JOURNAL;
}

/** False when somebody else has entered something since `tail` was read: then nothing was. */
function enter(layout: Layout, catalog: Catalog, collection: string, tail: Tail, isLocked: boolean): boolean {
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
  if (end === startOf(tail.from, tail.journal, end)) return true;
  return catalog.fold(collection, tail.from, { journal: tail.journal, bytes: end }, records, unsure) !== undefined;
}

/** Undefined where all is folded in. */
function readTail(layout: Layout, catalog: Catalog, collection: string): Tail | undefined {
  const path = layout.journalFile(collection);
  const known = foldedIn.get(catalog) ?? new Map<string, string>();
  foldedIn.set(catalog, known);
  const before = stateOf(path);
  if (before !== undefined && known.get(path) === before) return undefined;
  known.delete(path);
  const from = catalog.folded(collection);
  if (from === undefined && !catalog.isComplete()) return undefined; // filled from disk, in the order in which all was made
  const tail = withJournal(layout, collection, (fd, size) => tailOf(fd, size, from));
  if (tail === undefined && before !== undefined) known.set(path, before);
  return tail;
}

function tailOf(fd: number, size: number, from: Folded | undefined): Tail | undefined {
  const journal = journalId(fd);
  const start = startOf(from, journal, size);
  const bytes = Buffer.alloc(size - start);
  const read = readSync(fd, bytes, 0, bytes.length, start);
  // What is no whole line is being written.
  const length = bytes.subarray(0, read).lastIndexOf(NEWLINE) + 1;
  if (length === 0) return undefined;
  const { batches, state } = parseJournal(bytes.toString("utf8", 0, length));
  const lastAt = length < 2 ? 0 : bytes.lastIndexOf(NEWLINE, length - 2) + 1;
  return { from, journal, batches, lastAt: start + lastAt, end: start + length, isDamaged: state !== "whole" };
}

/** Undefined where there is none, or what no store has put there: that is told by whoever saves. */
function withJournal<T>(layout: Layout, collection: string, work: (fd: number, size: number) => T): T | undefined {
  let fd: number;
  try {
    fd = openSync(layout.journalFile(collection), constants.O_RDONLY | NOT_ANOTHER);
  } catch (error) {
    if (NO_FILE.has(systemCode(error) ?? "")) return undefined;
    throw error;
  }
  try {
    const status = fstatSync(fd);
    return status.isFile() ? work(fd, status.size) : undefined;
  } finally {
    closeSync(fd);
  }
}

/** Changes with each line, and from one file to the next. */
function stateOf(path: string): string | undefined {
  const status = lstatSync(path, { throwIfNoEntry: false });
  return status === undefined ? undefined : `${status.ino} ${status.size} ${status.mtimeMs}`;
}

/** A journal that is not the one that was folded is all new; so is one that has become shorter, as after a copy was put back. */
function startOf(from: Folded | undefined, journal: string, size: number): number {
  return from?.journal === journal && from.bytes <= size ? from.bytes : 0;
}

function readIfSound(layout: Layout, collection: string, name: string, version: number): VersionRecord | undefined {
  try {
    return readVersion(readVersionFile, layout, collection, name, version);
  } catch (error) {
    if (!isHoldfastError(error, "CORRUPT") && systemCode(error) !== "EACCES") throw error;
    return undefined; // told by whoever reads it
  }
}
