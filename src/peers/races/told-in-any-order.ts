// A peer of the scenarios: a node whose network delivers what others say in every order, and whose time stands still.

import { access } from "node:fs/promises";
import { type Author, type Entry, readEntry } from "../../entries/index.ts";
import type { Carried, Held, Holdings } from "../holdings.ts";
import { decodeMessage, encodeMessage, type Message } from "../messages.ts";
import { PeerNode } from "../peer-node.ts";
import { RowsInMemory } from "../replicator-rows.ts";
import type { AnnouncedSegment } from "../replicators.ts";
import { LAST_POINT } from "../ring.ts";
import type { SharedLog } from "../shared-log.ts";
import type { Time } from "../time.ts";
import { TopicKey } from "../topic-key.ts";
import type { Transport, TransportEvents } from "../transport.ts";

export const SELF = "aa".repeat(32);
export const [B, C] = ["bb".repeat(32), "cc".repeat(32)] as const;
export const KEY = new TopicKey(Buffer.alloc(32, 1));
/** A file that every scenario makes: asking for it takes until it is somebody's turn. */
export const TURN = "/turn";

/** Alarms ring when they are told to. */
export class StoppedTime implements Time {
  private readonly alarms = new Set<{ readonly delayMs: number; readonly ring: () => void }>();

  nowMs(): number {
    return 0;
  }
  after(delayMs: number, ring: () => void): () => void {
    const alarm = { delayMs, ring };
    this.alarms.add(alarm);
    return () => this.alarms.delete(alarm);
  }
  /** Lets those ring that were set for `delayMs`. */
  ring(delayMs: number): void {
    for (const alarm of [...this.alarms]) {
      if (alarm.delayMs !== delayMs) continue;
      this.alarms.delete(alarm);
      alarm.ring();
    }
  }
}

/** A network on which each frame arrives when it is its turn. */
export class AnyOrder implements Transport {
  readonly self = SELF;
  events: TransportEvents | undefined;
  readonly connected = new Set<Author>([B, C]);
  /** What was said to others. */
  readonly said: { readonly to: Author; readonly message: Message }[] = [];
  onSaid: ((to: Author, message: Message) => void) | undefined;

  async start(events: TransportEvents): Promise<void> {
    this.events = events;
    for (const peer of this.connected) events.onConnected(peer);
  }
  async stop(): Promise<void> {
    this.events = undefined;
  }
  send(to: Author, frame: Uint8Array): boolean {
    const message = decodeMessage(frame);
    this.said.push({ to, message });
    this.onSaid?.(to, message);
    return true;
  }
  async connect(address: string): Promise<Author> {
    return address;
  }
  reconnect(): void {}
  async addressesOf(): Promise<readonly string[]> {
    return [];
  }
  addresses(): readonly string[] {
    return [];
  }

  /** `message` comes from `from` sooner or later. */
  async deliver(from: Author, message: Message): Promise<void> {
    await access(TURN);
    this.events?.onFrame(from, encodeMessage(message));
  }
}

/** A store that has to be read before anything is known of it. */
export class SlowHoldings implements Holdings {
  readonly self = SELF;
  readonly entries = new Map<string, Entry>();
  onEvict: ((ids: readonly string[]) => void) | undefined;

  async *all(): AsyncIterable<readonly Held[]> {
    await access(TURN);
    yield [...this.entries.values()].map((entry) => ({ id: entry.id, entry }));
  }
  has(id: string): boolean {
    return this.entries.has(id);
  }
  entry(id: string): Entry | undefined {
    return this.entries.get(id);
  }
  async carried(id: string): Promise<Carried | undefined> {
    const entry = this.entries.get(id);
    return entry && { block: entry.block, content: new Uint8Array(0) };
  }
  async piece(): Promise<Uint8Array | undefined> {
    return new Uint8Array(0);
  }
  hasContent(): boolean {
    return true;
  }
  async stage(): Promise<Uint8Array> {
    return new Uint8Array(0);
  }
  discard(): void {}
  async add(): Promise<void> {}
  async evict(ids: readonly string[]): Promise<void> {
    this.onEvict?.(ids);
    for (const id of ids) this.entries.delete(id);
  }
}

export interface Scene {
  readonly network: AnyOrder;
  readonly time: StoppedTime;
  readonly holdings: SlowHoldings;
  readonly node: PeerNode;
  /** Opens the log; what is told before that is told to nobody. */
  open(): Promise<SharedLog>;
  /** Joins, leaves and changes that a user has heard of who began to listen when the log was open. */
  readonly heard: string[];
}

export async function scene(): Promise<Scene> {
  const [network, time, holdings] = [new AnyOrder(), new StoppedTime(), new SlowHoldings()];
  const node = new PeerNode({ transport: network, time, random: () => 0 });
  await node.start();
  const heard: string[] = [];
  let isListening = false;
  const hear = (what: string) => (): void => {
    if (isListening) heard.push(what);
  };
  const open = async (): Promise<SharedLog> => {
    const log = await node.openLog({
      key: KEY,
      holdings,
      rows: new RowsInMemory(),
      incarnation: 1,
      roleAgeMs: 0,
      readEntry: async (block) => readEntry(block),
      events: { onJoin: hear("join"), onLeave: hear("leave"), onChange: hear("change") },
    });
    isListening = true;
    log.begin();
    return log;
  };
  return { network, time, holdings, node, open, heard };
}

export function subscribe(from: Author, session: number): Message {
  return { t: "subscribe", topics: [{ topic: KEY.topic, session, proof: KEY.proof(from, SELF) }], ask: false };
}

export function unsubscribe(session: number): Message {
  return { t: "unsubscribe", topics: [{ topic: KEY.topic, session }] };
}

/** Segments with these numbers, each of them the whole ring. */
export function announce(from: Author, session: number, n: number, ...ids: number[]): Message {
  const segments = ids.map(
    (id): AnnouncedSegment => ({
      id: String(id).padStart(32, "0"),
      owner: from,
      start: 0n,
      span: LAST_POINT,
      ageMs: 0,
    }),
  );
  return { t: "announce", topic: KEY.topic, session, n, kind: "full", segments };
}

/** Says that the sender is in `session` and has announced up to `n`. */
export function beat(session: number, n: number): Message {
  return { t: "beat", topic: KEY.topic, session, n, revision: 0, k: 1, seen: null, probe: null, echo: null };
}
