// One workspace's log among peers. Start here, then read
//
//   peer-node.ts      one process on the network, with the logs of its workspaces
//   subscriptions.ts  who takes part            replicators.ts  who holds which part of the ring
//   leaders.ts        who has to hold what      presence.ts     who is there, and how far
//   pushing.ts        what is made here goes to its leaders at once
//   catch-up.ts       what is missing here is found and fetched; answering.ts is the other side
//   intake.ts         what comes is checked, and goes into the store, parents first
//   prune.ts          what others have to hold is let go here
//
// Messages may be lost, doubled, late and out of order: each of these steps is such that a beat (presence.ts) starts it again where
// it has to be, and that twice is as good as once.

import { HoldUntilReady } from "../coordination/index.ts";
import { type Author, type Entry, type EntryId, readEntryAside } from "../entries/index.ts";
import { HoldfastError, isHoldfastError, toHoldfastError } from "../errors.ts";
import { Acknowledgements } from "./acknowledgements.ts";
import { Answering } from "./answering.ts";
import { Calls, refusal } from "./calls.ts";
import { CatchUp } from "./catch-up.ts";
import { Contents } from "./contents.ts";
import { type PlaceRange, rangeOf } from "./entry-index.ts";
import { HeldEntries } from "./held-entries.ts";
import type { Holdings } from "./holdings.ts";
import { Intake } from "./intake.ts";
import { Leaders } from "./leaders.ts";
import type { Message } from "./messages.ts";
import { OwnSegments } from "./own-segments.ts";
import { Presence } from "./presence.ts";
import { Prune } from "./prune.ts";
import { Pushing } from "./pushing.ts";
import type { ReplicatorRows } from "./replicator-rows.ts";
import { Replicators } from "./replicators.ts";
import { coordinateOf, type Point } from "./ring.ts";
import type { Segment } from "./segments.ts";
import { pass, type Time } from "./time.ts";

export interface SharedLogEvents {
  onJoin?(peer: Author): void;
  onLeave?(peer: Author): void;
  onChange?(peer: Author): void;
  onMature?(peer: Author, segment: Segment): void;
  /** Entries of others that are in the store now. */
  onEntries?(entries: readonly Entry[]): void;
  /** What was refused, or could not be done; the rest goes on. */
  onError?(error: HoldfastError): void;
}

export interface SharedLogOptions {
  /** Copies of each entry that there are to be. Default 2. */
  readonly replicas?: number;
  /** A segment counts for others when it is this old, ms. Default 3,000. */
  readonly roleAgeMs?: number;
  /** Between two beats to a peer, ms. Default 2,000. */
  readonly beatMs?: number;
  /** Replicators of before a restart that were not heard of for so long are forgotten, ms. Default 15,000. */
  readonly restartCheckMs?: number;
  /** Checks a block's shape and signature; by default on another thread. */
  readonly readEntry?: (block: Uint8Array) => Promise<Entry>;
  readonly events?: SharedLogEvents;
}

export interface SharedLogParts extends SharedLogOptions {
  readonly self: Author;
  readonly topic: string;
  readonly holdings: Holdings;
  readonly rows: ReplicatorRows;
  readonly time: Time;
  readonly random: () => number;
  readonly send: (peer: Author, message: Message) => boolean;
  /** Our own subscription. */
  readonly session: number;
  readonly sessionOf: (peer: Author) => number | undefined;
  /** `peer` counts as gone: its subscription has ended. */
  readonly forget: (peer: Author) => void;
  /** Asks `peer` what it is subscribed to. */
  readonly ask: (peer: Author) => void;
  readonly reconnect: (peer: Author) => void;
}

export interface PeerStatus {
  readonly peer: Author;
  readonly isReplicator: boolean;
  /** Of the ring. */
  readonly share: number;
  /** We have everything we want of it, and it of us. */
  readonly converged: boolean;
  /** How long its last answer took; undefined while it has given none. */
  readonly pingMs: number | undefined;
}

export interface LogStatus {
  readonly peers: readonly PeerStatus[];
  /** Replicators that went silent and have not come back. */
  readonly away: readonly Author[];
  readonly converged: boolean;
  readonly entries: number;
  /** On their way to peers; kept aside because what they were made from is missing. */
  readonly sending: number;
  readonly waiting: number;
}

