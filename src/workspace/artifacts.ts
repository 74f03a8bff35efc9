// The data verbs over one workspace's store: put, get, list, versions, delete. Loads neither hub nor folder code, so that
// a command that only touches the store starts fast.

import { FILES } from "../entries/index.ts";
import { HoldfastError, withPath } from "../errors.ts";
import type { GcOptions, GcResult } from "../store/collect-garbage.ts";
import type { CompactOptions, CompactResult } from "../store/compact.ts";
import type { DeletedCollection } from "../store/delete-collection.ts";
import type { LockWait, PutResult, PutOptions as StorePutOptions } from "../store/drafts.ts";
import type { Exported, ExportOptions } from "../store/export-collection.ts";
import type { ImportOptions, ImportResult } from "../store/import-collection.ts";
import type { ListedArtifact, ListedVersion } from "../store/index.ts";
import type { OpenedWorkspace } from "../store/open-workspace.ts";
import { readContent } from "../store/read-content.ts";
import type { RenameResult } from "../store/rename-artifact.ts";
import { type RetentionOptions, retentionTags } from "../store/retention.ts";
import { Store } from "../store/store.ts";
import type { VerifyOptions, VerifyResult } from "../store/verify.ts";
import { savedAt } from "../store/version-record.ts";
import type { Change, WatchOptions } from "../store/watch-changes.ts";
import { checkContent, checkName, checkOptions, checkText, type Kind } from "./call-checks.ts";
import type { GrepOptions, GrepResult } from "./grep-artifacts.ts";
import { type GetResult, infoOf, MOST_LOOKS, type VersionChoice, wentMeanwhile } from "./read-version.ts";

export type { GcOptions, GcResult } from "../store/collect-garbage.ts";
export type { CompactOptions, CompactResult } from "../store/compact.ts";
export type { DeletedCollection } from "../store/delete-collection.ts";
export type { PutResult } from "../store/drafts.ts";
export type { ExportCounts, Exported, ExportOptions } from "../store/export-collection.ts";
export type { ImportOptions, ImportResult } from "../store/import-collection.ts";
export type { ContentSource, ListedArtifact, ListedVersion } from "../store/index.ts";
export type { RenameResult } from "../store/rename-artifact.ts";
export type { VerifyOptions, VerifyResult } from "../store/verify.ts";
export type { Change, WatchOptions } from "../store/watch-changes.ts";
export type { GrepMatch, GrepOptions, GrepResult } from "./grep-artifacts.ts";
export type { GetResult, VersionChoice, VersionInfo } from "./read-version.ts";

export interface PutOptions extends Omit<StorePutOptions, "key">, RetentionOptions {}

export interface ListOptions {
  readonly collection?: string;
  readonly prefix?: string;
  /** An expression in CEL over the fields of each; only those are listed for which it holds. */
  readonly where?: string;
}

export interface DeleteOptions extends VersionChoice {
  readonly lockTimeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly onWait?: OnWait;
}

export interface DeleteResult {
  readonly collection: string;
  readonly name: string;
  readonly deleted: number[];
}

export interface RenameOptions {
  readonly collection?: string;
  readonly lockTimeoutMs?: number;
  readonly signal?: AbortSignal;
}

/** What `data versions` prints. */
export interface VersionsResult {
  readonly versions: ListedVersion[];
  /** The present name, where the one asked for is an old one. */
  readonly name?: string;
  readonly renamedFrom?: string;
}

export interface DeleteAllOptions {
  readonly collection: string;
  readonly lockTimeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly onWait?: OnWait;
}

const COLLECTION = { collection: "name" } satisfies Record<string, Kind>;
const CHOICE = { ...COLLECTION, version: "version" } satisfies Record<string, Kind>;
const WAIT = { lockTimeoutMs: "count", signal: "signal", onWait: "callback" } satisfies Record<string, Kind>;
const PUT = {
  ...COLLECTION,
  ...WAIT,
  type: "text",
  tags: "tags",
  base: "textOrNull",
  takeOver: "takeOver",
  maxAge: "text",
  maxBytes: "count",
  onProgress: "callback",
} satisfies Record<string, Kind>;

export class Artifacts implements Disposable {
  readonly store: Store;
  private readonly signal: AbortSignal | undefined;
  private readonly onWait: OnWait | undefined;

  /** `signal` ends every wait; `onWait` is told of those that are long. */
  constructor({ layout, identity }: OpenedWorkspace, signal?: AbortSignal, onWait?: OnWait) {
    this.store = new Store(layout, identity);
    this.signal = signal;
    this.onWait = onWait;
  }

