// The SDK's face: one workspace as an object. Each call resolves to the object that the command of its name prints with
// `--json`; `get` adds `content`. Rooms that a call does not need are not loaded.

import { EventEmitter } from "node:events";
import { resolve } from "node:path";
import { type Entry, FILES, Recent } from "../entries/index.ts";
import { HoldfastError, withPath } from "../errors.ts";
import type { Listed, SearchResult } from "../hub/protocol.ts";
import type { ListedArtifact, OpenedWorkspace } from "../store/index.ts";
import { initWorkspaceRecord } from "../store/make-workspace.ts";
import {
  Artifacts,
  type Change,
  type CompactOptions,
  type CompactResult,
  type DeleteAllOptions,
  type DeletedCollection,
  type DeleteOptions,
  type DeleteResult,
  type Exported,
  type ExportOptions,
  type GcOptions,
  type GcResult,
  type GetResult,
  type GrepOptions,
  type GrepResult,
  type ImportOptions,
  type ImportResult,
  type ListOptions,
  type PutOptions,
  type PutResult,
  type RenameOptions,
  type RenameResult,
  type VerifyOptions,
  type VerifyResult,
  type VersionChoice,
  type VersionsResult,
  type WatchOptions,
} from "./artifacts.ts";
import { checkName, checkOptions, checkText } from "./call-checks.ts";
import type * as folderVerbs from "./folder-verbs.ts";
import type * as hubVerbs from "./hub-verbs.ts";
import type { Peering, PeeringOptions, PeeringShown } from "./peering.ts";
import { checkPeering } from "./peering-options.ts";
import type { WorkspaceStatus } from "./status.ts";

export interface OpenOptions {
  /** A hub to join: its URL, with `token`; or its invite. A joined folder remembers both. */
  readonly hub?: string;
  readonly token?: string;
  /** Takes part among peers, until the workspace is closed. */
  readonly peers?: PeeringOptions;
  /** Ends every wait of this workspace with `INTERRUPTED`. */
  readonly signal?: AbortSignal;
}

export interface ListenOptions {
  /** Entries after this sequence (0: all there are). Absent: what comes from now on. */
  readonly since?: number;
  /** Only notes on these topics. */
  readonly topics?: readonly string[];
  readonly signal?: AbortSignal;
}

/**
 * Opens the workspace in `folder`, and makes it one if need be. With `hub`, joins that hub's workspace. Throws
 * `NOT_A_FOLDER`, `NESTED_WORKSPACE`, `CORRUPT`, `FORMAT_TOO_NEW`; with `hub` also `UNAUTHORIZED`, `HUB_UNREACHABLE`.
 */
export async function openWorkspace(folder: string, options: OpenOptions = {}): Promise<Workspace> {
  checkText("the folder", folder);
  checkOptions("openWorkspace", options, { hub: "text", token: "text", peers: "object", signal: "signal" });
  if (folder === "") throw new HoldfastError("BAD_OPTION", "the folder is empty", { hint: 'Say "." for this one.' });
  if (options.peers !== undefined) checkPeering(options.peers);
  const absolute = resolve(folder);
  if (options.hub !== undefined) {
    const { openLinked } = await import("./join.ts");
    const joined = new Workspace(await openLinked(absolute, options.hub, options), options.signal);
    return options.peers === undefined ? joined : joined.amongPeers(options.peers);
  }
  if (options.token !== undefined) {
    throw new HoldfastError("BAD_OPTION", "a token without a hub", { hint: "Give `hub` too, or neither." });
  }
  if (options.peers !== undefined) {
    const { invitedTo } = await import("../peers/workspace-key.ts");
    const opened = initWorkspaceRecord(absolute, invitedTo(options.peers.bootstrap));
    return new Workspace(opened, options.signal).amongPeers(options.peers);
  }
  return new Workspace(initWorkspaceRecord(absolute), options.signal);
}

const TOLD_ENTRIES = 10_000;

/** How long `append` and `waitForReplicator` wait when nothing else is said, ms. */
const APPEND_TIMEOUT_MS = 30_000;

export interface AppendOptions extends PutOptions {
  /** Peers that are to have written it down. */
  readonly minAcks?: number;
  readonly timeoutMs?: number;
}

/** A peer by its key, as entries name their authors. */
export interface PeerEvent {
  readonly peer: string;
}

