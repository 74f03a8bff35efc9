// Peers of one workspace in one process, over a simulated network, in simulated time.

import { createPrivateKey, createPublicKey, hash } from "node:crypto";
import { type Entry, type EntryBody, type EntryId, type Identity, makeEntry, readEntry } from "../../entries/index.ts";
import type { HoldfastError } from "../../errors.ts";
import { PeerNode } from "../peer-node.ts";
import { RowsInMemory } from "../replicator-rows.ts";
import { LAST_POINT } from "../ring.ts";
import type { SharedLog, SharedLogOptions } from "../shared-log.ts";
import { TopicKey } from "../topic-key.ts";
import { HoldingsInMemory } from "./holdings-in-memory.ts";
import { type NetworkFaults, SimulatedNetwork, type SimulatedTransport } from "./simulated-network.ts";
import { SimulatedTime } from "./simulated-time.ts";

/** Numbers from 0 to 1, the same ones for the same seed (mulberry32). */
export function randomFrom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let n = Math.imul(state ^ (state >>> 15), state | 1);
    n ^= n + Math.imul(n ^ (n >>> 7), n | 61);
    return ((n ^ (n >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** What stands before an Ed25519 key in PKCS #8 (RFC 8410). */
const KEY_HEADER = Buffer.from("302e020100300506032b657004220420", "hex");

/** The same key pair for the same text: places on the ring follow from keys, so a run can be made again. */
function identityFrom(text: string): Identity {
  const key = Buffer.concat([KEY_HEADER, hash("sha256", text, "buffer")]);
  const privateKey = createPrivateKey({ key, format: "der", type: "pkcs8" });
  const { x = "" } = createPublicKey(privateKey).export({ format: "jwk" });
  return { author: Buffer.from(x, "base64url").toString("hex"), privateKey };
}

export interface SimulationOptions extends Omit<SharedLogOptions, "events"> {
  readonly seed?: number;
  readonly faults?: NetworkFaults;
}

export class Simulation {
  readonly time = new SimulatedTime();
  readonly random: () => number;
  readonly network: SimulatedNetwork;
  readonly key = new TopicKey(Buffer.alloc(32, 7));
  readonly options: SimulationOptions;
  readonly peers: SimulatedPeer[] = [];

  constructor(options: SimulationOptions = {}) {
    this.options = options;
    this.random = randomFrom(options.seed ?? 1);
    this.network = new SimulatedNetwork(this.time, this.random, options.faults);
  }

  /** Made, and not started. */
  peer(): SimulatedPeer {
    const peer = new SimulatedPeer(this, identityFrom(`${this.options.seed ?? 1} ${this.peers.length}`));
    this.peers.push(peer);
    return peer;
  }

  /** `count` peers that take part, each holding `share` of the ring; with 0, observers. */
  async start(count: number, share = 1): Promise<SimulatedPeer[]> {
    const peers = Array.from({ length: count }, () => this.peer());
    for (const peer of peers) await peer.start(share);
    return peers;
  }

  /** Lets time pass until all say that nothing is left to exchange. */
  async converge(
    peers: readonly SimulatedPeer[] = this.peers.filter((peer) => peer.isUp),
    limitMs = 600_000,
  ): Promise<void> {
    await this.time.until(() => peers.every((peer) => peer.log.status().converged), "all peers converge", limitMs);
  }

  async stop(): Promise<void> {
    for (const peer of this.peers) if (peer.isUp) await peer.stop();
  }
}

export class SimulatedPeer {
  readonly simulation: Simulation;
  readonly identity: Identity;
  readonly holdings: HoldingsInMemory;
  readonly rows = new RowsInMemory();
  /** `up` at each start, and `join A`, `leave A`, ... in the order in which they were told. */
  readonly events: string[] = [];
  readonly errors: HoldfastError[] = [];
  readonly notices: string[] = [];
  transport: SimulatedTransport;
  node: PeerNode;
  isUp = false;
  private opened: SharedLog | undefined;
  private incarnation = 0;
  private writes = 0;

  constructor(simulation: Simulation, identity: Identity) {
    this.simulation = simulation;
    this.identity = identity;
    this.holdings = new HoldingsInMemory(identity.author);
    this.transport = simulation.network.transport(identity.author);
    this.node = this.newNode();
  }

  get id(): string {
    return this.identity.author;
  }

  get log(): SharedLog {
    if (this.opened === undefined) throw new TypeError("the peer is not started");
    return this.opened;
  }

  private newNode(): PeerNode {
    const { time, random } = this.simulation;
    return new PeerNode({
      transport: this.transport,
      time,
      random,
      onNotice: (message) => this.notices.push(message),
      onError: (error) => this.errors.push(error),
    });
  }

  async start(share = 1): Promise<void> {
    this.events.push("up");
    this.transport = this.simulation.network.transport(this.id);
    this.node = this.newNode();
    await this.node.start();
    await this.open(share);
    this.isUp = true;
  }

  async open(share = 1): Promise<SharedLog> {
    this.incarnation += 1;
    const { options, key } = this.simulation;
    const log = await this.node.openLog({
      ...options,
      key,
      holdings: this.holdings,
      rows: this.rows,
      incarnation: this.incarnation,
      readEntry: async (block) => readEntry(block),
      events: {
        onJoin: (peer) => this.events.push(`join ${this.nameOf(peer)}`),
        onLeave: (peer) => this.events.push(`leave ${this.nameOf(peer)}`),
        onChange: (peer) => this.events.push(`change ${this.nameOf(peer)}`),
        onMature: (peer) => this.events.push(`mature ${this.nameOf(peer)}`),
        onError: (error) => this.errors.push(error),
      },
    });
    this.opened = log;
    log.begin();
    if (share === 1) log.replicate(0n, 1);
    else if (share > 0) log.replicate(this.place, share);
    return log;
  }

  /** Where its segment begins: by its key, so that it is the same after a restart. */
  get place(): bigint {
    return BigInt.asUintN(64, BigInt(`0x${this.id.slice(0, 16)}`)) & LAST_POINT;
  }

  async stop(): Promise<void> {
    this.isUp = false;
    await this.node.stop();
  }

  /** As `kill -9`: what is in the store is there at the next start, all else is gone. */
  async kill(): Promise<void> {
    this.isUp = false;
    this.transport.vanish();
    await this.log.close();
  }

  private nameOf(peer: string): string {
    const index = this.simulation.peers.findIndex(({ id }) => id === peer);
    return index === -1 ? peer : String.fromCharCode(65 + index);
  }

  /** Writes a version into its own store, and tells. */
  append(name: string, text = "", parents?: readonly EntryId[]): Entry {
    const [entry] = this.appendMany([name], text, parents);
    return entry as Entry;
  }

  appendMany(names: readonly string[], text = "", parents: readonly EntryId[] = []): Entry[] {
    const content = Buffer.from(text);
    const entries = names.map((name) => {
      this.writes += 1;
      const body: EntryBody = {
        collection: "data",
        name,
        kind: "put",
        content: { hash: hash("sha256", content), size: content.length, type: "text/plain" },
        parents,
        clock: { wallMs: Math.floor(this.simulation.time.nowMs()), counter: this.writes },
        tags: {},
        key: { writer: this.id, n: this.writes },
      };
      return makeEntry(body, this.identity);
    });
    for (const entry of entries) this.holdings.put(entry, content);
    this.log.note(entries);
    return entries;
  }

  /** Deletes versions of one artifact, and tells. */
  deleteVersions(entries: readonly Entry[]): Entry {
    const [{ collection, name } = { collection: "", name: "" }] = entries;
    this.writes += 1;
    const body: EntryBody = {
      collection,
      name,
      kind: "delete",
      content: null,
      parents: entries.map(({ id }) => id),
      clock: { wallMs: Math.floor(this.simulation.time.nowMs()), counter: this.writes },
      tags: {},
      key: { writer: this.id, n: this.writes },
    };
    const entry = makeEntry(body, this.identity);
    this.holdings.put(entry);
    this.log.note([entry]);
    return entry;
  }

  /** Holds nothing of the ring any more. */
  stopReplicating(): void {
    this.log.stopReplicating(this.log.segments.filter(({ owner }) => owner === this.id).map(({ id }) => id));
  }

  get ids(): string[] {
    return [...this.holdings.entries.keys()].sort();
  }

  /** Entries that are no other's parent. */
  get heads(): string[] {
    const parents = new Set([...this.holdings.entries.values()].flatMap((entry) => entry.parents));
    return this.ids.filter((id) => !parents.has(id as EntryId));
  }
}
