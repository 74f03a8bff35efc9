// The journal of a collection: what was saved lately, in one file, so that a save flushes one file and not six.
//
// A version that stands in a flushed journal survives a power loss, whatever becomes of its own files: they are published
// unflushed, and made again from the journal by whoever opens the workspace on the next boot (replay.ts). Only who holds the
// collection's lock touches the journal:
//
//   append      the versions about to be published; one write, one flush. They survive a power loss from here on
//   checkpoint  everything that stands in it is flushed in its own place, then the journal goes, flushed
//
// A checkpoint comes before anything but a small save changes the collection, so no journal ever speaks of versions that were
// deleted or renamed since; and when the journal has grown too large.
//
// Whoever dies between append and publish leaves versions in the journal that nobody was told of and nobody has seen. The
// next to append finds that the journal does not end with what was published, and lets them go by a checkpoint.

import {
  closeSync,
  constants,
  existsSync,
  fdatasyncSync,
  fstatSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeSync,
} from "node:fs";
import { join } from "node:path";
import { assert, systemCode } from "../errors.ts";
import { bootId } from "./boot.ts";
import { flush, fsyncPath, replaceFile } from "./durable.ts";
import { formatBatch, type JournaledBatch, type JournaledVersion, parseJournal } from "./journal-record.ts";
import { decodeName, type Layout } from "./layout.ts";

/** A journal at most, bytes: bounds what is replayed after a power loss (some hundred small versions). */
const MOST_BYTES = 1_024 * 1_024;
/** A batch at the most, bytes: more is flushed in its own place instead of being written twice. */
const MOST_BATCH_BYTES = 128 * 1_024;
/** What a version takes beside its content. */
const BYTES_OF_A_VERSION = 1_024;

const APPENDING = constants.O_RDWR | constants.O_APPEND | (constants.O_NOFOLLOW ?? 0);

/** Where a journal ended when its last batch was published. */
interface End {
  readonly inode: number;
  readonly bytes: number;
}

export class Journal {
  private readonly layout: Layout;
  private readonly collection: string;
  private readonly path: string;
  /** Undefined where there is no telling one boot from the next: then nothing goes by way of a journal. */
  private readonly boot = bootId();
  private known: End | undefined;
  private appended: End | undefined;

  constructor(layout: Layout, collection: string) {
    this.layout = layout;
    this.collection = collection;
    this.path = layout.journalFile(collection);
  }

  /** Whether so many versions, of so many bytes in all, are saved by way of the journal. */
  takes(versions: number, bytes: number): boolean {
    return this.boot !== undefined && bytes + versions * BYTES_OF_A_VERSION <= MOST_BATCH_BYTES;
  }

  /** On return the versions survive a power loss. Call `published` when they are published. */
  async append(generation: number, versions: readonly JournaledVersion[]): Promise<void> {
    const line = Buffer.from(formatBatch({ collection: this.collection, generation, versions }));
    let fd = this.open();
    try {
      let end = endOf(fd);
      if (end.bytes + line.length > MOST_BYTES || !this.isPublishedUpTo(end)) {
        closeSync(fd);
        await this.checkpoint();
        fd = this.open();
        end = endOf(fd);
      }
      for (let at = 0; at < line.length; ) at += writeSync(fd, line, at);
      fdatasyncSync(fd); // guard: journal-flushed
      if (end.bytes === 0) fsyncPath(this.layout.journals); // guard: journal-name-flushed
      this.appended = { inode: end.inode, bytes: end.bytes + line.length };
    } finally {
      closeSync(fd);
    }
  }

  /** What was appended last is published: whoever appends next need not look for it. */
  published(): void {
    this.known = this.appended;
  }

  /** Flushes what stands in the journal in its own place, and empties it. On return none of it is needed any more. */
  async checkpoint(): Promise<void> {
    const text = readJournal(this.path);
    if (text === undefined) return;
    const { batches } = parseJournal(text);
    const places = [...this.placesOf(batches)].filter((path) => existsSync(path));
    await flush(places, this.layout.data); // guard: checkpoint-flushes
    rmSync(this.path, { force: true });
    fsyncPath(this.layout.journals); // guard: checkpoint-flushed
    this.known = undefined;
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
    replaceFile(bootFile, this.boot);
    fsyncPath(root);
  }

  /** Whether all that stands there was published. We need not look where nobody else has been since our own last batch. */
  private isPublishedUpTo(end: End): boolean {
    if (end.bytes === 0 || (end.inode === this.known?.inode && end.bytes === this.known.bytes)) return true;
    const { batches, isWhole } = parseJournal(readFileSync(this.path, "utf8"));
    // Whoever appended the last batch saw to those before it.
    const last = batches.at(-1)?.versions ?? [];
    return (
      isWhole && last.every(({ name, version }) => existsSync(this.layout.versionDir(this.collection, name, version)))
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

/** The journals there are. One whose collection it does not say holds nothing that was ever acknowledged. */
export function listJournals({
  journals,
}: Layout): { readonly path: string; readonly collection: string | undefined }[] {
  return namesIn(journals)
    .filter((name) => !name.startsWith("."))
    .map((name) => {
      const path = join(journals, name);
      return { path, collection: decodeName(name) ?? parseJournal(readJournal(path) ?? "").batches[0]?.collection };
    });
}

function namesIn(dir: string): string[] {
  try {
    return readdirSync(dir);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return [];
    throw error;
  }
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
