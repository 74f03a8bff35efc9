// The network as libp2p makes it: TCP and WebSocket, noise, yamux, identify, mDNS on the local network, and relays for peers that cannot
// be reached. A peer's id there and the key by which its entries are signed are one: noise shows who speaks.
//
// Who can be reached by some of us only, as from behind a router, has one of those pass its connections on: every peer keeps a place
// with one that it is connected to, and passes on what members have for each other. What is passed on is as secret as a
// connection of its own: noise is between the two ends.
//
// To each peer we open one stream of our own, and all our frames go over it, in order; what it sends comes over one of its own.

import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { circuitRelayServer, circuitRelayTransport } from "@libp2p/circuit-relay-v2";
import { generateKeyPairFromSeed, publicKeyFromRaw } from "@libp2p/crypto/keys";
import { identify } from "@libp2p/identify";
import type { Connection, Libp2p, PeerId, Stream } from "@libp2p/interface";
import { mdns } from "@libp2p/mdns";
import { noise } from "@libp2p/noise";
import { peerIdFromPublicKey } from "@libp2p/peer-id";
import { tcp } from "@libp2p/tcp";
import { webSockets } from "@libp2p/websockets";
import { yamux } from "@libp2p/yamux";
import { type Multiaddr, multiaddr } from "@multiformats/multiaddr";
import { createLibp2p } from "libp2p";
import type { Author, Identity } from "../entries/index.ts";
import { HoldfastError, systemCode } from "../errors.ts";
import { framed, framesIn, HEADER_BYTES } from "./frames.ts";
import { MAX_FRAME_BYTES, type Transport, type TransportEvents } from "./transport.ts";

const PROTOCOL = "/holdfast/1";
/** Of `/p2p/` in an address. */
const PEER_ID_CODE = 421;
/** Where to listen when nothing else is said: every interface, any port. */
export const DEFAULT_LISTEN: readonly string[] = ["/ip4/0.0.0.0/tcp/0"];
/** Waiting for one peer at the most, bytes; beyond it frames are lost, which the protocol makes good. */
const MAX_WAITING_BYTES = 32 * 1_024 * 1_024;
/** Between two looks for others on the local network, ms. */
const MDNS_MS = 5_000;
const DIAL_MS = 10_000;
/** One of a peer's addresses, and all of those that others say it has: most of them may lead nowhere. */
const ADDRESS_MS = 3_000;
const ADDRESSES_MS = 60_000;
/** Before a stream that was refused, or broke, is opened again, ms. */
const OPEN_AGAIN_MS = [100, 500, 2_000, 10_000, 30_000];
/** Dials at once at the most, on account of what others say of others. */
const MAX_DIALING = 32;
/** ... and waiting for their turn. */
const MAX_TO_DIAL = 1_000;
/** A place with a peer that passes connections on, whichever there is. */
const THROUGH_OTHERS = "/p2p-circuit";
/** Peers that one passes connections on for at the most. */
const MAX_PASSED_ON = 128;
/** How long such a place is kept for one that is gone, ms: whoever is there asks for it again in time. */
const PLACE_MS = 10 * 60_000;
/** How long a peer may take to show that it is a member, once it is connected, ms. */
const MEMBER_MS = 3_000;
const MEMBER_LOOK_MS = 50;
/** How long it is waited at the end for others to have read what was sent. */
const CLOSE_MS = 500;

export interface Libp2pOptions {
  readonly identity: Identity;
  /** Multiaddrs. */
  readonly listen?: readonly string[];
  /** Peers on the local network that say the same find each other; absent: none is looked for. */
  readonly localName?: string;
}

interface Link {
  /** Connections that there are to this peer. */
  connections: number;
  stream: Stream | undefined;
  opening: boolean;
  readonly waiting: Uint8Array[];
  waitingBytes: number;
  isTold: boolean;
  failures: number;
  again: NodeJS.Timeout | undefined;
}

export class Libp2pTransport implements Transport {
  readonly self: Author;
  private readonly options: Libp2pOptions;
  private node: Libp2p | undefined;
  private events: TransportEvents | undefined;
  private readonly links = new Map<Author, Link>();
  private readonly dialing = new Set<Author>();
  private readonly toDial = new Map<Author, readonly string[]>();

  constructor(options: Libp2pOptions) {
    this.options = options;
    this.self = options.identity.author;
  }

