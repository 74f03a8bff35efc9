// One process on the network: a transport, and the logs of the workspaces that it takes part in. What comes is read here, and goes to
// the subscriptions or, from members only, to the log it is for.

import type { Author } from "../entries/index.ts";
import { assert, HoldfastError, isHoldfastError, toHoldfastError } from "../errors.ts";
import type { Holdings } from "./holdings.ts";
import { decodeMessage, encodeMessage, MAX_ADDRESSES, MAX_MEMBERS, type Message } from "./messages.ts";
import type { ReplicatorRows } from "./replicator-rows.ts";
import { SharedLog, type SharedLogOptions } from "./shared-log.ts";
import { Subscriptions } from "./subscriptions.ts";
import { processTime, type Time } from "./time.ts";
import type { Topic, TopicKey } from "./topic-key.ts";
import type { Transport } from "./transport.ts";

export interface PeerNodeOptions {
  readonly transport: Transport;
  readonly time?: Time;
  readonly random?: () => number;
  /** Things that people should know. */
  readonly onNotice?: (message: string) => void;
  /** A peer takes part, and can be reached so. */
  readonly onMember?: (peer: Author, addresses: readonly string[]) => void;
  /** What did not come from a peer as it should. */
  readonly onError?: (error: HoldfastError) => void;
}

export interface OpenLogOptions extends SharedLogOptions {
  readonly key: TopicKey;
  readonly holdings: Holdings;
  readonly rows: ReplicatorRows;
  /** Greater than at any start before: what was said in an earlier life is told apart by it. */
  readonly incarnation: number;
}

/** Subscriptions of one topic in one life of a node at the most. */
const MAX_SESSIONS = 1_000_000;
/** Connections that are known; more are not taken note of. */
const MAX_CONNECTED = 10_000;
/** Members that are asked for the others: all of so few, of more ever fewer. */
const ASKED_MEMBERS = 4;
/** Between two questions for members that go to one at random, ms: so no two stay strangers that others know. */
const ASK_AGAIN_MS = 60_000;
/** Until those who are connected know new addresses of ours, ms. */
const MOVED_MS = 3_000;

export class PeerNode {
  readonly self: Author;
  private readonly options: PeerNodeOptions;
  private readonly transport: Transport;
  private readonly time: Time;
  private readonly random: () => number;
  private readonly subscriptions: Subscriptions;
  private readonly connected = new Set<Author>();
  /** Where those who are connected can be reached, as they said. */
  private readonly said = new Map<Author, readonly string[]>();
  private readonly logs = new Map<Topic, SharedLog>();
  private readonly closing = new Map<Topic, Promise<void>>();
  private sessions = 0;
  private askAgain: (() => void) | undefined;
  /** Calls off the telling of addresses that have changed. */
  private moved: (() => void) | undefined;

  constructor(options: PeerNodeOptions) {
    const { transport, time = processTime, random = Math.random } = options;
    this.options = options;
    this.transport = transport;
    this.time = time;
    this.random = random;
    this.self = transport.self;
    this.subscriptions = new Subscriptions({
      self: this.self,
      time,
      send: (peer, message) => this.send(peer, message),
      connected: () => this.connected,
      events: {
        onSubscribed: (topic, peer, session) => {
          this.logs.get(topic)?.onSubscribed(peer, session);
          void this.remember(peer);
          this.askForMembers(topic, peer);
        },
        onUnsubscribed: (topic, peer, session) => this.logs.get(topic)?.onUnsubscribed(peer, session),
      },
    });
  }

  /** Throws what the transport throws. */
  async start(): Promise<void> {
    this.setAskAgain();
    await this.transport.start({
      onConnected: (peer) => this.onConnected(peer),
      onDisconnected: (peer) => {
        this.connected.delete(peer);
        this.said.delete(peer);
        this.subscriptions.disconnected(peer);
      },
      onFrame: (peer, frame) => this.onFrame(peer, frame),
      onNotice: (message) => this.options.onNotice?.(message),
      onAddresses: () => this.onAddresses(),
      isMember: (peer) => this.isMember(peer),
    });
  }