/** What `on` hears, with what it is told. */
export interface WorkspaceEvents {
  "replicator:join": [event: PeerEvent];
  "replicator:leave": [event: PeerEvent];
  /** `segment` is its id. */
  "replicator:mature": [event: PeerEvent & { readonly segment: string }];
  "replication:change": [event: PeerEvent];
  /** An entry of somebody else is in the store: it came from a peer, or from the hub in a `sync` of this object. */
  entry: [entry: Entry];
  /** A `sync` of this object kept a file beside another, because both sides had changed. */
  conflict: [event: { readonly path: string; readonly copy: string }];
  "peer:error": [error: HoldfastError];
}

export class Workspace implements AsyncDisposable {
  /** Absolute. */
  readonly folder: string;
  /** Shared by all copies of the workspace. */
  readonly id: string;
  readonly name: string;
  private readonly opened: OpenedWorkspace;
  private readonly artifacts: Artifacts;
  private readonly closing = new AbortController();
  private readonly signal: AbortSignal;
  private peering: Peering | undefined;
  private readonly events = new EventEmitter<WorkspaceEvents>();
  /** Entries that `entry` was told of lately: those that came by the hub and from a peer are told once. */
  private readonly toldOf = new Recent<true>(TOLD_ENTRIES);

  /** Not for callers: `openWorkspace` makes these. */
  constructor(opened: OpenedWorkspace, signal?: AbortSignal) {
    this.opened = opened;
    this.folder = opened.layout.folder;
    this.id = opened.record.id;
    this.name = opened.record.name;
    this.signal = signal === undefined ? this.closing.signal : AbortSignal.any([signal, this.closing.signal]);
    this.artifacts = new Artifacts(opened, this.signal);
  }

  /** This copy's public key, as entries name their author. Throws `CORRUPT`, `NO_PERMISSION`. */
  get author(): string {
    return this.opened.identity.author;
  }

  /** Ends what is under way and gives everything back. Again, it does nothing. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.closing.abort(new HoldfastError("INTERRUPTED", "the workspace was closed"));
    await this.peering?.[Symbol.asyncDispose]();
    this.peering = undefined;
    this.artifacts[Symbol.dispose]();
  }

  async close(): Promise<void> {
    await this[Symbol.asyncDispose]();
  }

  /** Not for callers: `openWorkspace` does this. */
  async amongPeers(options: PeeringOptions): Promise<this> {
    const { Peering } = await import("./peering.ts");
    const { store } = this.artifacts;
    try {
      await store.recovered({ signal: this.signal });
      this.peering = await Peering.start({
        ...options,
        store,
        record: this.opened.record,
        events: {
          onJoin: (peer) => this.tell("replicator:join", { peer }),
          onLeave: (peer) => this.tell("replicator:leave", { peer }),
          onChange: (peer) => this.tell("replication:change", { peer }),
          onMature: (peer, segment) => this.tell("replicator:mature", { peer, segment: segment.id }),
          onEntries: (entries) => {
            for (const entry of entries) this.tellEntry(entry);
          },
          onError: (error) => this.tell("peer:error", error),
        },
      });
      return this;
    } catch (error) {
      await this.close();
      throw withPath(error, this.opened.layout.root);
    }
  }

  /** Hears of replicators, of entries of others, and of conflicts, as they come. */
  on<E extends keyof WorkspaceEvents>(event: E, handler: (...told: WorkspaceEvents[E]) => void): this {
    this.events.on(event, handler as never);
    return this;
  }

  off<E extends keyof WorkspaceEvents>(event: E, handler: (...told: WorkspaceEvents[E]) => void): this {
    this.events.off(event, handler as never);
    return this;
  }

  /** As `put`; resolves when `minAcks` peers have written it down too (default 1). Throws `PEER_TIMEOUT`: it is saved here then, and
   *  goes to the others when they can be reached. */
  async append(
    name: string,
    content: Parameters<Artifacts["put"]>[1],
    options: AppendOptions = {},
  ): Promise<PutResult> {
    checkOptions("append", options, { minAcks: "count", timeoutMs: "count" });
    const { minAcks = 1, timeoutMs = APPEND_TIMEOUT_MS, ...rest } = options;
    const peering = this.requirePeering();
    const put = await this.artifacts.put(name, content, rest);
    await peering.made(put.entry, minAcks, timeoutMs);
    return put;
  }

  /** Resolves with the key of a replicator whose segments count: `peer`, or the first there is. Throws `PEER_TIMEOUT`. */
  async waitForReplicator(options: { peer?: string; timeoutMs?: number } = {}): Promise<string> {
    checkOptions("waitForReplicator", options, { peer: "text", timeoutMs: "count" });
    const { log } = this.requirePeering();
    return log.waitForReplicator(options.timeoutMs ?? APPEND_TIMEOUT_MS, options.peer);
  }