  [Symbol.dispose](): void {
    this.store[Symbol.dispose]();
  }

  /** Saves one version; durable when it resolves. Throws `BAD_NAME`, `NOT_OWNER`, `STALE_BASE`, `LOCK_TIMEOUT`,
   *  `DISK_FULL`, and `USAGE` for the folder's own collection. */
  async put(name: string, content: StorePutSource, options: PutOptions = {}): Promise<PutResult> {
    checkName("the name", name);
    checkOptions("put", options, PUT);
    refuseFolderFiles(options.collection, name, "write");
    const source = checkContent(content);
    const { keep, maxAge, tags: given, ...rest } = options;
    const tags = retentionTags(given, {
      ...(keep === undefined ? {} : { keep }),
      ...(maxAge === undefined ? {} : { maxAge }),
    });
    const all = { ...this.withSignal(), ...rest, ...(tags === undefined ? {} : { tags }) };
    return this.told(() => this.store.put(name, source, all), all);
  }

  /** Throws `NOT_FOUND` (naming the versions that exist), `CORRUPT`. */
  async get(name: string, choice: VersionChoice = {}): Promise<GetResult> {
    checkName("the name", name);
    checkOptions("get", choice, CHOICE);
    return this.told(async () => {
      const { layout } = this.store;
      for (let looks = 1; ; looks += 1) {
        const record = this.store.find(name, choice);
        try {
          return { ...infoOf(record, savedAt(record), name), content: await readContent(layout, record) };
        } catch (error) {
          if (looks === MOST_LOOKS || !wentMeanwhile(record, error)) throw error;
        }
      }
    });
  }

  async list(options: ListOptions = {}): Promise<{ artifacts: ListedArtifact[] }> {
    checkOptions("list", options, { ...COLLECTION, prefix: "text", where: "text" });
    const { where } = options;
    return this.told(async () => {
      const artifacts = await this.store.list(options);
      if (where === undefined) return { artifacts };
      const { artifactsWhere } = await import("../store/where.ts");
      return { artifacts: await artifactsWhere(artifacts, where, this.signal) };
    });
  }

  /** Of an artifact that was renamed, also by its old names: `name` is then the present one. */
  async versions(name: string, options: { collection?: string } = {}): Promise<VersionsResult> {
    checkName("the name", name);
    checkOptions("versions", options, COLLECTION);
    return this.told(async () => {
      const { name: now, versions } = this.store.versionsNow(name, options);
      return { versions, ...(now === name ? {} : { name: now, renamedFrom: name }) };
    });
  }

  /** Gives an artifact another name, with all its versions. Throws `NOT_FOUND`, `PATH_TAKEN`. */
  async rename(name: string, to: string, options: RenameOptions = {}): Promise<RenameResult> {
    checkName("the name", name);
    checkName("the new name", to);
    checkOptions("rename", options, { ...COLLECTION, ...WAIT });
    refuseFolderFiles(options.collection, name, "rename");
    const { renameArtifact } = await import("../store/rename-artifact.ts");
    return this.told(() => renameArtifact(this.store, name, to, { ...this.withSignal(), ...options }), options);
  }

  /** Lines of the newest versions' texts that hold all of `words`, or of a text that does, best first. */
  async grep(words: string, options: GrepOptions = {}): Promise<GrepResult> {
    checkText("the words", words);
    checkOptions("grep", options, { ...COLLECTION, limit: "count", signal: "signal" });
    const { grepArtifacts } = await import("./grep-artifacts.ts");
    return this.told(() => grepArtifacts(this.store, words, { ...this.withSignal(), ...options }));
  }

  /** Every version that comes and goes from now on, whichever process does it, until `signal` fires. */
  async *watch(options: WatchOptions = {}): AsyncGenerator<Change, void, undefined> {
    checkOptions("watch", options, { ...COLLECTION, prefix: "text", signal: "signal", onReady: "callback" });
    const signals = [this.signal, options.signal].filter((signal) => signal !== undefined);
    const { watchChanges } = await import("../store/watch-changes.ts");
    try {
      await this.store.recovered(this.withSignal());
      yield* watchChanges(this.store, { ...options, signal: AbortSignal.any(signals) });
    } catch (error) {
      throw withPath(error, this.store.layout.root);
    }
  }