const DEFAULT_REPLICAS = 2;
const ROLE_AGE_MS = 3_000;
const BEAT_MS = 2_000;
const RESTART_CHECK_MS = 15_000;
/** Pauses after a catching up that failed, ms. */
const RETRY_MS = [200, 1_000, 5_000];
/** After the last change of who leads what, before anything is let go, ms. */
const PRUNE_AFTER_MS = 2_000;
/** Messages held while the log opens. */
const MAX_HELD = 10_000;

interface Pulling {
  /** By which of our wishes everything was pulled last. */
  wishes: number;
  run: Promise<void> | undefined;
  failures: number;
}

export class SharedLog {
  readonly self: Author;
  readonly topic: string;
  readonly replicas: number;
  private readonly parts: SharedLogParts;
  private readonly calls: Calls;
  private readonly replicators: Replicators;
  private readonly presence: Presence;
  private readonly own: OwnSegments;
  private readonly arriving: HoldUntilReady<number, { peer: Author; message: Message }>;
  private readonly closing = new AbortController();
  private readonly acknowledgements: Acknowledgements;
  private readonly underWay = new Set<Promise<unknown>>();
  private readonly pulls = new Map<Author, Pulling>();
  private readonly away = new Set<Author>();
  /** Questions that are being answered, by who asked and under which number: asked again, they are not answered twice. */
  private readonly answeringNow = new Set<string>();
  private arrived = 0;
  private wishes = 0;
  private wanted: readonly PlaceRange[] = [];
  private leadersNow: Leaders | undefined;
  private leadersToBe: Leaders | undefined;
  private pruneAlarm: (() => void) | undefined;
  private opened: Opened | undefined;
  /** Somebody was heard of, or there was time enough for it. */
  private hasLookedAround = false;

  /** What arrives from now on is held until `open`. */
  constructor(parts: SharedLogParts) {
    const { self, topic, time, random, send, session, rows, events = {} } = parts;
    this.parts = parts;
    this.self = self;
    this.topic = topic;
    this.replicas = parts.replicas ?? DEFAULT_REPLICAS;
    const roleAgeMs = parts.roleAgeMs ?? ROLE_AGE_MS;
    this.calls = new Calls({ time, random, send, topic });
    this.acknowledgements = new Acknowledgements(time, (peer, entry) => this.leadersOf(entry).has(peer));
    this.replicators = new Replicators({
      time,
      rows,
      roleAgeMs,
      sessionOf: parts.sessionOf,
      events: {
        onJoin: (peer) => {
          this.away.delete(peer);
          events.onJoin?.(peer);
        },
        onLeave: (peer) => events.onLeave?.(peer),
        onChange: (peer) => events.onChange?.(peer),
        onMature: (peer, segment) => events.onMature?.(peer, segment),
        onTable: () => this.onTable(),
      },
    });
    this.own = new OwnSegments({
      self,
      topic,
      time,
      roleAgeMs,
      session: () => session,
      tellAll: (message) => {
        for (const [peer] of this.presence.all) send(peer, message);
      },
      onChange: () => this.onTable(),
    });
    this.presence = new Presence({
      time,
      random,
      topic,
      beatMs: parts.beatMs ?? BEAT_MS,
      send,
      own: () => ({ session, n: this.own.n, revision: this.opened?.held.revision ?? 0 }),
      onSilent: (peer, theirSession) => this.onSilent(peer, theirSession),
      onBeat: (peer) => this.onBeat(peer),
      onSeen: (peer, revision) => this.acknowledgements.seen(peer, revision),
    });
    this.arriving = new HoldUntilReady(({ peer, message }) => this.handle(peer, message), { limit: MAX_HELD });
  }

