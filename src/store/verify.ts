// Looking all of the store over: every version.json, every content by its hash, what remains of deleted versions, and the
// catalog against them. Takes no lock while it reads, and writers go on meanwhile: a version that is deleted under its eyes
// is no damage. Memory stays bounded, whatever the contents' size.

import type { Dirent } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { turnGiver } from "../coordination/turns.ts";
import { checkCollection, decodeEntry, verifyEntry } from "../entries/index.ts";
import { type ErrorCode, HoldfastError, isHoldfastError, toHoldfastError } from "../errors.ts";
import { CatalogCheck, type CatalogState } from "./catalog-check.ts";
import { entriesOf, readName } from "./collections-on-disk.ts";
import { readDeletedFile } from "./deleted-file.ts";
import type { LockWait } from "./drafts.ts";
import { isFormatRefusal } from "./format.ts";
import { decodeName, isHashedName, type Layout, parseVersionDir } from "./layout.ts";
import { linkFound } from "./no-links.ts";
import { checkContent } from "./read-content.ts";
import type { Store } from "./store.ts";
import { readVersionJson } from "./version-facts.ts";
import { formatVersionFile, type VersionRecord } from "./version-record.ts";

export interface VerifyOptions {
  /** Default: all. */
  readonly collection?: string;
  readonly signal?: AbortSignal;
  /** Told how far it is, after every version. */
  readonly onProgress?: (checked: Checked) => void;
}

export interface Checked {
  artifacts: number;
  versions: number;
  /** Of content. */
  bytes: number;
}

/** One file that is not what was written, or that cannot be read. */
export interface Damage {
  /** Null where the path does not say it. */
  readonly collection: string | null;
  readonly name: string | null;
  /** Null where it is no version's file. */
  readonly version: number | null;
  readonly path: string;
  readonly reason: string;
  readonly hint: string;
}

export interface VerifyResult {
  readonly checked: Readonly<Checked>;
  readonly damaged: readonly Damage[];
  /** `made anew`: it did not say what lies on disk. `differs`: the same, where the workspace cannot be written. `not
   *  compared`: it cannot be made, for what another format wrote. */
  readonly catalog: CatalogState | "not compared";
}

/** What says that a file is damaged, or cannot be read; anything else ends the whole. */
const TOLD: ReadonlySet<ErrorCode> = new Set([
  "CORRUPT",
  "FORMAT_TOO_NEW",
  "FORMAT_TOO_OLD",
  "NO_PERMISSION",
  "DISK_ERROR",
]);

export async function verifyStore(store: Store, options: VerifyOptions = {}): Promise<VerifyResult> {
  if (options.collection !== undefined) checkCollection(options.collection);
  const catalog = await catalogCheck(store, waitOf(options));
  const walk = new Walk(store.layout, options, catalog);
  await walk.collections();
  return {
    checked: walk.checked,
    damaged: walk.damaged,
    catalog: (await catalog?.finish(waitOf(options))) ?? "not compared",
  };
}

/** Undefined where the catalog cannot be filled for what another format wrote. */
async function catalogCheck(store: Store, wait: LockWait): Promise<CatalogCheck | undefined> {
  try {
    return new CatalogCheck(store, await store.readyCatalog(wait));
  } catch (error) {
    if (isFormatRefusal(error)) return undefined;
    throw error;
  }
}

function waitOf({ signal }: VerifyOptions): LockWait {
  return signal === undefined ? {} : { signal };
}

type Place = Pick<Damage, "collection" | "name" | "version">;

class Walk {
  readonly checked: Checked = { artifacts: 0, versions: 0, bytes: 0 };
  readonly damaged: Damage[] = [];
  private readonly layout: Layout;
  private readonly options: VerifyOptions;
  private readonly catalog: CatalogCheck | undefined;
  private readonly giveTurn = turnGiver();

  constructor(layout: Layout, options: VerifyOptions, catalog: CatalogCheck | undefined) {
    this.layout = layout;
    this.options = options;
    this.catalog = catalog;
  }

  async collections(): Promise<void> {
    const seen: string[] = [];
    for (const entry of entriesOf(this.layout.data)) {
      const collection = decodeName(entry.name) ?? null;
      if (this.options.collection !== undefined && collection !== this.options.collection) continue;
      const place = { collection, name: null, version: null };
      if (collection !== null) seen.push(collection);
      if (!this.isFolder(join(this.layout.data, entry.name), entry, place) || collection === null) continue;
      await this.collection(collection);
    }
    this.catalog?.noteOthers(seen, this.options.collection);
  }

  private async collection(collection: string): Promise<void> {
    const dir = this.layout.collectionDir(collection);
    const seen = new Set<string>();
    for (const entry of entriesOf(dir)) {
      const path = join(dir, entry.name);
      const place = { collection, name: decodeName(entry.name) ?? null, version: null };
      if (entry.name === ".deleted") {
        if (this.isFolder(path, entry, place)) await this.deleted(collection, path);
        continue;
      }
      if (entry.name.startsWith(".") && !entry.isSymbolicLink()) continue; // a file that is being replaced
      if (place.name !== null) seen.add(place.name);
      if (!this.isFolder(path, entry, place)) continue;
      const name = isHashedName(entry.name) ? this.nameOf(dir, entry.name, collection) : decodeName(entry.name);
      if (name === undefined) continue;
      seen.add(name);
      await this.artifact(collection, name, path);
    }
    this.catalog?.noteGone(collection, seen);
  }

