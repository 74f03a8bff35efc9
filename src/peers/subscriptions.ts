// Who takes part in which topic.
//
// What we subscribe to counts at once, and is told a moment later, so that topics opened together are one message. A subscription has
// a number of its own, its *session*, and whatever is said in it names the session: an unsubscribe, or an announcement, that was
// under way while its sender came back means the old subscription, and changes nothing.
//
//   subscribe ─── pending ──(debounce)──> told to all ── unsubscribe ──> told to all
//                    └──── unsubscribe: as if it had never been
//
// Whoever connects is told everything, pending or not, and asked for the same; now and then again, until it is known to take part.

import type { Author } from "../entries/index.ts";
import { assert, HoldfastError } from "../errors.ts";
import type { Message } from "./messages.ts";
import type { Time } from "./time.ts";
import type { Topic, TopicKey } from "./topic-key.ts";

export const DEBOUNCE_MS = 50;
/** Whoever is connected and takes part in none of our topics is told of them again after the first pause, and then ever more rarely:
 *  what it was told may have been lost, or it has nothing to do with us. */
const TELL_AGAIN_MS = [1_000, 2_000, 4_000, 8_000, 15_000, 30_000, 60_000];
/** Peers that one topic can have: bounds what strangers can make us keep. */
const MAX_PEERS = 10_000;
/** Topics of one node: as many as one message tells. */
const MAX_TOPICS = 64;

export interface SubscriptionEvents {
  /** `peer` takes part in `topic`, in `session`. Told again when it has a new session: the one before has ended then. */
  onSubscribed(topic: Topic, peer: Author, session: number): void;
  onUnsubscribed(topic: Topic, peer: Author, session: number): void;
}

export interface SubscriptionParts {
  readonly self: Author;
  readonly time: Time;
  /** To one peer. */
  readonly send: (peer: Author, message: Message) => void;
  readonly connected: () => Iterable<Author>;
  readonly events: SubscriptionEvents;
}

interface Own {
  readonly key: TopicKey;
  readonly session: number;
  state: "pending" | "told";
  /** Somebody who connected, or asked, was told before the others. */
  isKnown: boolean;
}

export class Subscriptions {
  private readonly parts: SubscriptionParts;
  private readonly own = new Map<Topic, Own>();
  private readonly peers = new Map<Topic, Map<Author, number>>();
  private callOff: (() => void) | undefined;
  /** Who is told again, and what calls it off. */
  private readonly again = new Map<Author, () => void>();

  constructor(parts: SubscriptionParts) {
    this.parts = parts;
  }

  /** Topics that are ours, pending ones included. */
  get topics(): readonly Topic[] {
    return [...this.own.keys()];
  }

  /** How many are not told yet. */
  get pending(): number {
    return [...this.own.values()].filter(({ state }) => state === "pending").length;
  }

  /** Topics of which it is known who takes part: our own, and no others. */
  get tracked(): number {
    return this.peers.size;
  }

  /** The session of our own subscription. */
  sessionOf(topic: Topic): number | undefined {
    return this.own.get(topic)?.session;
  }

  /** Who takes part besides us. */
  subscribers(topic: Topic): readonly Author[] {
    return [...(this.peers.get(topic)?.keys() ?? [])];
  }

  /** The session in which `peer` takes part. */
  sessionOfPeer(topic: Topic, peer: Author): number | undefined {
    return this.peers.get(topic)?.get(peer);
  }

  /** `session`: greater than any that this node had in this topic before. Throws `BAD_OPTION`. */
  subscribe(key: TopicKey, session: number): void {
    assert(!this.own.has(key.topic), "a topic is subscribed to once");
    if (this.own.size >= MAX_TOPICS) {
      throw new HoldfastError("BAD_OPTION", `one node takes part in ${MAX_TOPICS} workspaces at the most`, {
        hint: "Close one of them first.",
      });
    }
    this.own.set(key.topic, { key, session, state: "pending", isKnown: false });
    this.peers.set(key.topic, new Map());
    this.callOff ??= this.parts.time.after(DEBOUNCE_MS, () => this.tellPending());
  }