  /** Reads what the store holds; then everything that came meanwhile is taken in. */
  async open(): Promise<void> {
    const { holdings, events = {}, time, restartCheckMs = RESTART_CHECK_MS } = this.parts;
    const held = await HeldEntries.of(holdings);
    if (this.closing.signal.aborted) return;
    const { calls } = this;
    const contents = new Contents({
      holdings,
      calls,
      holders: ({ entry }) => [...this.leaders("now").of(coordinateOf(entry))].filter((peer) => peer !== this.self),
    });
    const intake = new Intake({
      holdings,
      held,
      contents,
      readEntry: this.parts.readEntry ?? readEntryAside,
      onTaken: (_peer, entries) => {
        this.presence.soon();
        events.onEntries?.(entries);
      },
      onRefused: (peer, error) => this.onRefused(peer, error),
    });
    const pushing = new Pushing({
      holdings,
      calls,
      onTaken: (peer, ids) => this.acknowledgements.taken(peer, ids),
      onFailure: (_peer, error) => {
        // Whoever has compared meanwhile was not told of what was on its way to it: it is to look again.
        held.index.touch();
        this.presence.soon();
        this.onError(error);
      },
    });
    this.opened = {
      held,
      intake,
      pushing,
      catchUp: new CatchUp({ held, calls, intake, onProgress: () => {} }),
      answering: new Answering({
        holdings,
        held,
        intake,
        isUnderWay: (peer, id) => pushing.isUnderWay(peer, id),
        isLeader: (coordinate) => this.leaders("to be").of(coordinate).has(this.self),
        settled: async (peer, ids) => {
          await this.pull(peer);
          return ids.filter((id) => held.hasId(id));
        },
      }),
      prune: new Prune({
        self: this.self,
        replicas: this.replicas,
        holdings,
        held,
        calls,
        leadersOf: (coordinate) => this.leaders("now").of(coordinate),
        isWanted: (coordinate) => this.leaders("to be").of(coordinate).has(this.self),
      }),
    };
    this.onTable();
    this.arriving.ready();
    // Does not hold up the opening: replicators of before a restart count until they have had time to say something.
    this.track(
      pass(time, restartCheckMs, this.closing.signal).then(() => {
        if (this.closing.signal.aborted) return;
        this.hasLookedAround = true;
        for (const peer of this.replicators.unheard) {
          if (this.parts.sessionOf(peer) === undefined) this.replicators.leave(peer, Number.MAX_SAFE_INTEGER);
        }
      }),
    );
  }

  /** Ends what is under way, and waits for it. */
  async close(): Promise<void> {
    this.closing.abort(new HoldfastError("INTERRUPTED", "the log was closed"));
    this.presence.close();
    this.replicators.close();
    this.own.close();
    this.pruneAlarm?.();
    this.calls.giveUp();
    this.acknowledgements.close();
    while (this.underWay.size > 0) await Promise.allSettled(this.underWay);
  }

  /** Holds `share` of the ring from `start` on from now on. */
  replicate(start: Point, share: number, id?: string): Segment {
    return this.own.set(start, share, id);
  }

  stopReplicating(ids: readonly string[]): void {
    this.own.remove(ids);
  }

  get segments(): readonly Segment[] {
    return [...this.own.all("all"), ...this.replicators.segments("all")];
  }

  isMature(segment: Segment): boolean {
    if (segment.owner === this.self) return this.own.all("mature").some(({ id }) => id === segment.id);
    return this.replicators.isMature(segment);
  }

  get replicatorPeers(): readonly Author[] {
    return this.replicators.all;
  }

  /** Who has to hold it. */
  leadersOf(entry: Entry): ReadonlySet<Author> {
    return this.leaders("now").of(coordinateOf(entry));
  }

  /** Entries that were made here, and are in the store: tells their leaders. */
  note(entries: readonly Entry[]): void {
    const { opened } = this;
    if (opened === undefined) return;
    const fresh = entries.filter((entry) => opened.held.note({ id: entry.id, entry }));
    if (fresh.length === 0) return;
    this.acknowledgements.made(fresh, opened.held.revision);
    const byPeer = new Map<Author, Entry[]>();
    for (const entry of fresh) {
      const coordinate = coordinateOf(entry);
      for (const peer of new Set([...this.leaders("now").of(coordinate), ...this.leaders("to be").of(coordinate)])) {
        if (peer === this.self || this.presence.of(peer) === undefined) continue;
        byPeer.set(peer, [...(byPeer.get(peer) ?? []), entry]);
      }
    }
    for (const [peer, theirs] of byPeer) opened.pushing.push(peer, theirs);
    this.presence.soon();
  }

  /** Resolves when so many peers have written `entry` down. Throws `PEER_TIMEOUT`, `INTERRUPTED`. */
  acknowledged(entry: EntryId, minAcks: number, timeoutMs: number): Promise<void> {
    return this.acknowledgements.wait(entry, minAcks, timeoutMs);
  }

