// Taking in what export-collection.ts wrote, or what was packed from it again by another tool. Nothing is written by a path
// of the archive: contents go to staging, and from there become versions as any others do, with the entries that they had.
//
// An artifact becomes visible only when all of its versions were found sound: each entry signed, in the place that it names,
// its content of the hash that it says. Where the archive is cut or damaged, the artifacts before are here whole.

import { createTarDecoder, type ParsedTarEntry } from "modern-tar";
import { checkCollection, decodeEntry, type Entry, FILES, verifyEntry } from "../entries/index.ts";
import { HoldfastError, isHoldfastError } from "../errors.ts";
import { archivePathOf, type VersionPath } from "./archive-path.ts";
import { readNewest } from "./artifact-on-disk.ts";
import type { Catalog } from "./catalog.ts";
import { addDeletions, parseDeletedFile } from "./deleted-file.ts";
import type { Incoming, LockWait } from "./drafts.ts";
import { decodeName, encodeName } from "./layout.ts";
import { refuseOtherOwner } from "./put-conditions.ts";
import type { StagedContent } from "./staging.ts";
import type { Store } from "./store.ts";
import { parseVersionJson } from "./version-facts.ts";
import { readVersionFile, type VersionRecord } from "./version-record.ts";

/** Versions written in one go. */
const BATCH = 256;
/** Versions of one artifact at the most. */
const MAX_VERSIONS = 1_000_000;
/** Bytes of a version.json, or of a record of deletes, at the most. */
const MAX_RECORD_BYTES = 4 * 1_024 * 1_024;
/** The greatest number that is believed: what comes after it has room above. */
const MAX_NUMBER = 1_000_000_000_000;

export interface ImportOptions extends LockWait {
  /** Refuse an archive of another collection. */
  readonly collection?: string;
  /** Told how far it is, after every version. */
  readonly onProgress?: (counts: ImportResult) => void;
}

export interface ImportResult {
  collection: string;
  /** In the archive. */
  artifacts: number;
  /** Taken in. */
  versions: number;
  /** Here already. */
  skipped: number;
  /** Of content that was taken in. */
  bytes: number;
}

/** Throws `CORRUPT` with the path in the archive, `NOT_OWNER`, `BAD_OPTION` for an archive of another collection. */
export async function importCollection(
  store: Store,
  archive: AsyncIterable<Uint8Array>,
  options: ImportOptions = {},
): Promise<ImportResult> {
  if (options.collection !== undefined) checkCollection(options.collection);
  store.sweep();
  const taking = new Taking(store, await store.readyCatalog(options), options);
  const source = new Source(archive);
  try {
    for await (const entry of ReadableStream.from(source.pieces()).pipeThrough(createTarDecoder({ strict: true }))) {
      options.signal?.throwIfAborted();
      await taking.take(entry);
    }
    await taking.finish();
  } catch (error) {
    throw await taking.failed(source.failure ?? error);
  } finally {
    taking.discard();
  }
  return taking.counts;
}

/** What is read, so that its failure is told from one of the archive. */
class Source {
  failure: unknown;
  private readonly archive: AsyncIterable<Uint8Array>;
  constructor(archive: AsyncIterable<Uint8Array>) {
    this.archive = archive;
  }
  async *pieces(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    try {
      // Copies: a piece may come in the buffer of the one before.
      for await (const piece of this.archive) yield Uint8Array.from(piece);
    } catch (error) {
      this.failure = error;
      throw error;
    }
  }
}

/** What is known of one version so far. */
interface Found {
  readonly path: string;
  entry?: Entry;
  origin?: Entry;
  content?: StagedContent;
}

class Taking {
  readonly counts: ImportResult = { collection: "", artifacts: 0, versions: 0, skipped: 0, bytes: 0 };
  private readonly store: Store;
  private readonly catalog: Catalog;
  private readonly options: ImportOptions;
  /** As the archive names it. */
  private collectionDir: string | undefined;
  private artifactDir: string | undefined;
  private readonly found = new Map<number, Found>();
  /** Sound, and of artifacts that are complete. */
  private ready: (Incoming & { readonly version: number })[] = [];
  private readonly floors = new Map<string, number>();
  /** The path that is being read. */
  private at = "";