  /** False when nobody had been told: then nobody is. */
  unsubscribe(topic: Topic): boolean {
    const own = this.own.get(topic);
    if (own === undefined) return false;
    this.own.delete(topic);
    // Guard "debounce clean-up": what was pending leaves no peers behind, and no alarm that would tell of it.
    this.peers.delete(topic);
    if (this.pending === 0) this.stopAlarm();
    if (!own.isKnown) return false;
    for (const peer of this.parts.connected()) {
      this.parts.send(peer, { t: "unsubscribe", topics: [{ topic, session: own.session }] });
    }
    return true;
  }

  close(): void {
    this.stopAlarm();
    for (const callOff of this.again.values()) callOff();
    this.again.clear();
  }

  connected(peer: Author): void {
    this.tell(peer, [...this.own.values()], true);
    this.tellAgain(peer, 0);
  }

  disconnected(peer: Author): void {
    this.again.get(peer)?.();
    this.again.delete(peer);
  }

  private tellAgain(peer: Author, times: number): void {
    this.again.get(peer)?.();
    const delayMs = TELL_AGAIN_MS[Math.min(times, TELL_AGAIN_MS.length - 1)] as number;
    const callOff = this.parts.time.after(delayMs, () => {
      const unanswered = [...this.own.values()].filter(({ key }) => this.peers.get(key.topic)?.has(peer) === false);
      this.tell(peer, unanswered, true);
      this.tellAgain(peer, unanswered.length === 0 ? TELL_AGAIN_MS.length : times + 1);
    });
    this.again.set(peer, callOff);
  }

  /** Whoever cannot be reached takes part no longer in what is said; whether it is gone is for others to find out. */
  forget(topic: Topic, peer: Author): void {
    const session = this.peers.get(topic)?.get(peer);
    if (session === undefined) return;
    this.peers.get(topic)?.delete(peer);
    if (this.again.has(peer)) this.tellAgain(peer, 0);
    this.parts.events.onUnsubscribed(topic, peer, session);
  }

  /** Asks `peer` what it is subscribed to. */
  ask(peer: Author): void {
    this.tell(peer, [...this.own.values()], true);
  }

  onSubscribe(peer: Author, message: Extract<Message, { t: "subscribe" }>): void {
    // First: what is asked of it on account of its subscription is heard from members only.
    if (message.ask) this.tell(peer, [...this.own.values()], false);
    for (const { topic, session, proof } of message.topics) {
      const own = this.own.get(topic);
      const peers = this.peers.get(topic);
      // A topic that is not ours is not tracked; a peer without the key is none.
      if (own === undefined || peers === undefined || !own.key.isProof(proof, peer, this.parts.self)) continue;
      const known = peers.get(peer);
      if (known !== undefined && session <= known) continue;
      if (known === undefined && peers.size >= MAX_PEERS) continue;
      peers.set(peer, session);
      this.parts.events.onSubscribed(topic, peer, session);
    }
  }

  onUnsubscribe(peer: Author, message: Extract<Message, { t: "unsubscribe" }>): void {
    for (const { topic, session } of message.topics) {
      const known = this.peers.get(topic)?.get(peer);
      // Guard "session check": an unsubscribe that was overtaken by a new subscription means the old one.
      if (known === undefined || session < known) continue;
      this.forget(topic, peer);
    }
  }

  private tellPending(): void {
    this.callOff = undefined;
    const pending = [...this.own.values()].filter(({ state }) => state === "pending");
    if (pending.length === 0) return;
    for (const own of pending) {
      own.state = "told";
      own.isKnown = true;
    }
    for (const peer of this.parts.connected()) this.tell(peer, pending, true);
  }

  private tell(peer: Author, topics: readonly Own[], ask: boolean): void {
    // Without topics of ours there is nothing to ask for either: an answer would not be tracked.
    if (topics.length === 0) return;
    for (const own of topics) own.isKnown = true;
    this.parts.send(peer, {
      t: "subscribe",
      topics: topics.map(({ key, session }) => ({
        topic: key.topic,
        session,
        proof: key.proof(this.parts.self, peer),
      })),
      ask,
    });
  }

  private stopAlarm(): void {
    this.callOff?.();
    this.callOff = undefined;
  }
}