  /** Closes all logs, tells the others, and ends all connections. */
  async stop(): Promise<void> {
    this.moved?.();
    this.askAgain?.();
    await Promise.all([...this.logs.keys()].map((topic) => this.closeLog(topic)));
    this.subscriptions.close();
    await this.transport.stop();
  }

  /** Takes part in a workspace. Resolves when what it holds has been read; others see us before that. What they say is held until the
   *  log's `begin` is called. */
  async openLog(options: OpenLogOptions): Promise<SharedLog> {
    const { key, incarnation } = options;
    const { topic } = key;
    // Closing drains first: what was under way for the log before must not reach the one to come.
    await this.closing.get(topic);
    if (this.logs.has(topic)) {
      throw new HoldfastError("BAD_OPTION", "this node takes part in that workspace already", {
        hint: "Close it first.",
      });
    }
    assert(this.sessions < MAX_SESSIONS, "a node does not open and close its workspaces without end");
    this.sessions += 1;
    const session = incarnation * MAX_SESSIONS + this.sessions;
    const log = new SharedLog({
      ...options,
      self: this.self,
      topic,
      session,
      time: this.time,
      random: this.random,
      send: (peer, message) => this.send(peer, message),
      sessionOf: (peer) => this.subscriptions.sessionOfPeer(topic, peer),
      forget: (peer) => this.subscriptions.forget(topic, peer),
      ask: (peer) => this.subscriptions.ask(peer),
      reconnect: (peer) => this.transport.reconnect(peer),
    });
    this.logs.set(topic, log);
    this.subscriptions.subscribe(key, session);
    try {
      await log.open();
    } catch (error) {
      await this.closeLog(topic);
      throw error;
    }
    return log;
  }

  async closeLog(topic: Topic): Promise<void> {
    const log = this.logs.get(topic);
    if (log === undefined) {
      await this.closing.get(topic);
      return;
    }
    this.logs.delete(topic);
    this.subscriptions.unsubscribe(topic);
    const closed = log.close().finally(() => this.closing.delete(topic));
    this.closing.set(topic, closed);
    await closed;
  }

  get peers(): readonly Author[] {
    return [...this.connected];
  }

  /** Throws `PEER_UNREACHABLE`, `BAD_ADDRESS`. */
  connect(address: string): Promise<Author> {
    return this.transport.connect(address);
  }

  /** Tries to reach a peer by addresses that it had, and any that are known of it. */
  reconnect(peer: Author, addresses: readonly string[]): void {
    this.transport.reconnect(peer, addresses);
  }

  addresses(): readonly string[] {
    return this.transport.addresses();
  }

  subscribers(topic: Topic): readonly Author[] {
    return this.subscriptions.subscribers(topic);
  }

  get pendingSubscriptions(): number {
    return this.subscriptions.pending;
  }

  private onConnected(peer: Author): void {
    if (this.connected.size >= MAX_CONNECTED) return;
    this.connected.add(peer);
    this.subscriptions.connected(peer);
    for (const [topic, log] of this.logs) {
      log.onConnected(peer);
      // Its addresses were forgotten with the connection before.
      if (this.subscriptions.sessionOfPeer(topic, peer) !== undefined) this.askForMembers(topic, peer);
    }
  }

  private onFrame(peer: Author, frame: Uint8Array): void {
    let message: Message;
    try {
      message = decodeMessage(frame);
    } catch (error) {
      this.options.onError?.(toHoldfastError(error));
      return;
    }
    try {
      this.onMessage(peer, message);
    } catch (error) {
      // One message that cannot be handled must not end the others'.
      this.options.onError?.(toHoldfastError(error));
      if (isHoldfastError(error, "INTERNAL")) throw error;
    }
  }

