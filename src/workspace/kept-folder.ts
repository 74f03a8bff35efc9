// The folder of a running daemon, with what it stands on: store, sync.db, and the connection to the hub.
//
// When one of these cannot be gone on with, all are made anew, in the daemon that runs: a database was found damaged, or
// the folder has joined its hub with another token. What happened meanwhile is found by the scan that every start begins
// with; what cannot be started is tried again.

import { existsSync } from "node:fs";
import { Backoff, sleep } from "../coordination/index.ts";
import type { Author } from "../entries/index.ts";
import { HoldfastError, isHoldfastError, shellWord } from "../errors.ts";
import { type FolderEvent, FolderSync } from "../files/index.ts";
import type { HubApi } from "../hub-client/hub-api.ts";
import { readHubLink } from "../hub-client/hub-link.ts";
import { SyncDb } from "../hub-client/sync-db.ts";
import { Catalog, type Layout, type OpenedWorkspace, Store, takeSuspicion } from "../store/index.ts";
import { CarriedEntries } from "./carried-entries.ts";
import { openSoundSyncDb } from "./open-sync-db.ts";
import { keepPeerRecord } from "./peer-record.ts";
import type { Peering, PeeringOptions } from "./peering.ts";

/** What is queued at a stop may still be sent for so long, ms. */
const DRAIN_MS = 3_000;
/** A short sync of another process may hold the folder when we start, ms. */
const SYNC_PATIENCE_MS = 10_000;
const SYNC_RETRY_MS = 100;
const RENEW_PAUSES_MS = [100, 1_000, 5_000, 30_000];
/** After so long without one, a renewal is the first again, ms. */
const CALM_MS = 60_000;
/** How often it is looked what other processes have left for us, ms. */
const LOOK_EVERY_MS = 500;
const LOOK_AT_PEERS_MS = 50;

export interface KeptFolderOptions {
  readonly opened: OpenedWorkspace;
  /** A new connection, by the link as it is now. */
  readonly connect: () => HubApi;
  readonly onEvent: (event: FolderEvent) => void;
  readonly onError: (error: unknown) => void;
  readonly signal?: AbortSignal | undefined;
  /** Absent: it takes no part among peers. */
  readonly peers?: PeeringOptions | undefined;
  /** The folder's hub takes an author's entries from us, when they came from a peer. */
  readonly mayCarry?: ((author: Author) => Promise<void>) | undefined;
}

interface Parts {
  close(drainMs: number): Promise<void>;
}

export class KeptFolder {
  private readonly options: KeptFolderOptions;
  private readonly layout: Layout;
  private readonly ended = new AbortController();
  private parts: Parts | undefined;
  private among: { readonly peering: Peering; readonly carried: CarriedEntries } | undefined;
  private api: HubApi | undefined;
  private token: string | undefined;
  private renewing: Promise<void> | undefined;
  private readonly pause = new Backoff({ delaysMs: RENEW_PAUSES_MS });
  private renewedAt = Number.NEGATIVE_INFINITY;
  /** A database that was found damaged in use. */
  private damaged: string | undefined;

  private constructor(options: KeptFolderOptions) {
    this.options = options;
    this.layout = options.opened.layout;
  }

  /** Resolves when the folder is scanned and watched. Throws `SYNC_RUNNING`, `CORRUPT`, `DISK_FULL`, ... */
  static async start(options: KeptFolderOptions): Promise<KeptFolder> {
    const kept = new KeptFolder(options);
    try {
      await kept.open();
    } catch (error) {
      // Found while it was being used for the first time: the second time it is a new one.
      if (!kept.noteDamage(error)) throw error;
      options.onError(error);
      await kept.open();
    }
    const watch = setInterval(() => kept.lookAround(), LOOK_EVERY_MS);
    kept.ended.signal.addEventListener("abort", () => clearInterval(watch));
    return kept;
  }

  /** Peers that are there, once this folder has all that they have; none after `limitMs` without any. Throws what `signal` was aborted
   *  with. */
  async caughtUp(limitMs: number, signal?: AbortSignal): Promise<readonly string[]> {
    let seenMs = performance.now();
    for (;;) {
      const { peering, carried } = this.among ?? {};
      const { peers = [] } = peering?.shown() ?? {};
      // Those that have gone meanwhile are not waited for.
      if (peers.length > 0 && peers.every(({ converged }) => converged)) {
        await carried?.idle();
        return peers.map(({ peer }) => peer);
      }
      if (peers.length > 0) seenMs = performance.now();
      else if (performance.now() - seenMs > limitMs) return [];
      await sleep(LOOK_AT_PEERS_MS, signal);
    }
  }

  /** Sends what can be sent within `drainMs`, and ends. */
  async stop(drainMs = DRAIN_MS): Promise<void> {
    this.ended.abort();
    // A start that waits for a hub is not waited for; what is queued goes, as long as it can.
    if (this.renewing !== undefined) this.api?.end();
    await this.renewing;
    await this.parts?.close(drainMs);
  }

  /** Another process may have found a database damaged, or joined the hub with another token. */
  private lookAround(): void {
    if (this.renewing !== undefined) return;
    try {
      const damaged = [this.layout.syncFile, this.layout.catalogFile].find(takeSuspicion);
      if (damaged !== undefined) {
        this.damaged = damaged;
        this.renew();
        return;
      }
      const token = readHubLink(this.layout)?.token;
      if (token === this.token || token === undefined) return;
      this.token = token;
      this.options.onEvent({ kind: "notice", message: "the folder has joined its hub with another token" });
      this.renew();
    } catch {
      // Damaged, or not to be read: the connection there is goes on.
    }
  }