  async start(events: TransportEvents): Promise<void> {
    const { identity, listen = DEFAULT_LISTEN, localName } = this.options;
    for (const address of listen) parseAddress(address);
    this.events = events;
    const node = await createLibp2p({
      privateKey: await generateKeyPairFromSeed("Ed25519", seedOf(identity)),
      addresses: { listen: [...listen, THROUGH_OTHERS] },
      transports: [tcp(), webSockets(), circuitRelayTransport()],
      connectionEncrypters: [noise()],
      streamMuxers: [yamux()],
      peerDiscovery: localName === undefined ? [] : [mdns({ serviceTag: localName, interval: MDNS_MS })],
      services: {
        identify: identify(),
        relay: circuitRelayServer({
          reservations: { maxReservations: MAX_PASSED_ON, applyDefaultLimit: false, reservationTtl: PLACE_MS },
        }),
      },
      connectionGater: {
        denyInboundRelayReservation: async (from) => !(await this.isSoonMember(from)),
        denyOutboundRelayedConnection: (from, to) => !(this.isMember(from) && this.isMember(to)),
      },
      connectionManager: {
        inboundConnectionThreshold: 100,
        maxIncomingPendingConnections: 100,
        addressDialTimeout: ADDRESS_MS,
      },
      // Whether a peer is there is asked by its own workspace (presence.ts).
      connectionMonitor: { enabled: false },
      start: false,
    });
    this.node = node;
    node.addEventListener("peer:discovery", ({ detail }) => this.dialFound(detail.id));
    node.addEventListener("self:peer:update", () => this.events?.onAddresses?.());
    node.addEventListener("connection:open", ({ detail }) => this.onOpen(detail));
    node.addEventListener("connection:close", ({ detail }) => this.onClose(detail));
    await node.handle(PROTOCOL, (stream, connection) => void this.read(stream, connection), {
      runOnLimitedConnection: true,
      maxInboundStreams: 4,
    });
    try {
      await node.start();
    } catch (error) {
      await node.stop();
      throw listenFailure(error, listen);
    }
  }

  async stop(): Promise<void> {
    const { node } = this;
    const links = [...this.links.values()];
    this.events = undefined;
    this.node = undefined;
    this.links.clear();
    this.toDial.clear();
    await Promise.all(links.map(untilRead));
    await node?.stop();
  }

  send(peer: Author, frame: Uint8Array): boolean {
    const link = this.links.get(peer);
    if (link === undefined || frame.length > MAX_FRAME_BYTES) return false;
    if (link.waitingBytes + frame.length > MAX_WAITING_BYTES) return false;
    link.waiting.push(framed(frame));
    link.waitingBytes += frame.length;
    this.flush(link);
    return true;
  }

  async connect(address: string): Promise<Author> {
    const target = parseAddress(address);
    if (this.node === undefined) throw new HoldfastError("INTERRUPTED", "the network is closed");
    let connection: Connection;
    try {
      connection = await this.node.dial(target, { signal: AbortSignal.timeout(DIAL_MS) });
    } catch (error) {
      if (isOurselves(error)) throw sameIdentity(address);
      throw new HoldfastError("PEER_UNREACHABLE", `nobody answers at ${address}: ${reasonOf(error)}`, {
        hint: "Check the address, and that `holdfast up --peer` runs there; it is tried again.",
        cause: error,
      });
    }
    const author = authorOf(connection.remotePeer);
    if (author === undefined) throw new HoldfastError("PEER_UNREACHABLE", `at ${address} is no Holdfast peer`);
    return author;
  }

  reconnect(peer: Author, addresses: readonly string[] = []): void {
    const { node } = this;
    if (node === undefined || peer === this.self || this.links.has(peer) || this.dialing.has(peer)) return;
    if (this.dialing.size >= MAX_DIALING) {
      // Its turn comes; with the newest of its addresses.
      if (this.toDial.size < MAX_TO_DIAL || this.toDial.has(peer)) this.toDial.set(peer, addresses);
      return;
    }
    this.dialing.add(peer);
    const id = peerIdOf(peer);
    const known = addresses.flatMap((address) => {
      try {
        return [parseAddress(address)];
      } catch {
        return [];
      }
    });
    void (async () => {
      try {
        if (known.length > 0) await node.peerStore.merge(id, { multiaddrs: known.map(withoutItsId) });
        const limitMs = known.some((address) => String(address).includes(THROUGH_OTHERS)) ? ADDRESSES_MS : DIAL_MS;
        await node.dial(id, { signal: AbortSignal.timeout(limitMs) });
      } catch {
        // It is tried again when there is a reason to.
      } finally {
        this.dialing.delete(peer);
        const [next] = this.toDial;
        if (next !== undefined) {
          this.toDial.delete(next[0]);
          this.reconnect(...next);
        }
      }
    })();
  }

