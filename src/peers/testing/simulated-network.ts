// A network in memory, in simulated time: every delay is drawn from a seed, and messages may be lost, doubled, late and out of
// order, connections cut, and the network parted.

import type { Author } from "../../entries/index.ts";
import { HoldfastError } from "../../errors.ts";
import { decodeMessage, type Message } from "../messages.ts";
import { MAX_FRAME_BYTES, type Transport, type TransportEvents } from "../transport.ts";
import type { SimulatedTime } from "./simulated-time.ts";

export interface NetworkFaults {
  /** Of all frames, from 0 to 1. */
  readonly lost?: number;
  readonly doubled?: number;
  /** Frames may overtake each other. */
  readonly reordered?: boolean;
  /** Each frame takes from the first to the second, ms. */
  readonly delayMs?: readonly [number, number];
}

interface Delivered {
  readonly from: Author;
  readonly to: Author;
  readonly frame: Uint8Array;
}

export class SimulatedNetwork {
  readonly time: SimulatedTime;
  readonly random: () => number;
  faults: NetworkFaults;
  /** Frames and bytes sent. */
  sent = { frames: 0, bytes: 0 };
  /** What it holds for is lost on the way. */
  isLost: ((from: Author, to: Author, message: Message) => boolean) | undefined;
  /** Sees every frame that arrives. */
  onDelivered: ((delivered: Delivered) => void) | undefined;
  private readonly nodes = new Map<Author, SimulatedTransport>();
  private readonly lastArrival = new Map<string, number>();
  /** Where they are set, only these reach each other: pairs of peers, each way. */
  private links: Set<string> | undefined;
  private groups: Map<Author, number> | undefined;

  constructor(time: SimulatedTime, random: () => number, faults: NetworkFaults = {}) {
    this.time = time;
    this.random = random;
    this.faults = faults;
  }

  transport(self: Author): SimulatedTransport {
    return new SimulatedTransport(this, self);
  }

  /** From now on only those of one group reach each other; without groups, all do. */
  part(...groups: readonly (readonly Author[])[]): void {
    this.groups =
      groups.length === 0 ? undefined : new Map(groups.flatMap((group, index) => group.map((peer) => [peer, index])));
    const all = [...this.nodes.values()];
    for (const a of all) for (const b of all) if (a.self < b.self) this.bring(a, b);
  }

  /** From now on only those that are linked reach each other; who knows of another dials it. */
  onlyLinked(): void {
    this.links = new Set();
    this.part();
  }

  /** Links two, as if one had dialled the other. */
  link(a: Author, b: Author): void {
    if (this.links === undefined) return;
    this.links.add(`${a} ${b}`).add(`${b} ${a}`);
    const [one, other] = [this.nodes.get(a), this.nodes.get(b)];
    if (one !== undefined && other !== undefined) this.bring(one, other);
  }

  /** Who is linked with `peer`. */
  linkedWith(peer: Author): Author[] {
    return [...this.nodes.keys()].filter((other) => this.links?.has(`${peer} ${other}`) === true);
  }

  join(node: SimulatedTransport): void {
    this.nodes.set(node.self, node);
    for (const other of this.nodes.values()) if (other !== node) this.bring(node, other);
  }

  leave(node: SimulatedTransport): void {
    this.nodes.delete(node.self);
    for (const other of this.nodes.values()) other.lost(node.self);
  }

  isReachable(from: Author, to: Author): boolean {
    if (!this.nodes.has(from) || !this.nodes.has(to)) return false;
    if (this.links !== undefined && !this.links.has(`${from} ${to}`)) return false;
    return this.groups === undefined || this.groups.get(from) === this.groups.get(to);
  }

  carry(from: Author, to: Author, frame: Uint8Array): void {
    this.sent.frames += 1;
    this.sent.bytes += frame.length;
    if (this.isLost?.(from, to, decodeMessage(frame)) === true) return;
    const copies = this.random() < (this.faults.doubled ?? 0) ? 2 : 1;
    for (let copy = 0; copy < copies; copy += 1) {
      if (this.random() < (this.faults.lost ?? 0)) continue;
      const [least, most] = this.faults.delayMs ?? [1, 1];
      let atMs = this.time.nowMs() + least + this.random() * (most - least);
      const way = `${from} ${to}`;
      if (this.faults.reordered !== true) atMs = Math.max(atMs, this.lastArrival.get(way) ?? 0);
      this.lastArrival.set(way, atMs);
      this.time.after(atMs - this.time.nowMs(), () => {
        if (!this.isReachable(from, to)) return;
        this.onDelivered?.({ from, to, frame });
        this.nodes.get(to)?.arrive(from, frame);
      });
    }
  }

  private bring(a: SimulatedTransport, b: SimulatedTransport): void {
    if (this.isReachable(a.self, b.self)) {
      a.found(b.self);
      b.found(a.self);
    } else {
      a.lost(b.self);
      b.lost(a.self);
    }
  }
}

export class SimulatedTransport implements Transport {
  readonly self: Author;
  private readonly network: SimulatedNetwork;
  private events: TransportEvents | undefined;
  private readonly connected = new Set<Author>();

  constructor(network: SimulatedNetwork, self: Author) {
    this.network = network;
    this.self = self;
  }

  async start(events: TransportEvents): Promise<void> {
    this.events = events;
    this.network.join(this);
  }

  async stop(): Promise<void> {
    this.network.leave(this);
    this.events = undefined;
    this.connected.clear();
  }

  /** As a process that is killed, or a machine that loses its power: nobody is told. */
  vanish(): void {
    this.network.leave(this);
    this.events = undefined;
  }

  send(peer: Author, frame: Uint8Array): boolean {
    if (frame.length > MAX_FRAME_BYTES || !this.connected.has(peer)) return false;
    this.network.carry(this.self, peer, frame);
    return true;
  }

  async connect(address: string): Promise<Author> {
    if (this.connected.has(address)) return address;
    throw new HoldfastError("PEER_UNREACHABLE", `nobody answers at ${address}`);
  }

  reconnect(peer: Author): void {
    this.network.link(this.self, peer);
  }

  async addressesOf(peer: Author): Promise<readonly string[]> {
    return [peer];
  }

  addresses(): readonly string[] {
    return [this.self];
  }

  found(peer: Author): void {
    if (this.events === undefined || this.connected.has(peer)) return;
    this.connected.add(peer);
    this.events.onConnected(peer);
  }

  lost(peer: Author): void {
    if (this.connected.delete(peer)) this.events?.onDisconnected(peer);
  }

  arrive(from: Author, frame: Uint8Array): void {
    if (this.connected.has(from)) this.events?.onFrame(from, frame);
  }
}
