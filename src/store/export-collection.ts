// A collection as a tar archive that other tools read, laid out as in data/:
//
//   <collection>/<name>/<version>/version.json     the signed entry
//   <collection>/<name>/<version>/content          its bytes, beside it whether or not they lie there
//   <collection>/.deleted/<name>.json              the number that the next version starts above
//
// It is written while it is read, in bounded memory, without a lock: a version that is deleted meanwhile is left out, and a
// damaged one ends it. import-collection.ts is the other side.

import { createTarPacker, type TarPackController } from "modern-tar";
import { checkCollection, DEFAULT_COLLECTION } from "../entries/index.ts";
import { isHoldfastError, NotFoundError, systemCode } from "../errors.ts";
import { listVersions, readVersion } from "./artifact-on-disk.ts";
import { artifactsOnDisk } from "./collections-on-disk.ts";
import { formatDeletedFile, listDeleted } from "./deleted-file.ts";
import { encodeName, type Layout } from "./layout.ts";
import { refuseLinks } from "./no-links.ts";
import { verifiedPieces } from "./read-content.ts";
import { formatVersionFile, readVersionFile, savedAt, type VersionRecord } from "./version-record.ts";

export interface ExportOptions {
  /** Default: `data`. */
  readonly collection?: string;
  readonly signal?: AbortSignal;
  /** Told how far it is, after every version. */
  readonly onProgress?: (counts: ExportCounts) => void;
}

export interface ExportCounts {
  readonly collection: string;
  artifacts: number;
  versions: number;
  /** Of content. */
  bytes: number;
}

export interface Exported {
  /** Read once. Fails with `CORRUPT` at a damaged version, and `NOT_FOUND` where the collection holds nothing. */
  readonly archive: AsyncIterable<Uint8Array>;
  /** What it holds, once all of it was read. */
  readonly counts: ExportCounts;
}

export function exportCollection(layout: Layout, options: ExportOptions = {}): Exported {
  const collection = options.collection ?? DEFAULT_COLLECTION;
  checkCollection(collection);
  const counts: ExportCounts = { collection, artifacts: 0, versions: 0, bytes: 0 };
  return { archive: archiveOf(layout, options, counts), counts };
}

async function* archiveOf(layout: Layout, options: ExportOptions, counts: ExportCounts): AsyncGenerator<Uint8Array> {
  const { readable, controller } = createTarPacker();
  const packing = new Packing(layout, options, counts, controller).all();
  // Told through the archive.
  packing.catch((error: unknown) => controller.error(error));
  yield* readable;
  await packing;
}

class Packing {
  private readonly layout: Layout;
  private readonly options: ExportOptions;
  private readonly counts: ExportCounts;
  private readonly controller: TarPackController;

  constructor(layout: Layout, options: ExportOptions, counts: ExportCounts, controller: TarPackController) {
    this.layout = layout;
    this.options = options;
    this.counts = counts;
    this.controller = controller;
  }

  async all(): Promise<void> {
    const { layout, counts } = this;
    const { collection } = counts;
    refuseLinks(layout.collectionDir(collection));
    const names = artifactsOnDisk(layout, collection).sort();
    const deleted = listDeleted(layout, collection);
    if (names.length + deleted.length === 0) {
      throw new NotFoundError(`the collection ${collection} holds nothing`, {
        hint: "`holdfast data list` shows what there is.",
      });
    }
    for (const name of names) await this.artifact(name);
    for (const {
      name,
      deleted: { floor },
    } of deleted) {
      // The entries that deleted are not brought along: they say what went here.
      const text = formatDeletedFile(name, { floor, deletions: [] });
      await this.file(`.deleted/${encodeName(name)}.json`, new Date(), Buffer.from(text));
    }
    this.controller.finalize();
  }

  private async artifact(name: string): Promise<void> {
    const { layout, counts, options } = this;
    const before = counts.versions;
    for (const version of listVersions(layout, counts.collection, name)) {
      options.signal?.throwIfAborted();
      const record = readVersion(readVersionFile, layout, counts.collection, name, version);
      if (record !== undefined && (await this.version(record))) counts.versions += 1;
      options.onProgress?.(counts);
    }
    if (counts.versions > before) counts.artifacts += 1;
  }

  /** False for one that is deleted meanwhile. */
  private async version(record: VersionRecord): Promise<boolean> {
    const { entry, version } = record;
    const dir = `${encodeName(entry.name)}/${version}`;
    const pieces = entry.content === null ? undefined : verifiedPieces(this.layout, record);
    let first: IteratorResult<Uint8Array> | undefined;
    try {
      first = await pieces?.next(); // from here on its file is open
    } catch (error) {
      if (isHoldfastError(error, "NOT_FOUND") || systemCode(error) === "ENOENT") return false;
      throw error;
    }
    const made = new Date(savedAt(record));
    const { contentAt: _, ...own } = record;
    await this.file(`${dir}/version.json`, made, Buffer.from(formatVersionFile(own)));
    if (pieces === undefined || entry.content === null) return true;
    const writer = this.controller.add(this.header(`${dir}/content`, made, entry.content.size)).getWriter();
    for (let piece = first; piece?.done === false; piece = await pieces.next()) {
      this.options.signal?.throwIfAborted();
      // A copy: the next piece comes in the same buffer, and this one may wait for its reader.
      if (piece.value.length > 0) await writer.write(Uint8Array.from(piece.value));
      this.counts.bytes += piece.value.length;
      this.options.onProgress?.(this.counts);
    }
    await writer.close();
    return true;
  }

  private async file(path: string, made: Date, bytes: Uint8Array): Promise<void> {
    const writer = this.controller.add(this.header(path, made, bytes.length)).getWriter();
    if (bytes.length > 0) await writer.write(Uint8Array.from(bytes));
    await writer.close();
  }

  private header(path: string, mtime: Date, size: number): { name: string; size: number; mtime: Date; mode: number } {
    return { name: `${encodeName(this.counts.collection)}/${path}`, size, mtime, mode: 0o644 };
  }
}