  /** Stops, and starts again from what lies on disk. */
  private renew(): void {
    if (this.renewing !== undefined || this.ended.signal.aborted) return;
    const parts = this.parts;
    this.parts = undefined;
    this.renewing = this.makeAnew(parts).finally(() => {
      this.renewing = undefined;
    });
  }

  private async makeAnew(parts: Parts | undefined): Promise<void> {
    const { signal } = this.ended;
    // Damage that comes again and again is not answered as fast as it can be.
    if (performance.now() - this.renewedAt > CALM_MS) this.pause.reset();
    else await sleep(this.pause.next(), signal).catch(() => {});
    this.renewedAt = performance.now();
    // With a damaged database much of this fails; it is left as it is.
    await parts?.close(0).catch(() => {});
    while (!signal.aborted) {
      try {
        return await this.open();
      } catch (error) {
        this.noteDamage(error);
        this.options.onError(error);
        await sleep(this.pause.next(), signal).catch(() => {});
      }
    }
  }

  /** True when `error` says that a database of this folder is damaged: the next opening begins without it. */
  private noteDamage(error: unknown): boolean {
    if (!isHoldfastError(error, "CORRUPT")) return false;
    const path = error.details?.path;
    if (path !== this.layout.syncFile && path !== this.layout.catalogFile) return false;
    this.damaged = path;
    return true;
  }

  /** Seen in use: whether a look over finds it again or not, it is not gone on with. */
  private setAsideDamaged(): void {
    const { damaged, layout } = this;
    if (damaged === undefined) return;
    const aside = damaged === layout.syncFile ? SyncDb.setAside(layout) : Catalog.setAside(damaged);
    this.damaged = undefined;
    this.notice(`${damaged} was damaged: it is kept as ${aside}, and is made anew`);
  }

  private notice(message: string): void {
    this.options.onEvent({ kind: "notice", message });
  }

  private async open(): Promise<void> {
    const { layout, options } = this;
    refuseMissing(layout);
    const undo = new AsyncDisposableStack();
    let drainMs = 0;
    try {
      this.setAsideDamaged();
      const store = undo.use(new Store(layout, options.opened.identity));
      await store.recovered();
      const db = undo.use(openSoundSyncDb(layout, (message) => this.notice(message)));
      this.token = readHubLink(layout)?.token;
      const api = options.connect();
      this.api = api;
      let found: HoldfastError | undefined;
      let isOpen = false;
      const onDamage = (error: HoldfastError): void => {
        if (found !== undefined) return;
        found = error;
        if (!isOpen) return;
        this.noteDamage(error);
        options.onError(error);
        this.renew();
      };
      const peers = options.peers && (options.mayCarry === undefined ? "beside a hub" : "alone");
      const sync = await this.openFolder({ store, api, db, layout, onEvent: options.onEvent, onDamage, peers });
      undo.defer(async () => {
        await sync.stop({ drainMs });
      });
      await sync.start();
      if (options.peers !== undefined) await this.joinPeers(undo, options.peers, store, sync, api);
      if (found !== undefined) throw found;
      options.signal?.throwIfAborted();
      isOpen = true;
    } catch (error) {
      await undo.disposeAsync().catch(() => {});
      throw error;
    }
    this.parts = {
      close: async (forMs) => {
        drainMs = forMs;
        await undo.disposeAsync();
      },
    };
  }

  private async joinPeers(
    undo: AsyncDisposableStack,
    peers: PeeringOptions,
    store: Store,
    sync: FolderSync,
    api: HubApi,
  ): Promise<void> {
    const { opened, onError, onEvent, mayCarry } = this.options;
    const { Peering } = await import("./peering.ts");
    let peering: Peering | undefined;
    const introduce = async (author: Author): Promise<boolean> => {
      if (mayCarry !== undefined) await mayCarry(author);
      else if (peering === undefined) return false;
      else await api.registerProof(author, await peering.log.vouchedBy(author, (await api.workspace()).epoch));
      return true;
    };
    const carried = new CarriedEntries(sync, introduce, onError);
    undo.use(carried);
    peering = await Peering.start({
      ...peers,
      store,
      record: opened.record,
      onNotice: (message) => this.notice(message),
      events: {
        onEntries: (entries) => carried.take(entries),
        onError: (error) => onEvent({ kind: "notice", message: error.message }),
        onJoin: (peer) => {
          carried.meet(peer);
          this.notice(`the peer ${peer} has joined`);
        },
        onLeave: (peer) => this.notice(`the peer ${peer} has left`),
      },
    });
    const started = peering;
    undo.use(started);
    this.among = { peering: started, carried };
    undo.defer(() => {
      this.among = undefined;
    });
    undo.defer(keepPeerRecord(this.layout, () => started.shown()));
    // What came before a crash, and was not taken into account.
    carried.take([]);
  }

  /** Waits a little for a `holdfast sync` that is at work in the folder. */
  private async openFolder(parts: Parameters<typeof FolderSync.open>[0]): Promise<FolderSync> {
    const startedMs = performance.now();
    for (;;) {
      try {
        return await FolderSync.open({ ...parts, holder: "holdfast up" });
      } catch (error) {
        if (!isHoldfastError(error, "SYNC_RUNNING") || performance.now() - startedMs > SYNC_PATIENCE_MS) throw error;
        this.options.signal?.throwIfAborted();
        await sleep(SYNC_RETRY_MS, this.ended.signal);
      }
    }
  }
}

/** A disk that was unmounted meanwhile must not get a workspace where it was. */
function refuseMissing(layout: Layout): void {
  if (existsSync(layout.workspaceFile)) return;
  throw new HoldfastError("FOLDER_GONE", `${layout.folder} is gone, or its disk is not mounted`, {
    hint: `Nothing was deleted anywhere. Bring the folder back and start again with \`holdfast up ${shellWord(layout.folder)}\`.`,
  });
}