  /** A collection as a tar archive, to be read once. */
  async export(options: ExportOptions = {}): Promise<Exported> {
    checkOptions("export", options, { ...COLLECTION, signal: "signal", onProgress: "callback" });
    const { exportCollection } = await import("../store/export-collection.ts");
    await this.store.recovered(this.withSignal());
    return exportCollection(this.store.layout, { ...this.withSignal(), ...options });
  }

  /** Takes in an archive that `export` made: entries, numbers and times as they were; what is here already is skipped. */
  async import(archive: AsyncIterable<Uint8Array>, options: ImportOptions = {}): Promise<ImportResult> {
    checkOptions("import", options, { ...COLLECTION, ...WAIT, onProgress: "callback" });
    const pieces = checkContent(archive);
    const { importCollection } = await import("../store/import-collection.ts");
    return this.told(() => importCollection(this.store, asStream(pieces), { ...this.withSignal(), ...options }));
  }

  /** Looks all files of the store over: every version, every content by its hash, the catalog against them. What is
   *  damaged is told, never thrown. */
  async verify(options: VerifyOptions = {}): Promise<VerifyResult> {
    checkOptions("verify", options, { ...COLLECTION, signal: "signal", onProgress: "callback" });
    const { verifyStore } = await import("../store/verify.ts");
    return this.told(() => verifyStore(this.store, { ...this.withSignal(), ...options }));
  }

  /** Removes versions for good: one, or the whole artifact. Throws `NOT_FOUND`. */
  async delete(name: string, options: DeleteOptions = {}): Promise<DeleteResult> {
    checkName("the name", name);
    checkOptions("delete", options, { ...CHOICE, ...WAIT });
    refuseFolderFiles(options.collection, name, "delete");
    return this.told(() => this.store.delete(name, { ...this.withSignal(), ...options }), options);
  }

  /** Removes every version of every artifact of a collection for good: all or nothing. */
  async deleteAll(options: DeleteAllOptions): Promise<DeletedCollection> {
    checkOptions("deleteAll", options, { ...COLLECTION, ...WAIT });
    checkName("the collection", options.collection);
    refuseFolderFiles(options.collection, "all of it", "delete");
    const { deleteCollection } = await import("../store/delete-collection.ts");
    return this.told(
      () => deleteCollection(this.store, options.collection, { ...this.withSignal(), ...options }),
      options,
    );
  }

  /** Removes the versions that their artifacts' retention lets go, and what the dead left behind. */
  async gc(options: GcOptions = {}): Promise<GcResult> {
    checkOptions("gc", options, { ...COLLECTION, ...WAIT, dryRun: "flag" });
    const { collectGarbage } = await import("../store/collect-garbage.ts");
    return this.told(() => collectGarbage(this.store, { ...this.withSignal(), ...options }), options);
  }

  /** Lets identical contents share their bytes. */
  async compact(options: CompactOptions = {}): Promise<CompactResult> {
    checkOptions("compact", options, { ...WAIT, dryRun: "flag" });
    const { compact } = await import("../store/compact.ts");
    return this.told(() => compact(this.store, { ...this.withSignal(), ...options }), options);
  }

  /** What the system or SQLite refused gets its code, and the workspace's path where it names no other. */
  private async told<T>(work: () => Promise<T>, { lockTimeoutMs, signal }: LockWait = {}): Promise<T> {
    try {
      await this.store.recovered({
        ...this.withSignal(),
        ...(lockTimeoutMs === undefined ? {} : { lockTimeoutMs }),
        ...(signal === undefined ? {} : { signal }),
      });
      return await work();
    } catch (error) {
      throw withPath(error, this.store.layout.root);
    }
  }

  private withSignal(): Pick<LockWait, "signal" | "onWait"> {
    return {
      ...(this.signal === undefined ? {} : { signal: this.signal }),
      ...(this.onWait === undefined ? {} : { onWait: this.onWait }),
    };
  }
}

type OnWait = NonNullable<LockWait["onWait"]>;
function asStream(pieces: Uint8Array | string | AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  if (typeof pieces === "object" && Symbol.asyncIterator in pieces) return pieces;
  return (async function* () {
    yield Buffer.from(pieces);
  })();
}

type StorePutSource = Parameters<Store["put"]>[1];

function refuseFolderFiles(collection: string | undefined, name: string, verb: "write" | "delete" | "rename"): void {
  if (collection !== FILES) return;
  throw new HoldfastError(
    "USAGE",
    `the collection \`${FILES}\` is the folder itself and is not changed behind its back`,
    {
      hint: `To ${verb} ${name}, ${verb} the file in the folder; a running \`holdfast up\` takes it in.`,
    },
  );
}
