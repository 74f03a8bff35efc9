// The journal of a collection: what was saved lately, in one file, so that a save flushes one file and not six.
//
// A version that stands in a flushed journal survives a power loss, whatever becomes of its own files: they are published
// unflushed, and on the next boot made again from the journal (replay-journals.ts). Only who holds the collection's lock touches
// the journal:
//
//   append      the versions about to be published; one write, one flush. They survive a power loss from here on
//   checkpoint  everything that stands in it is flushed in its own place, then the journal goes, flushed
//
// A checkpoint comes before anything but a small save changes the collection, so no journal ever speaks of versions that were
// deleted or renamed since; and when the journal has grown too large.
//
// What was published on this boot of this machine is there, flushed or not, whoever died. Of what another boot, or another
// machine that shares the folder, has written, a power loss may have taken something: a checkpoint looks each over, and makes
// again what is not whole.
//
// Whoever dies between append and publish leaves versions in the journal that nobody was told of and nobody has seen. The
// next to append finds that the journal does not end with what was published, and lets them go by a checkpoint.

import { randomUUID } from "node:crypto";
import {
  closeSync,
  constants,
  existsSync,
  fdatasyncSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  renameSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { assert, systemCode } from "../errors.ts";
import { bootId } from "./boot.ts";
import type { PlaceInJournal } from "./catalog.ts";
import { entriesOf } from "./collections-on-disk.ts";
import { flush, fsyncPath, replaceFile } from "./durable.ts";
import type { JournalFold } from "./journal-fold.ts";
import {
  CHECK_DIGITS,
  formatBatch,
  type JournaledBatch,
  type JournaledVersion,
  latestRecords,
  parseJournal,
} from "./journal-record.ts";
import { decodeName, type Layout } from "./layout.ts";
import { restoreVersions } from "./restore-versions.ts";
import type { VersionRecord } from "./version-record.ts";

/** A journal at most, bytes: bounds what is replayed after a power loss (some hundred small versions). */
const MOST_BYTES = 1_024 * 1_024;
/** A batch at the most, bytes: more is flushed in its own place instead of being written twice. */
const MOST_BATCH_BYTES = 128 * 1_024;
/** What a version takes beside its content. */
const BYTES_OF_A_VERSION = 1_024;

const APPENDING = constants.O_RDWR | constants.O_APPEND | (constants.O_NOFOLLOW ?? 0);

interface End {
  readonly inode: number;
  readonly bytes: number;
}

/** A batch that stands in the journal. */
interface Appended {
  readonly batch: Omit<JournaledBatch, "format">;
  readonly end: End;
  readonly from: PlaceInJournal;
  readonly to: PlaceInJournal;
}

export class Journal {
  private readonly layout: Layout;
  private readonly collection: string;
  private readonly path: string;
  /** Undefined where there is no telling one boot from the next: then nothing goes by way of a journal. */
  private readonly boot = bootId();
  /** Where it ended when its last batch was published. */
  private known: End | undefined;
  private appended: Appended | undefined;
  private readonly fold: JournalFold | undefined;

  /** Without `fold`, nothing of it goes into a catalog: where that is made anew, as after a power loss. */
  constructor(layout: Layout, collection: string, fold?: JournalFold) {
    this.layout = layout;
    this.collection = collection;
    this.path = layout.journalFile(collection);
    this.fold = fold;
  }

  /** Whether so many versions, of so many bytes in all, are saved by way of the journal. */
  takes(versions: number, bytes: number): boolean {
    return this.boot !== undefined && bytes + versions * BYTES_OF_A_VERSION <= MOST_BATCH_BYTES;
  }

  /** On return the versions survive a power loss. Call `published` when they are published. */
  async append(generation: number, versions: readonly JournaledVersion[]): Promise<void> {
    const { collection, boot } = this;
    assert(boot !== undefined, "a journal is of a boot");
    const batch = { collection, generation, boot, versions };
    const line = Buffer.from(formatBatch(batch));
    if (!this.takesMore(line.length)) await this.checkpoint();
    const fd = this.open();
    try {
      const before = endOf(fd);
      const journal = before.bytes === 0 ? idOf(line) : journalId(fd);
      this.fold?.appending({ journal, bytes: before.bytes });
      for (let at = 0; at < line.length; ) at += writeSync(fd, line, at);
      fdatasyncSync(fd); // guard: journal-flushed
      if (before.bytes === 0) fsyncPath(this.layout.journals); // guard: journal-name-flushed
      // Another size: one who lost the lock wrote, too, and what that was is not known.
      const end = endOf(fd);
      const [from, to] = [
        { journal, bytes: before.bytes },
        { journal, bytes: end.bytes },
      ];
      this.appended = end.bytes === before.bytes + line.length ? { batch, end, from, to } : undefined;
    } finally {
      closeSync(fd);
    }
  }

  /** What was appended last is published: whoever appends next need not look for it. */
  published(records: readonly VersionRecord[]): void {
    const { appended } = this;
    this.known = appended?.end;
    if (appended === undefined) this.fold?.addedAmongOthers(records.length);
    else this.fold?.added(appended.from, appended.to, records);
  }

  /**
   * Of what was appended last only `records` were published: the rest goes, so that no power loss brings it. Needs neither room on
   * the disk nor the catalog. False when that failed: then the next to append finds what is left.
   */
  async keepOnly(records: readonly VersionRecord[]): Promise<boolean> {
    const { appended } = this;
    try {
      if (appended === undefined) await this.checkpoint();
      else this.writeOver(appended, records);
      return true;
    } catch {
      // Told by whoever needs the disk next.
      return false;
    }
  }

  /** By a line of the same length. */
  private writeOver({ batch, end, from }: Appended, records: readonly VersionRecord[]): void {
    const kept = new Set(records.map(({ entry, version }) => `${version} ${entry.name}`));
    const versions = batch.versions.filter(({ name, version }) => kept.has(`${version} ${name}`));
    const line = Buffer.from(formatBatch({ ...batch, versions }, end.bytes - from.bytes));
    const fd = openSync(this.path, constants.O_WRONLY | (constants.O_NOFOLLOW ?? 0));
    try {
      const now = endOf(fd);
      assert(now.inode === end.inode && now.bytes === end.bytes, "the lock is held: nobody else has written");
      for (let at = 0; at < line.length; ) at += writeSync(fd, line, at, line.length - at, from.bytes + at);
      fdatasyncSync(fd);
    } finally {
      closeSync(fd);
    }
  }

  /** All that stands in it has its rows in the catalog then. */
  complete(): void {
    this.fold?.complete();
  }

  /** The same of what was appended since it was complete, under one hold of the lock. */
  completeOwn(): void {
    this.fold?.completeOwn();
  }

  /** As far as this process has saved it, if the catalog is free. Needs no lock. */
  foldOwn(): void {
    this.fold?.foldIfFree();
  }

  close(): void {
    this.fold?.close();
  }

  /** Flushes what stands in the journal in its own place, and empties it. On return none of it is needed any more. */
  async checkpoint(): Promise<void> {
    const text = readJournal(this.path);
    if (text === undefined) return;
    this.complete(); // guard: fold-before-checkpoint
    const { batches, state } = parseJournal(text);
    const ofOthers = latestRecords(batches).filter(({ batch }) => batch.boot !== this.boot);
    const kept = await restoreVersions(
      this.layout,
      this.collection,
      ofOthers.map(({ version }) => version),
    );
    const places = [...this.placesOf(batches)].filter(canBeFlushed);
    await flush(places, this.layout.data); // guard: checkpoint-flushes
    if (kept.length > 0 || state === "damaged") this.setAside();
    else rmSync(this.path, { force: true });
    fsyncPath(this.layout.journals); // guard: checkpoint-flushed
    this.known = undefined;
  }

  /** It holds what could not be put back, or cannot be read: nothing of it is thrown away. */
  private setAside(): void {
    const aside = join(this.layout.journals, `.kept-${randomUUID()}`);
    renameSync(this.path, aside);
    process.emitWarning(
      `a journal of the collection ${this.collection} is damaged: what it holds is kept in ${aside}`,
      {
        code: "HOLDFAST_JOURNAL_KEPT",
        detail: "Run `holdfast data verify`: versions that it names as damaged may be restored from that file.",
      },
    );
  }

  private takesMore(bytes: number): boolean {
    const status = lstatSync(this.path, { throwIfNoEntry: false });
    if (status === undefined) return true;
    return status.size + bytes <= MOST_BYTES && this.isPublishedUpTo({ inode: status.ino, bytes: status.size });
  }

  private open(): number {
    try {
      return openSync(this.path, APPENDING);
    } catch (error) {
      if (systemCode(error) !== "ENOENT") throw error;
    }
    this.makeFolder();
    return openSync(this.path, APPENDING | constants.O_CREAT);
  }

  /** With the mark of this boot: where there was no journal, there is nothing to replay. */
  private makeFolder(): void {
    const { journals, bootFile, root } = this.layout;
    if (existsSync(bootFile)) return;
    assert(this.boot !== undefined, "a journal is of a boot");
    mkdirSync(journals, { recursive: true });
    // Before the mark, by which others take the folder for flushed.
    fsyncPath(root);
    replaceFile(bootFile, this.boot);
  }

  /** Whether all that stands there was published. We need not look where nobody else has been since our own last batch. */
  private isPublishedUpTo(end: End): boolean {
    if (end.bytes === 0 || (end.inode === this.known?.inode && end.bytes === this.known.bytes)) return true;
    const { batches, state } = parseJournal(readFileSync(this.path, "utf8"));
    // Whoever appended the last batch saw to those before it.
    const last = batches.at(-1);
    if (state !== "whole" || last === undefined || last.boot !== this.boot) return false;
    return last.versions.every(({ name, version }) =>
      existsSync(this.layout.versionDir(this.collection, name, version)),
    );
  }

  private *placesOf(batches: readonly JournaledBatch[]): Generator<string> {
    const { layout, collection } = this;
    const artifacts = new Set<string>();
    for (const { name, version } of batches.flatMap((batch) => batch.versions)) {
      const dir = layout.versionDir(collection, name, version);
      yield* [join(dir, "content"), join(dir, "version.json"), dir];
      artifacts.add(layout.artifactDir(collection, name));
    }
    yield* artifacts;
    yield* [layout.collectionDir(collection), layout.data];
  }
}

/** What was deleted by hand, or replaced by what belongs in no store, is damage, and told to whoever reads it. */
function canBeFlushed(path: string): boolean {
  try {
    const status = lstatSync(path, { throwIfNoEntry: false });
    return status?.isFile() === true || status?.isDirectory() === true;
  } catch (error) {
    if (systemCode(error) === "ENOTDIR") return false;
    throw error;
  }
}

/** The journals there are. One whose collection it does not say holds nothing that was ever acknowledged. */
export function listJournals({
  journals,
}: Layout): { readonly path: string; readonly collection: string | undefined }[] {
  return entriesOf(journals)
    .filter((entry) => entry.isFile() && !entry.name.startsWith("."))
    .map(({ name }) => {
      const path = join(journals, name);
      return { path, collection: decodeName(name) ?? nameHashedAs(name, path) };
    });
}

/** Of collections whose names are too long to be file names: a hash stands for one name for ever. */
const hashed = new Map<string, string>();

function nameHashedAs(fileName: string, path: string): string | undefined {
  const known = hashed.get(fileName) ?? parseJournal(readJournal(path) ?? "").batches[0]?.collection;
  if (known !== undefined) hashed.set(fileName, known);
  return known;
}

/** Undefined where there is none. */
export function readJournal(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw error;
  }
}

function endOf(fd: number): End {
  const { ino, size } = fstatSync(fd);
  return { inode: ino, bytes: size };
}

/**
 * Tells one journal from another, also from one that had its inode: how it begins, which is the check of its first line
 * (journal-record.ts), and no two lines hold the same entries.
 */
export function journalId(fd: number): string {
  const head = Buffer.alloc(CHECK_DIGITS);
  return head.toString("latin1", 0, readSync(fd, head, 0, CHECK_DIGITS, 0));
}

function idOf(line: Buffer): string {
  return line.toString("latin1", 0, CHECK_DIGITS);
}
