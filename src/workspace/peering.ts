// A workspace among peers: its store, the network, and what each tells the other.
//
//   save here ──> store ──(watch)──> log ──> peers
//   peers ──> log ──> store ──(onEntries)──> folder, and the hub that it is in step with

import { setTimeout as pause } from "node:timers/promises";
import { HeldLock, lockPath, tryAcquireLock } from "../coordination/index.ts";
import type { Author, EntryId } from "../entries/index.ts";
import { HoldfastError, toHoldfastError } from "../errors.ts";
import { keyProof } from "../hub-client/index.ts";
import {
  Adaptation,
  ensureWorkspaceKey,
  formatPeerInvite,
  keepWorkspaceKey,
  PeerNode,
  PeersDb,
  parsePeerInvites,
  processLoad,
  processTime,
  type Replicate,
  type SharedLog,
  type SharedLogEvents,
  StoreHoldings,
  TopicKey,
} from "../peers/index.ts";
import type { Layout, Store, WorkspaceRecord } from "../store/index.ts";
import { checkPeering, type PeeringOptions } from "./peering-options.ts";
import { SaveWatch } from "./save-watch.ts";

export interface PeeringParts extends PeeringOptions {
  readonly store: Store;
  readonly record: WorkspaceRecord;
  readonly events?: SharedLogEvents;
  readonly onNotice?: (message: string) => void;
}

export interface PeerShown {
  /** The peer's key, which also signs its entries. */
  readonly peer: Author;
  readonly replicates: number;
  readonly converged: boolean;
  /** Milliseconds that its last answer took; null while it has given none. */
  readonly ping_ms: number | null;
}

/** What `peer list`, `peer segments`, `peer address` and `status` show. */
export interface PeeringShown {
  readonly id: Author;
  readonly addresses: readonly string[];
  readonly invites: readonly string[];
  readonly peers: readonly PeerShown[];
  /** Replicators that went silent and have not come back. */
  readonly away: readonly Author[];
  readonly converged: boolean;
  readonly entries: number;
  readonly segments: readonly {
    readonly peer: Author;
    /** From 0 to 1, around the end where `to` is below `from`. */
    readonly from: number;
    readonly to: number;
    readonly share: number;
    readonly mature: boolean;
  }[];
}

/** Pauses between tries of an address that does not answer, ms. */
const BOOTSTRAP_MS = [500, 1_000, 2_000, 5_000, 10_000, 30_000];
/** After this many tries people are told, once. */
const TOLD_AFTER = 3;
/** Digits of the topic in the name by which peers on a local network find each other. */
const LOCAL_NAME_DIGITS = 12;

/** One process speaks for a copy of a workspace: two with one identity would be taken for one that says now this, now that. Throws
 *  `ALREADY_UP`. */
function takePlace(layout: Layout): HeldLock {
  const lock = tryAcquireLock(lockPath(layout.locks, "peering"), { scope: "peering", holder: "holdfast among peers" });
  if (lock instanceof HeldLock) return lock;
  throw new HoldfastError("ALREADY_UP", `process ${lock.pid} on ${lock.host} takes part for ${layout.folder} already`, {
    hint: "Use that one, or end it first.",
    details: { pid: lock.pid, host: lock.host, folder: layout.folder },
  });
}

export type { PeeringOptions } from "./peering-options.ts";

export class Peering implements AsyncDisposable {
  readonly log: SharedLog;
  private readonly node: PeerNode;
  private readonly db: PeersDb;
  private readonly key: Uint8Array;
  private readonly parts: PeeringParts;
  private readonly lock: HeldLock;
  private readonly ended = new AbortController();
  private readonly running: Promise<unknown>[] = [];
  private saves: SaveWatch | undefined;
  private adaptation: Adaptation | undefined;

  private constructor(
    parts: PeeringParts,
    node: PeerNode,
    db: PeersDb,
    key: Uint8Array,
    log: SharedLog,
    lock: HeldLock,
  ) {
    this.lock = lock;
    this.parts = parts;
    this.node = node;
    this.db = db;
    this.key = key;
    this.log = log;
  }

