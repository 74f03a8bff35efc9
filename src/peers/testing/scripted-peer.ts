// A peer that says exactly what a test makes it say, and keeps what it hears.

import { type Identity, newIdentity } from "../../entries/index.ts";
import { decodeMessage, encodeMessage, type Message } from "../messages.ts";
import type { AnnouncedSegment } from "../replicators.ts";
import { LAST_POINT } from "../ring.ts";
import type { SimulatedTransport } from "./simulated-network.ts";
import type { Simulation } from "./simulated-peers.ts";

export class ScriptedPeer {
  readonly simulation: Simulation;
  readonly identity: Identity = newIdentity().identity;
  readonly heard: Message[] = [];
  readonly transport: SimulatedTransport;
  session = 1;
  private beats = 0;

  constructor(simulation: Simulation) {
    this.simulation = simulation;
    this.transport = simulation.network.transport(this.id);
  }

  get id(): string {
    return this.identity.author;
  }

  get topic(): string {
    return this.simulation.key.topic;
  }

  async start(): Promise<void> {
    await this.transport.start({
      onConnected: () => {},
      onDisconnected: () => {},
      onFrame: (_peer, frame) => this.heard.push(decodeMessage(frame)),
    });
  }

  send(to: { readonly id: string }, message: Message): void {
    this.transport.send(to.id, encodeMessage(message));
  }

  sendBytes(to: { readonly id: string }, frame: Uint8Array): void {
    this.transport.send(to.id, frame);
  }

  subscribe(to: { readonly id: string }, session = this.session): void {
    this.session = session;
    const proof = this.simulation.key.proof(this.id, to.id);
    this.send(to, { t: "subscribe", topics: [{ topic: this.topic, session, proof }], ask: false });
  }

  unsubscribe(to: { readonly id: string }, session = this.session): void {
    this.send(to, { t: "unsubscribe", topics: [{ topic: this.topic, session }] });
  }

  /** A segment of its own: the whole ring unless said otherwise. */
  segment(number: number, changes: Partial<AnnouncedSegment> = {}): AnnouncedSegment {
    const id = number.toString(16).padStart(32, "0");
    return { id, owner: this.id, start: 0n, span: LAST_POINT, ageMs: 0, ...changes };
  }

  announce(
    to: { readonly id: string },
    n: number,
    segments: readonly AnnouncedSegment[],
    { kind = "full", session = this.session }: { kind?: "full" | "added" | "stopped"; session?: number } = {},
  ): void {
    this.send(to, { t: "announce", topic: this.topic, session, n, kind, segments: [...segments] });
  }

  /** So that it does not count as gone. */
  beat(to: { readonly id: string }, n = 0): void {
    const { topic, session } = this;
    this.beats += 1;
    this.send(to, { t: "beat", topic, session, n, revision: 0, k: this.beats, seen: null, probe: null, echo: null });
  }

  said<T extends Message["t"]>(kind: T): Extract<Message, { t: T }>[] {
    return this.heard.filter((message): message is Extract<Message, { t: T }> => message.t === kind);
  }
}