  private onMessage(peer: Author, message: Message): void {
    if (message.t === "subscribe") this.subscriptions.onSubscribe(peer, message);
    else if (message.t === "unsubscribe") this.subscriptions.onUnsubscribe(peer, message);
    else if (this.subscriptions.sessionOfPeer(message.topic, peer) !== undefined) {
      if (message.t === "members") this.onMembers(message);
      else if (message.t === "members?") {
        this.said.set(peer, message.addresses);
        void this.remember(peer);
        void this.introduce(message.topic, peer);
      } else this.logs.get(message.topic)?.onMessage(peer, message);
    }
    // What comes from somebody who has not shown the key, or has left, is not looked at. A member whose subscription got lost shows
    // it again when asked.
    else if (message.t === "beat" && this.logs.has(message.topic)) this.subscriptions.ask(peer);
  }

  private async remember(peer: Author): Promise<void> {
    this.options.onMember?.(peer, await this.addressesOf(peer));
  }

  /** Members get to know each other: whoever comes asks those that it meets for the others. Where there are many, not each of them: all
   *  would tell all of all. */
  private askForMembers(topic: Topic, peer: Author): void {
    const known = this.subscriptions.subscribers(topic).length;
    if (this.random() * known < ASKED_MEMBERS) this.ask(topic, peer);
  }

  private ask(topic: Topic, peer: Author): void {
    this.send(peer, { t: "members?", topic, addresses: this.transport.addresses().slice(0, MAX_ADDRESSES) });
  }

  private setAskAgain(): void {
    this.askAgain = this.time.after(ASK_AGAIN_MS * (0.9 + 0.2 * this.random()), () => {
      this.setAskAgain();
      for (const topic of this.logs.keys()) {
        const members = this.subscriptions.subscribers(topic);
        const one = members[Math.floor(this.random() * members.length)];
        if (one !== undefined) this.ask(topic, one);
      }
    });
  }

  /** Who could not reach us before may do so now: members that know the new addresses by then tell the others of us. */
  private onAddresses(): void {
    this.moved?.();
    this.moved = this.time.after(MOVED_MS, () => {
      for (const topic of this.logs.keys()) {
        for (const peer of this.subscriptions.subscribers(topic)) this.askForMembers(topic, peer);
      }
    });
  }

  private isMember(peer: Author): boolean {
    return [...this.logs.keys()].some((topic) => this.subscriptions.sessionOfPeer(topic, peer) !== undefined);
  }

  /** Tells `peer` of the others, and them of it. */
  private async introduce(topic: Topic, peer: Author): Promise<void> {
    const others = this.subscriptions.subscribers(topic).filter((other) => other !== peer);
    if (others.length === 0) return;
    const members = await Promise.all(
      this.some(others, MAX_MEMBERS).map(async (other) => ({
        peer: other,
        addresses: await this.addressesOf(other),
      })),
    );
    this.send(peer, { t: "members", topic, members });
    const newcomer = { peer, addresses: await this.addressesOf(peer) };
    for (const other of others) this.send(other, { t: "members", topic, members: [newcomer] });
  }

  private async addressesOf(peer: Author): Promise<string[]> {
    const known = await this.transport.addressesOf(peer);
    return [...new Set([...(this.said.get(peer) ?? []), ...known])].slice(0, MAX_ADDRESSES);
  }

  /** Not the same ones first each time: those may be gone. */
  private some<T>(all: readonly T[], most: number): T[] {
    const start = Math.floor(this.random() * all.length);
    return [...all.slice(start), ...all.slice(0, start)].slice(0, most);
  }

  private onMembers({ members }: Extract<Message, { t: "members" }>): void {
    for (const { peer, addresses } of members) {
      if (peer !== this.self && !this.connected.has(peer)) this.transport.reconnect(peer, addresses);
    }
  }

  private send(peer: Author, message: Message): boolean {
    return this.transport.send(peer, encodeMessage(message));
  }
}