  status(): LogStatus {
    const peers = [...this.presence.all].map(([peer, { pingMs }]): PeerStatus => {
      const segments = this.replicators.segmentsOf(peer);
      return {
        peer,
        isReplicator: segments.length > 0,
        share: segments.reduce((sum, { span }) => sum + (Number(span) + 1) / 2 ** 64, 0),
        converged: this.isEven(peer),
        pingMs,
      };
    });
    const sending = this.opened?.pushing.count ?? 0;
    const waiting = this.opened?.intake.asideCount ?? 0;
    return {
      peers,
      away: [...this.away],
      converged:
        this.hasLookedAround &&
        sending === 0 &&
        waiting === 0 &&
        this.away.size === 0 &&
        this.replicators.unheard.length === 0 &&
        peers.every((peer) => peer.converged),
      entries: this.opened?.held.count ?? 0,
      sending,
      waiting,
    };
  }

  /** What a member said to this log. */
  onMessage(peer: Author, message: Message): void {
    this.arrived += 1;
    this.arriving.push(this.arrived, { peer, message });
  }

  onSubscribed(peer: Author, session: number): void {
    const before = this.presence.of(peer);
    if (before !== undefined) this.lose(peer);
    this.away.delete(peer);
    this.presence.add(peer, session);
    this.parts.send(peer, this.own.full());
  }

  onUnsubscribed(peer: Author, session: number): void {
    this.lose(peer);
    this.presence.remove(peer);
    this.replicators.leave(peer, session);
  }

  /** The connection is back, or there is a new one. */
  onConnected(peer: Author): void {
    if (this.presence.of(peer) !== undefined) this.presence.soon();
  }

  private lose(peer: Author): void {
    this.calls.giveUp(peer);
    this.opened?.pushing.forget(peer);
    this.opened?.intake.forget(peer);
    this.acknowledgements.forget(peer);
    this.pulls.delete(peer);
  }

  private onSilent(peer: Author, session: number): void {
    // Guard "stale probe": it has subscribed anew since it was asked.
    if (this.parts.sessionOf(peer) !== session) return;
    this.away.add(peer);
    this.parts.forget(peer);
    this.parts.reconnect(peer);
  }

  private onBeat(peer: Author): void {
    const present = this.presence.of(peer);
    if (present === undefined) return;
    if (this.replicators.isBehind(peer, present.session, present.n)) {
      this.parts.send(peer, { t: "announce?", topic: this.topic });
    }
    void this.pull(peer);
  }

  private handle(peer: Author, message: Message): void {
    if (this.closing.signal.aborted) return;
    this.presence.heard(peer);
    switch (message.t) {
      case "announce":
        this.onAnnouncement(peer, message);
        return;
      case "announce?":
        this.parts.send(peer, this.own.full());
        return;
      case "beat":
        this.presence.onBeat(peer, message);
        return;
      case "call":
        this.track(this.answer(peer, message));
        return;
      case "answer":
        this.calls.onAnswer(peer, message);
        return;
      case "refused":
        this.onError(
          new HoldfastError("PEER_REFUSED", `the peer ${peer} refused: ${message.error.message}`, {
            details: { peer },
          }),
        );
        return;
      default:
        return;
    }
  }

  private onAnnouncement(peer: Author, said: Extract<Message, { t: "announce" }>): void {
    try {
      const outcome = this.replicators.receive(peer, said);
      if (outcome === "gap") this.parts.send(peer, { t: "announce?", topic: this.topic });
    } catch (error) {
      const told = toHoldfastError(error);
      this.onError(told);
      if (told.code === "BAD_ANNOUNCEMENT") this.onRefused(peer, told);
    }
  }

  private async answer(peer: Author, { id, call }: Extract<Message, { t: "call" }>): Promise<void> {
    const key = `${peer} ${id}`;
    if (this.answeringNow.has(key)) return;
    this.answeringNow.add(key);
    const { topic } = this;
    try {
      const result = await this.opened?.answering.answer(peer, call);
      if (result !== undefined) this.parts.send(peer, { t: "answer", topic, id, result });
    } catch (error) {
      this.onError(toHoldfastError(error));
      this.parts.send(peer, { t: "answer", topic, id, result: { error: refusal(error) } });
    } finally {
      this.answeringNow.delete(key);
    }
  }

  /** Resolves when everything that `peer` had, when it last said how much that is, is here. */
  private async pull(peer: Author): Promise<void> {
    const state = this.pulls.get(peer) ?? { wishes: -1, run: undefined, failures: 0 };
    this.pulls.set(peer, state);
    state.run ??= this.pullUntilEven(peer, state).finally(() => {
      state.run = undefined;
    });
    this.track(state.run);
    await state.run;
  }