  constructor(store: Store, catalog: Catalog, options: ImportOptions) {
    this.store = store;
    this.catalog = catalog;
    this.options = options;
  }

  async take({ header, body }: ParsedTarEntry): Promise<void> {
    this.at = header.name;
    const path = archivePathOf(header.name, header.type ?? "file");
    if (typeof path === "string") throw this.damaged(path);
    if (path.kind !== "nothing") this.enter(path.collectionDir);
    if (path.kind === "version.json") await this.versionFile(path, await textOf(body, this.damaged.bind(this)));
    else if (path.kind === "content") await this.content(path, body);
    else if (path.kind === "deleted") this.deleted(path.fileName, await textOf(body, this.damaged.bind(this)));
    else await drain(body);
  }

  async finish(): Promise<void> {
    await this.finishArtifact();
    await this.write();
    if (this.collectionDir === undefined) throw this.damaged("it holds no collection");
    const collection = this.counts.collection || decodeName(this.collectionDir);
    if (collection === undefined) throw this.damaged("it does not say which collection it is of");
    this.name(collection);
    await this.store.exclusively([collection], this.options, async (fence) => {
      fence.assertHeld();
      for (const [name, floor] of this.floors) addDeletions(this.store.layout, { collection, name }, floor, []);
    });
  }

  /** What was complete before is taken in all the same. The error to tell. */
  async failed(thrown: unknown): Promise<unknown> {
    if (this.options.signal?.aborted === true) return thrown;
    const isOfArchive = !(thrown instanceof HoldfastError) && !(thrown instanceof Error && "code" in thrown);
    const error = isOfArchive ? this.damaged(thrown instanceof Error ? thrown.message : String(thrown)) : thrown;
    if (!isHoldfastError(error, "CORRUPT")) return error;
    await this.write();
    return new HoldfastError("CORRUPT", error.message, {
      hint:
        `${this.counts.versions} versions of the artifacts before it were taken in, whole. Make the archive again, or fetch it ` +
        "again; what is here already is skipped then.",
      details: { ...error.details, imported: this.counts },
      cause: error,
    });
  }

  discard(): void {
    const staged = [
      ...[...this.found.values()].map(({ content }) => content),
      ...this.ready.map(({ content }) => content),
    ];
    for (const content of staged) if (content !== undefined) this.store.staging.discard(content.dir);
    this.found.clear();
    this.ready = [];
  }

  private enter(collectionDir: string): void {
    this.collectionDir ??= collectionDir;
    if (collectionDir !== this.collectionDir)
      throw this.damaged("it is of another collection than what stands before it");
  }

  private async versionFile(path: VersionPath, text: string): Promise<void> {
    const found = await this.versionAt(path);
    const { entry, origin } = parseVersionJson(path.path, text, (file, block, originBlock): VersionRecord => {
      const read = decodeEntry(block);
      verifyEntry(read);
      if (originBlock === undefined) return { version: file.version, entry: read };
      const first = decodeEntry(originBlock);
      verifyEntry(first);
      return { version: file.version, entry: read, origin: first };
    });
    this.name(entry.collection);
    found.entry = entry;
    if (origin !== undefined) found.origin = origin;
  }

  private async content(path: VersionPath, body: ReadableStream<Uint8Array>): Promise<void> {
    const found = await this.versionAt(path);
    if (found.content !== undefined) throw this.damaged("it is there twice");
    if (found.entry !== undefined && this.catalog.has(found.entry.id)) return drain(body);
    const { signal } = this.options;
    found.content = await this.store.staging.stage(body, signal === undefined ? {} : { signal });
  }

  private deleted(fileName: string, text: string): void {
    const { name, deleted } = parseDeletedFile(fileName, text);
    if (deleted.floor < 0 || deleted.floor > MAX_NUMBER) throw this.damaged("the number that it keeps cannot be one");
    this.floors.set(name, Math.max(deleted.floor, this.floors.get(name) ?? 0));
  }

  private async versionAt({ artifactDir, version, path }: VersionPath): Promise<Found> {
    if (artifactDir !== this.artifactDir) await this.finishArtifact();
    this.at = path;
    this.artifactDir = artifactDir;
    if (version > MAX_NUMBER || this.found.size >= MAX_VERSIONS) throw this.damaged("its number cannot be one");
    const found = this.found.get(version) ?? { path };
    this.found.set(version, found);
    return found;
  }