  private nameOf(dir: string, fileName: string, collection: string): string | undefined {
    const name = readName(dir, fileName);
    if (name === undefined && entriesOf(join(dir, fileName)).length > 0) {
      this.tell({ collection, name: null, version: null }, join(dir, fileName, "name"), {
        reason: "it does not hold the name of which its folder's is the hash",
        hint: "Write the artifact's name into it, or restore it from a backup.",
      });
    }
    return name;
  }

  private async artifact(collection: string, name: string, dir: string): Promise<void> {
    this.checked.artifacts += 1;
    const sound: VersionRecord[] = [];
    const unsound = new Set<number>();
    for (const entry of entriesOf(dir)) {
      const version = parseVersionDir(entry.name);
      const path = join(dir, entry.name);
      if (version === undefined) {
        if (entry.isSymbolicLink()) this.tellError({ collection, name, version: null }, path, linkFound(path));
        continue;
      }
      const record = await this.version({ collection, name, version }, path);
      if (record === "damaged") unsound.add(version);
      else if (record !== undefined) sound.push(record);
    }
    this.catalog?.note({ collection, name }, sound, unsound);
  }

  /** The version's record, whether or not its content is sound; undefined when it was deleted meanwhile. */
  private async version(place: Place, dir: string): Promise<VersionRecord | "damaged" | undefined> {
    this.options.signal?.throwIfAborted();
    await this.giveTurn();
    const record = this.reading(place, join(dir, "version.json"), readWhole);
    if (record === undefined || record === "damaged") return record;
    this.checked.versions += 1;
    if (record.entry.content !== null) await this.content(place, record, dir);
    this.options.onProgress?.(this.checked);
    return record;
  }

  private async content(place: Place, record: VersionRecord, dir: string): Promise<void> {
    const before = this.checked.bytes;
    try {
      await checkContent(this.layout, record, (bytes) => {
        this.options.signal?.throwIfAborted();
        this.checked.bytes += bytes;
        this.options.onProgress?.(this.checked);
      });
    } catch (error) {
      this.checked.bytes = before;
      // The version that it lay with is being deleted: it has got it beside itself by now.
      if (record.contentAt !== undefined) {
        const now = this.reading(place, join(dir, "version.json"), readWhole);
        if (now === undefined || now === "damaged") return;
        if (now.contentAt === undefined) return this.content(place, now, dir);
      }
      if (!isHoldfastError(error, "NOT_FOUND")) this.tellError(place, join(dir, "content"), error);
    }
  }

  private async deleted(collection: string, dir: string): Promise<void> {
    for (const { name: fileName } of entriesOf(dir)) {
      if (!fileName.endsWith(".json") || fileName.startsWith(".")) continue;
      await this.giveTurn();
      const name = decodeName(fileName.slice(0, -".json".length)) ?? null;
      this.reading({ collection, name, version: null }, join(dir, fileName), (path) => readDeleted(path, collection));
    }
  }

  private reading<T>(place: Place, path: string, read: (path: string) => T): T | "damaged" {
    try {
      return read(path);
    } catch (error) {
      this.tellError(place, path, error);
      return "damaged";
    }
  }

  private isFolder(path: string, entry: Dirent, place: Place): boolean {
    if (entry.isSymbolicLink()) this.tellError(place, path, linkFound(path));
    else if (!entry.isDirectory() && place.collection !== null) {
      this.tell(place, path, { reason: "it is no folder, and only folders belong there", hint: "Move it away." });
    }
    return entry.isDirectory();
  }

  /** Throws what is no damage of one file. */
  private tellError(place: Place, path: string, thrown: unknown): void {
    const error = toHoldfastError(thrown, path);
    if (!TOLD.has(error.code)) throw thrown;
    const at = typeof error.details?.path === "string" ? error.details.path : path;
    const reason = error.message.replace(`${at} is damaged: `, "");
    this.tell(place, at, { reason, hint: error.hint ?? "" });
  }

  private tell(place: Place, path: string, { reason, hint }: Pick<Damage, "reason" | "hint">): void {
    const { collection, name, version } = place;
    this.damaged.push({ collection, name, version, path, reason, hint });
  }
}

/** Reads one version.json with everything in it checked: also the signature, and what stands beside the entry. */
function readWhole(path: string): VersionRecord | undefined {
  return readVersionJson(path, (file, block, originBlock): VersionRecord => {
    const entry = decodeEntry(block);
    verifyEntry(entry);
    const origin = originBlock && decodeEntry(originBlock);
    if (origin !== undefined) verifyEntry(origin);
    const { version, contentAt } = file;
    const said = formatVersionFile({
      version,
      entry,
      ...(contentAt === undefined ? {} : { contentAt }),
      ...(origin === undefined ? {} : { origin }),
    });
    if (!isDeepStrictEqual(file, JSON.parse(said))) throw new Error("it does not say what its entry says");
    return { version, entry, ...(contentAt === undefined ? {} : { contentAt }) };
  });
}

function readDeleted(path: string, collection: string): void {
  const read = readDeletedFile(path);
  for (const { entry } of read?.deleted.deletions ?? []) {
    verifyEntry(entry);
    if (entry.collection === collection && entry.name === read?.name) continue;
    throw new HoldfastError("CORRUPT", `${path} is damaged: it holds the delete of another artifact`, {
      hint: "Restore it from a backup.",
      details: { path },
    });
  }
}