  /** This workspace's addresses, peers and segments, as `peer list`, `peer address` and `peer segments` show them. */
  peers(): PeeringShown {
    return this.requirePeering().shown();
  }

  private requirePeering(): Peering {
    if (this.peering !== undefined) return this.peering;
    throw new HoldfastError("NOT_UP", "this workspace does not take part among peers", {
      hint: "Open it with `peers: {}`.",
    });
  }

  put(name: string, content: Parameters<Artifacts["put"]>[1], options: PutOptions = {}): Promise<PutResult> {
    return this.artifacts.put(name, content, options);
  }

  get(name: string, choice: VersionChoice = {}): Promise<GetResult> {
    return this.artifacts.get(name, choice);
  }

  list(options: ListOptions = {}): Promise<{ artifacts: ListedArtifact[] }> {
    return this.artifacts.list(options);
  }

  versions(name: string, options: { collection?: string } = {}): Promise<VersionsResult> {
    return this.artifacts.versions(name, options);
  }

  /** As `grep`, over the newest versions of all artifacts; needs no hub. */
  grepData(words: string, options: GrepOptions = {}): Promise<GrepResult> {
    return this.artifacts.grep(words, options);
  }

  /** Every version that comes and goes in this workspace, as it does, until `signal` fires. */
  watch(options: WatchOptions = {}): AsyncGenerator<Change, void, undefined> {
    return this.artifacts.watch(options);
  }

  /** A collection as a tar archive that other tools read. */
  export(options: ExportOptions = {}): Promise<Exported> {
    return this.artifacts.export(options);
  }

  /** Takes in what `export` made; what is here already is skipped. */
  import(archive: AsyncIterable<Uint8Array>, options: ImportOptions = {}): Promise<ImportResult> {
    return this.artifacts.import(archive, options);
  }

  verify(options: VerifyOptions = {}): Promise<VerifyResult> {
    return this.artifacts.verify(options);
  }

  delete(name: string, options: DeleteOptions = {}): Promise<DeleteResult> {
    return this.artifacts.delete(name, options);
  }

  /** Gives an artifact another name, with all its versions; the old name leads to it. */
  rename(name: string, to: string, options: RenameOptions = {}): Promise<RenameResult> {
    return this.artifacts.rename(name, to, options);
  }

  /** Removes every version of every artifact of a collection for good: all or nothing, also across a crash. */
  deleteAll(options: DeleteAllOptions): Promise<DeletedCollection> {
    return this.artifacts.deleteAll(options);
  }

  /** Removes the versions that their artifacts' retention lets go. Never an artifact's newest. */
  gc(options: GcOptions = {}): Promise<GcResult> {
    return this.artifacts.gc(options);
  }

  /** Lets identical contents share their bytes on disk. */
  compact(options: CompactOptions = {}): Promise<CompactResult> {
    return this.artifacts.compact(options);
  }

  /** Publishes a note; resolves when the hub has given it its place. The same `key` again is the same note. */
  async publish(
    topic: string,
    text: string,
    options: { key?: string; signal?: AbortSignal } = {},
  ): ReturnType<typeof hubVerbs.publish> {
    checkName("the topic", topic);
    checkText("the note", text);
    checkOptions("publish", options, { key: "text", signal: "signal" });
    const verbs = await this.hubVerbs();
    return this.told(() => verbs.publish({ ...this.hubParts(options.signal), topic, text, ...options }));
  }

  /** Subscribes to topics (none: all); the next sync lays their notes out. */
  async subscribe(topics: readonly string[] = []): Promise<{ topics: readonly string[] }> {
    checkOptions("subscribe", { topics }, { topics: "texts" });
    const verbs = await this.hubVerbs();
    return this.told(async () => verbs.subscribe(this.opened.layout, topics));
  }

  /** Brings folder, store and hub in step once. Throws `SYNC_RUNNING`, `HUB_UNREACHABLE`, `EPOCH_CHANGED`, ... */
  async sync(options: folderVerbs.SyncOptions & { signal?: AbortSignal } = {}): Promise<folderVerbs.SyncResult> {
    checkOptions("sync", options, { signal: "signal", onProgress: "callback" });
    const verbs = await this.folderVerbs();
    const { events } = this;
    return this.told(() =>
      verbs.syncOnce(this.hubParts(options.signal), {
        ...options,
        onConflict: (conflict) => this.tell("conflict", conflict),
        ...(events.listenerCount("entry") > 0 ? { onEntry: (entry: Entry) => this.tellEntry(entry) } : {}),
      }),
    );
  }