  /** All of an artifact was read: is it sound? */
  private async finishArtifact(): Promise<void> {
    if (this.found.size === 0) return;
    const versions = [...this.found].sort(([a], [b]) => a - b);
    const sound = versions.map(([version, found]) => this.soundOf(version, found));
    const fresh = sound.filter(({ entry }) => !this.catalog.has(entry.id));
    this.refuseOtherOwner(fresh[0]?.entry);
    this.counts.artifacts += 1;
    this.counts.skipped += sound.length - fresh.length;
    for (const { entry, content } of sound) {
      if (content !== undefined && !fresh.some((one) => one.entry === entry)) this.store.staging.discard(content.dir);
    }
    this.ready.push(...fresh);
    this.found.clear();
    if (this.ready.length >= BATCH) await this.write();
  }

  private soundOf(version: number, { path, entry, origin, content }: Found): Incoming & { readonly version: number } {
    this.at = path;
    if (entry === undefined) throw this.damaged("there is no version.json with it");
    const isHere = this.catalog.has(entry.id);
    if (entry.content === null ? content !== undefined : content === undefined && !isHere) {
      throw this.damaged(content === undefined ? "there is no content with it" : "there is content with a delete");
    }
    if (content !== undefined && (content.hash !== entry.content?.hash || content.size !== entry.content.size)) {
      throw this.damaged("its content is not what its entry says");
    }
    const renamed = origin === undefined ? {} : { origin };
    return { version, entry, ...renamed, ...(content === undefined ? {} : { content }) };
  }

  private refuseOtherOwner(entry: Entry | undefined): void {
    if (entry === undefined) return;
    const newest = readNewest(readVersionFile, this.store.layout, entry.collection, entry.name);
    if (newest !== undefined) refuseOtherOwner(newest, entry.tags.owner ?? null);
  }

  private async write(): Promise<void> {
    const batch = this.ready;
    const written = await this.store.adopt(batch, this.options);
    this.ready = [];
    for (const [index, record] of written.entries()) {
      const content = batch[index]?.content;
      if (record === undefined) {
        this.counts.skipped += 1;
        if (content !== undefined) this.store.staging.discard(content.dir);
        continue;
      }
      this.counts.versions += 1;
      this.counts.bytes += content?.size ?? 0;
    }
    this.options.onProgress?.(this.counts);
  }

  private name(collection: string): void {
    if (encodeName(collection) !== this.collectionDir) throw this.damaged("it is of another collection");
    if (collection === FILES) {
      throw new HoldfastError(
        "USAGE",
        `the collection \`${FILES}\` is the folder itself and is not changed behind its back`,
        {
          hint: "Unpack the archive with tar and copy the files that you want into the folder.",
        },
      );
    }
    const wanted = this.options.collection;
    if (wanted !== undefined && wanted !== collection) {
      throw new HoldfastError("BAD_OPTION", `the archive is of the collection ${collection}, not of ${wanted}`, {
        hint: "Its entries are signed with the name of their collection, which cannot be changed. Leave the option out.",
      });
    }
    this.counts.collection = collection;
  }

  private damaged(why: string): HoldfastError {
    const path = this.at;
    return new HoldfastError("CORRUPT", `the archive is damaged at ${path === "" ? "its beginning" : path}: ${why}`, {
      hint: "Make the archive again, or fetch it again.",
      details: { path },
    });
  }
}

/** Reads what is not wanted. Not cancelled: a body that was already read ahead would take the next one's with it. */
async function drain(body: ReadableStream<Uint8Array>): Promise<void> {
  for await (const _ of body);
}

async function textOf(body: ReadableStream<Uint8Array>, damaged: (why: string) => HoldfastError): Promise<string> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  for await (const piece of body) {
    size += piece.length;
    if (size > MAX_RECORD_BYTES) throw damaged(`it is longer than ${MAX_RECORD_BYTES} bytes`);
    pieces.push(piece);
  }
  return Buffer.concat(pieces).toString("utf8");
}