  addresses(): readonly string[] {
    return this.node?.getMultiaddrs().map(String) ?? [];
  }

  async addressesOf(peer: Author): Promise<readonly string[]> {
    try {
      const known = await this.node?.peerStore.get(peerIdOf(peer));
      return known?.addresses.map(({ multiaddr: address }) => String(address)) ?? [];
    } catch {
      return [];
    }
  }

  private isMember(id: PeerId): boolean {
    const author = authorOf(id);
    return author !== undefined && this.events?.isMember?.(author) === true;
  }

  /** A place is asked for as soon as there is a connection, and that its peer is a member is known a moment later. */
  private async isSoonMember(id: PeerId): Promise<boolean> {
    for (let waitedMs = 0; waitedMs < MEMBER_MS && !this.isMember(id); waitedMs += MEMBER_LOOK_MS) {
      await pause(MEMBER_LOOK_MS, undefined, { ref: false });
    }
    return this.isMember(id);
  }

  private dialFound(id: PeerId): void {
    const author = authorOf(id);
    if (author !== undefined) this.reconnect(author);
  }

  private onOpen(connection: Connection): void {
    const peer = authorOf(connection.remotePeer);
    if (peer === undefined) return;
    const link = this.links.get(peer) ?? newLink();
    this.links.set(peer, link);
    link.connections += 1;
    void this.openStream(peer, link);
  }

  private onClose(connection: Connection): void {
    const peer = authorOf(connection.remotePeer);
    const link = peer === undefined ? undefined : this.links.get(peer);
    if (peer === undefined || link === undefined) return;
    link.connections -= 1;
    if (link.connections > 0) {
      // The stream may have been of the connection that is gone.
      if (link.stream === undefined || link.stream.status !== "open") void this.openStream(peer, link);
      return;
    }
    this.links.delete(peer);
    if (link.isTold) this.events?.onDisconnected(peer);
  }

  private async openStream(peer: Author, link: Link): Promise<void> {
    if (link.opening || link.stream?.status === "open" || this.node === undefined) return;
    link.opening = true;
    try {
      const stream = await this.node.dialProtocol(peerIdOf(peer), PROTOCOL, {
        signal: AbortSignal.timeout(DIAL_MS),
        runOnLimitedConnection: true,
      });
      if (this.links.get(peer) !== link) {
        stream.abort(new Error("the connection is gone"));
        return;
      }
      link.stream = stream;
      stream.addEventListener("drain", () => this.flush(link));
      stream.addEventListener("close", () => {
        if (link.stream === stream) link.stream = undefined;
        if (this.links.get(peer) === link) this.openAgain(peer, link);
      });
      this.tell(peer, link);
      this.flush(link);
      link.failures = 0;
    } catch {
      // It does not speak our protocol, or is busy, or gone again.
      this.openAgain(peer, link);
    } finally {
      link.opening = false;
    }
  }

  /** As long as there is a connection, ever more rarely. */
  private openAgain(peer: Author, link: Link): void {
    const delayMs = OPEN_AGAIN_MS[Math.min(link.failures, OPEN_AGAIN_MS.length - 1)] as number;
    link.failures += 1;
    link.again ??= setTimeout(() => {
      link.again = undefined;
      if (this.links.get(peer) === link) void this.openStream(peer, link);
    }, delayMs).unref();
  }

  private tell(peer: Author, link: Link): void {
    if (link.isTold) return;
    link.isTold = true;
    this.events?.onConnected(peer);
  }

  private flush(link: Link): void {
    const { stream } = link;
    if (stream === undefined || stream.status !== "open") return;
    while (link.waiting.length > 0 && !stream.writableNeedsDrain) {
      const frame = link.waiting.shift() as Uint8Array;
      link.waitingBytes -= frame.length - HEADER_BYTES;
      try {
        stream.send(frame);
      } catch {
        return;
      }
    }
  }