  /** In a turn of its own: what a handler throws is its program's, and holds up nothing here. */
  private tell<E extends keyof WorkspaceEvents>(event: E, ...told: WorkspaceEvents[E]): void {
    queueMicrotask(() => this.events.emit(event, ...(told as never)));
  }

  /** Once each, by whichever of two ways it came. */
  private tellEntry(entry: Entry): void {
    if (this.toldOf.get(entry.id) === true) return;
    this.toldOf.set(entry.id, true);
    this.tell("entry", entry);
  }

  /** Every entry that the hub has after `since`, in order and once each, across reconnects, until `signal` fires. */
  async *listen(options: ListenOptions = {}): AsyncGenerator<Listed, void, undefined> {
    checkOptions("listen", options, { since: "count", topics: "texts", signal: "signal" });
    const { listen } = await this.hubVerbs();
    const signal = this.signalWith(options.signal);
    yield* listen(this.opened.layout, { ...options, signal });
  }

  async status(): Promise<WorkspaceStatus> {
    const { statusOf } = await import("./status.ts");
    return this.told(() => statusOf(this.opened.layout, this.signal));
  }

  /** Every version that was ever at `path` of the folder. */
  async history(path: string): Promise<folderVerbs.HistoryWithDamage> {
    checkName("the path", path);
    const verbs = await this.folderVerbs();
    return this.told(() => verbs.history(this.artifacts.store, path));
  }

  /** Writes an old version's bytes into the folder, as a new save. */
  async restore(path: string, choice: { version: number | string }): ReturnType<typeof folderVerbs.restore> {
    checkName("the path", path);
    checkOptions("restore", choice, { version: "version" });
    if (choice.version === undefined) {
      throw new HoldfastError("BAD_OPTION", "restore is not told which version", { hint: "Give `version`." });
    }
    const verbs = await this.folderVerbs();
    return this.told(() => verbs.restore(this.artifacts.store, path, choice.version));
  }

  /** Files that were kept beside others because both sides had changed. */
  async conflicts(): Promise<folderVerbs.ConflictList> {
    const verbs = await this.folderVerbs();
    return this.told(async () => verbs.conflicts(this.opened.layout));
  }

  async resolveConflict(path: string): Promise<{ resolved: string[] }> {
    checkName("the path", path);
    const verbs = await this.folderVerbs();
    return this.told(async () => verbs.resolve(this.opened.layout, path));
  }

  /** Tries again now what waits or was given up: all, or one path. */
  async retry(path?: string): Promise<{ retried: number }> {
    if (path !== undefined) checkName("the path", path);
    const verbs = await this.folderVerbs();
    return this.told(async () => verbs.retry(this.opened.layout, path));
  }

  /** Lines of the folder's files that hold all words, best first. */
  async grep(
    words: string,
    options: { prefix?: string; collection?: string; limit?: number } = {},
  ): Promise<{ results: readonly SearchResult[] }> {
    checkText("the words", words);
    checkOptions("grep", options, { prefix: "text", collection: "text", limit: "count" });
    const { api } = (await this.hubVerbs()).connected(this.opened.layout, this.signal);
    return { results: await api.search({ q: words, collection: FILES, ...options }) };
  }

  /** An invite to this workspace, as `holdfast invite` prints it: to its hub; with `peer`, to whoever takes part among peers here, this
   *  object or the daemon of the folder. */
  async invite(options: { peer?: boolean } = {}): Promise<{ invite: string }> {
    checkOptions("invite", options, { peer: "flag" });
    if (options.peer === true) {
      const { peerInvite } = await import("./peer-invite.ts");
      return peerInvite(this.opened.layout, this.peering?.shown());
    }
    return (await this.hubVerbs()).invite(this.opened.layout, this.signal);
  }

  /** What the system or SQLite refused gets its code, and the workspace's path where it names no other. */
  private async told<T>(work: () => Promise<T>): Promise<T> {
    try {
      await this.artifacts.store.recovered({ signal: this.signal });
      return await work();
    } catch (error) {
      throw withPath(error, this.opened.layout.root);
    }
  }

  private hubVerbs(): Promise<typeof hubVerbs> {
    return import("./hub-verbs.ts");
  }

  private folderVerbs(): Promise<typeof folderVerbs> {
    return import("./folder-verbs.ts");
  }

  private signalWith(signal: AbortSignal | undefined): AbortSignal {
    return signal === undefined ? this.signal : AbortSignal.any([signal, this.signal]);
  }

  private hubParts(signal: AbortSignal | undefined): hubVerbs.HubParts {
    return { layout: this.opened.layout, store: this.artifacts.store, signal: this.signalWith(signal) };
  }
}