  /** Listens, and takes part. Throws `PORT_IN_USE`, `BAD_ADDRESS`, `BAD_INVITE`, `CORRUPT`. */
  static async start(parts: PeeringParts): Promise<Peering> {
    const { store, bootstrap = [], listen, mdns = true, replicate = "all", onNotice, events = {} } = parts;
    checkPeering(parts);
    const invites = parsePeerInvites(bootstrap);
    for (const { workspace } of invites) if (workspace !== undefined) keepWorkspaceKey(store.layout, workspace.key);
    const key = ensureWorkspaceKey(store.layout);
    const lock = takePlace(store.layout);
    const topicKey = new TopicKey(key);
    // Loaded when it is wanted: a hundred modules.
    const { Libp2pTransport, checkAddress } = await import("../peers/libp2p-transport.ts");
    const undo = new AsyncDisposableStack();
    undo.defer(() => lock.release());
    try {
      for (const { address } of invites) checkAddress(address);
      const db = undo.use(PeersDb.open(store.layout));
      const onError = (error: HoldfastError): void => events.onError?.(error);
      const node = new PeerNode({
        transport: new Libp2pTransport({
          identity: store.identity,
          ...(listen === undefined ? {} : { listen }),
          ...(mdns ? { localName: `_hf${topicKey.topic.slice(0, LOCAL_NAME_DIGITS)}._udp.local` } : {}),
        }),
        ...(onNotice === undefined ? {} : { onNotice }),
        onError,
        onMember: (peer, addresses) => db.rememberAddresses(peer, addresses),
      });
      undo.defer(() => node.stop());
      await node.start();
      // Watched before it is read: what comes in between is told when the log is open.
      const saves = new SaveWatch(store, onError);
      undo.defer(() => saves.close());
      await saves.ready;
      const log = await node.openLog({
        key: topicKey,
        holdings: new StoreHoldings(store),
        rows: db,
        incarnation: db.nextIncarnation(),
        vouch: (epoch) => keyProof(store.identity, epoch),
        events,
        ...(parts.replicas === undefined ? {} : { replicas: parts.replicas }),
        ...(parts.roleAgeMs === undefined ? {} : { roleAgeMs: parts.roleAgeMs }),
        ...(parts.beatMs === undefined ? {} : { beatMs: parts.beatMs }),
        ...(parts.restartCheckMs === undefined ? {} : { restartCheckMs: parts.restartCheckMs }),
      });
      const peering = new Peering(parts, node, db, key, log, lock);
      peering.replicate(replicate);
      saves.tell((entries) => log.note(entries));
      peering.saves = saves;
      for (const { address } of invites) peering.running.push(peering.keepConnected(address));
      peering.dialKnown();
      undo.move();
      // After whoever has waited for this has had its turn: it listens from then on, and hears of all that came meanwhile.
      setImmediate(() => log.begin());
      return peering;
    } catch (error) {
      await undo.disposeAsync();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.ended.abort();
    this.adaptation?.close();
    await this.saves?.close();
    await this.node.stop();
    await Promise.allSettled(this.running);
    this.db[Symbol.dispose]();
    await this.lock.release();
  }

  /** An entry that was just made here: told without waiting for the watch. Resolves when `minAcks` peers have written it down. Throws
   *  `PEER_TIMEOUT`. */
  async made(id: EntryId, minAcks: number, timeoutMs: number): Promise<void> {
    const { store } = this.parts;
    const entry = store.entryById(id) ?? (await store.readyCatalog()).entryById(id);
    if (entry !== undefined) this.log.note([entry]);
    if (minAcks > 0) await this.log.acknowledged(id, minAcks, timeoutMs);
  }

  shown(): PeeringShown {
    const { id } = this.parts.record;
    const status = this.log.status();
    const addresses = this.node.addresses();
    return {
      id: this.node.self,
      addresses,
      invites: addresses.map((address) => formatPeerInvite(address, id, this.key)),
      peers: status.peers.map(({ peer, share, converged, pingMs }) => ({
        peer,
        replicates: share,
        converged,
        ping_ms: pingMs ?? null,
      })),
      away: status.away,
      converged: status.converged,
      entries: status.entries,
      segments: this.log.segments.map((segment) => ({
        peer: segment.owner,
        from: Number(segment.start) / 2 ** 64,
        to: (Number(BigInt.asUintN(64, segment.start + segment.span)) + 1) / 2 ** 64,
        share: (Number(segment.span) + 1) / 2 ** 64,
        mature: this.log.isMature(segment),
      })),
    };
  }

  private replicate(replicate: Replicate): void {
    if (replicate === "none") return;
    // The place of a peer is where its key falls: the same after each start, and even over many peers.
    const place = BigInt(`0x${this.node.self.slice(0, 16)}`);
    const id = this.node.self.slice(0, 32);
    if (replicate === "all") this.log.replicate(0n, 1, id);
    else if (replicate === "auto") {
      this.adaptation = new Adaptation({
        log: this.log,
        start: place,
        time: processTime,
        random: Math.random,
        limits: this.parts.limits ?? {},
        ...(this.parts.onNotice === undefined ? {} : { onNotice: this.parts.onNotice }),
        load: processLoad(),
      });
    } else this.log.replicate(place, replicate, id);
  }

  /** An address that was given is tried until it answers, and again when what was there is gone. */
  private async keepConnected(address: string): Promise<void> {
    const { signal } = this.ended;
    let peer: Author | undefined;
    for (let failures = 0; !signal.aborted; ) {
      if (peer === undefined || !this.node.peers.includes(peer)) {
        try {
          peer = await this.node.connect(address);
          failures = 0;
        } catch (error) {
          failures += 1;
          const told = toHoldfastError(error);
          if (failures === TOLD_AFTER || told.code === "BAD_ADDRESS") this.tell(told);
          if (told.code === "BAD_ADDRESS") return;
        }
      }
      const pauseMs = failures === 0 ? 1_000 : BOOTSTRAP_MS[Math.min(failures, BOOTSTRAP_MS.length) - 1];
      await pause(pauseMs, undefined, { signal }).catch(() => {});
    }
  }

  /** People where there are some, else the program. */
  private tell(error: HoldfastError): void {
    const { onNotice, events } = this.parts;
    if (onNotice !== undefined) onNotice(`${error.message}; ${error.hint ?? ""}`);
    else events?.onError?.(error);
  }

  private dialKnown(): void {
    for (const { peer, addresses } of this.db.addresses()) this.node.reconnect(peer, addresses);
  }
}