  private async read(stream: Stream, connection: Connection): Promise<void> {
    const peer = authorOf(connection.remotePeer);
    if (peer === undefined) {
      stream.abort(new Error("the peer's key is not of a kind that signs entries"));
      return;
    }
    try {
      for await (const frame of framesIn(chunksOf(stream))) {
        const link = this.links.get(peer);
        if (link !== undefined) this.tell(peer, link);
        this.events?.onFrame(peer, frame);
      }
      // The other waits for this: all that it sent has been read.
      await stream.close({ signal: AbortSignal.timeout(CLOSE_MS) });
    } catch (error) {
      if (error instanceof HoldfastError) {
        this.events?.onNotice?.(`the connection to the peer ${peer} was closed: ${error.message}`);
        await connection.close().catch(() => connection.abort(error));
      }
    }
  }
}

/** Ends it, and waits until the other has read what was sent: a connection that ends takes along what has arrived and is not read. */
async function untilRead({ stream, waiting }: Link): Promise<void> {
  if (stream === undefined) return;
  const signal = AbortSignal.timeout(CLOSE_MS);
  const closed = once(stream, "close", { signal });
  closed.catch(() => {}); // it is not waited for where closing fails
  try {
    // What is drained takes more of what waits with it.
    while (waiting.length > 0 && stream.status === "open") await once(stream, "drain", { signal });
    await stream.close({ signal });
    if (stream.status !== "closed") await closed;
  } catch {
    // It is gone, or says nothing any more.
  }
}

function newLink(): Link {
  return {
    connections: 0,
    stream: undefined,
    opening: false,
    waiting: [],
    waitingBytes: 0,
    isTold: false,
    failures: 0,
    again: undefined,
  };
}

async function* chunksOf(stream: Stream): AsyncGenerator<Uint8Array> {
  for await (const chunk of stream) yield chunk instanceof Uint8Array ? chunk : chunk.subarray();
}

function seedOf({ privateKey }: Identity): Uint8Array {
  return Buffer.from(privateKey.export({ format: "jwk" }).d ?? "", "base64url");
}

/** Undefined for a key of another kind than those that sign entries. */
function authorOf(id: PeerId): Author | undefined {
  const key = id.publicKey;
  return id.type === "Ed25519" && key !== undefined ? Buffer.from(key.raw).toString("hex") : undefined;
}

export function peerIdOf(peer: Author): PeerId {
  return peerIdFromPublicKey(publicKeyFromRaw(Buffer.from(peer, "hex")));
}

/** Without the peer's own id at the end, if it stands there. One that passes connections on has its id in the middle. */
function withoutItsId(address: Multiaddr): Multiaddr {
  return address.getComponents().at(-1)?.code === PEER_ID_CODE ? address.decapsulateCode(PEER_ID_CODE) : address;
}

/** Throws `BAD_ADDRESS`. */
export function checkAddress(address: string): void {
  parseAddress(address);
}

/** Throws `BAD_ADDRESS`. */
function parseAddress(address: string): ReturnType<typeof multiaddr> {
  try {
    return multiaddr(address);
  } catch (error) {
    throw new HoldfastError("BAD_ADDRESS", `"${address}" is no address: ${reasonOf(error)}`, {
      hint: "An address looks like /ip4/192.168.1.5/tcp/4001; `holdfast peer address` prints those of a peer.",
      cause: error,
    });
  }
}

function listenFailure(error: unknown, listen: readonly string[]): unknown {
  const where = listen.join(", ");
  for (let cause: unknown = error; cause instanceof Error; cause = cause.cause) {
    const all = cause instanceof AggregateError ? cause.errors : [cause];
    if (all.some((one) => systemCode(one) === "EADDRINUSE" || reasonOf(one).includes("EADDRINUSE"))) {
      return new HoldfastError("PORT_IN_USE", `${where} is taken by another program`, {
        hint: "Choose another port with --listen, or 0 for any that is free.",
        cause: error,
      });
    }
  }
  return new HoldfastError("BAD_ADDRESS", `cannot listen at ${where}: ${reasonOf(error)}`, {
    hint: "Listen at an address of this machine, such as /ip4/0.0.0.0/tcp/0.",
    cause: error,
  });
}

function isOurselves(error: unknown): boolean {
  return /dial self|self dial|InvalidPeerId|own peer/iu.test(reasonOf(error));
}

function sameIdentity(address: string): HoldfastError {
  return new HoldfastError("BAD_ADDRESS", `at ${address} is this very identity`, {
    hint: "It is this process itself, or a copy of this folder: move .holdfast/identity.json away in one of the two, and start it again.",
  });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