  private async pullUntilEven(peer: Author, state: Pulling): Promise<void> {
    while (!this.closing.signal.aborted && this.pulls.get(peer) === state && this.isBehind(peer, state)) {
      const present = this.presence.of(peer);
      const revision = present?.revision;
      if (present === undefined || revision === undefined || this.opened === undefined) return;
      const { wishes } = this;
      try {
        await this.opened.catchUp.pull(peer, this.wanted);
        this.hasLookedAround = true;
        state.failures = 0;
        state.wishes = wishes;
        present.pulled = Math.max(present.pulled ?? 0, revision);
        this.presence.soon();
      } catch (error) {
        if (this.pulls.get(peer) !== state) return;
        this.onError(toHoldfastError(error));
        await pass(
          this.parts.time,
          RETRY_MS[Math.min(state.failures, RETRY_MS.length - 1)] as number,
          this.closing.signal,
        );
        state.failures += 1;
      }
    }
  }

  private isBehind(peer: Author, state: Pulling | undefined): boolean {
    const present = this.presence.of(peer);
    if (present?.revision === undefined) return false;
    return (present.pulled ?? -1) < present.revision || state?.wishes !== this.wishes;
  }

  private isEven(peer: Author): boolean {
    const present = this.presence.of(peer);
    if (present?.revision === undefined || this.opened === undefined) return false;
    if (this.isBehind(peer, this.pulls.get(peer))) return false;
    return (
      (present.seen ?? -1) >= this.opened.held.revision && !this.replicators.isBehind(peer, present.session, present.n)
    );
  }

  /** `now`: as the segments count for everybody. `to be`: as if the young ones did, so that they are filled before they count. */
  private leaders(when: "now" | "to be"): Leaders {
    if (when === "now") {
      this.leadersNow ??= new Leaders(
        [...this.own.all("mature"), ...this.replicators.segments("mature")],
        this.replicas,
      );
      return this.leadersNow;
    }
    this.leadersToBe ??= new Leaders([...this.own.all("all"), ...this.replicators.segments("mature")], this.replicas);
    return this.leadersToBe;
  }

  private onTable(): void {
    this.leadersNow = undefined;
    this.leadersToBe = undefined;
    if (this.opened === undefined) return;
    const wanted = this.leaders("to be")
      .ledBy(this.self)
      .map(({ from, to }) => rangeOf(from, to));
    if (JSON.stringify(wanted) !== JSON.stringify(this.wanted)) {
      this.wanted = wanted;
      this.wishes += 1;
      for (const [peer] of this.presence.all) void this.pull(peer);
    }
    this.presence.soon();
    this.pruneAlarm?.();
    this.pruneAlarm = this.parts.time.after(PRUNE_AFTER_MS, () => this.pruneSoon());
  }

  private pruneSoon(): void {
    this.pruneAlarm = undefined;
    const { opened } = this;
    if (opened === undefined || this.closing.signal.aborted || opened.prune.candidates().length === 0) return;
    this.track(
      opened.prune.run(this.closing.signal).then((removed) => {
        if (removed > 0) this.presence.soon();
        // Whoever has to hold the rest may not have got it yet.
        if (!this.closing.signal.aborted && opened.prune.candidates().length > 0) {
          this.pruneAlarm ??= this.parts.time.after(PRUNE_AFTER_MS, () => this.pruneSoon());
        }
      }),
    );
  }

  private onRefused(peer: Author, error: HoldfastError): void {
    this.parts.send(peer, {
      t: "refused",
      topic: this.topic,
      error: { code: error.code, message: error.message.slice(0, 4_096) },
    });
    this.onError(error);
  }

  private onError(error: HoldfastError): void {
    if (this.closing.signal.aborted || isHoldfastError(error, "INTERRUPTED")) return;
    this.parts.events?.onError?.(error);
  }

  private track(work: Promise<unknown>): void {
    const settled = work
      .catch((error) => this.onError(toHoldfastError(error)))
      .finally(() => this.underWay.delete(settled));
    this.underWay.add(settled);
  }
}

interface Opened {
  readonly held: HeldEntries;
  readonly intake: Intake;
  readonly pushing: Pushing;
  readonly catchUp: CatchUp;
  readonly answering: Answering;
  readonly prune: Prune;
}
