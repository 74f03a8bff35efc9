// One workspace's log among peers. Start here, then read
//
//   peer-node.ts      one process on the network, with the logs of its workspaces
//   subscriptions.ts  who takes part            replicators.ts   who holds which part of the ring
//   leaders.ts        who has to hold what      presence.ts      who is there, and how far
//   pushing.ts        what is made here goes to its leaders at once
//   pulls.ts          what is missing here is found and fetched (catch-up.ts); answering.ts is the other side
//   intake.ts         what comes is checked, and goes into the store, parents first
//   prune.ts          what others have to hold is let go here
//
// Messages may be lost, doubled, late and out of order: each of these steps is such that a beat (presence.ts) starts it again where
// it has to be, and that twice is as good as once.

import { HoldUntilReady } from "../coordination/index.ts";
import type { Author, Entry, EntryId } from "../entries/index.ts";
import { HoldfastError, isHoldfastError, toHoldfastError } from "../errors.ts";
import { Acknowledgements } from "./acknowledgements.ts";
import { Calls, refusal } from "./calls.ts";
import { isPlainDelete } from "./held-entries.ts";
import { LeaderTable } from "./leader-table.ts";
import { DEFAULTS, type LogStatus, type PeerStatus, type SharedLogParts } from "./log-options.ts";
import type { Message } from "./messages.ts";
import { type OpenedLog, openLog } from "./opened-log.ts";
import { OwnSegments } from "./own-segments.ts";
import { Presence } from "./presence.ts";
import { PruneRounds } from "./prune-rounds.ts";
import { ReplicatorWaits } from "./replicator-waits.ts";
import { Replicators } from "./replicators.ts";
import { coordinateOf, type Point } from "./ring.ts";
import { type Segment, shareOf } from "./segments.ts";
import { pass } from "./time.ts";

export type { LogStatus, PeerStatus, SharedLogEvents, SharedLogOptions, SharedLogParts } from "./log-options.ts";

/** Questions of one peer that are being answered at once, at the most. */
const MAX_ANSWERS = 64;
/** Messages held while the log opens. */
const MAX_HELD = 10_000;

export class SharedLog {
  readonly self: Author;
  readonly topic: string;
  readonly replicas: number;
  private readonly parts: SharedLogParts;
  private readonly calls: Calls;
  private readonly replicators: Replicators;
  private readonly presence: Presence;
  private readonly own: OwnSegments;
  private readonly table: LeaderTable;
  private readonly acknowledgements: Acknowledgements;
  private readonly waits: ReplicatorWaits;
  private readonly arriving: HoldUntilReady<number, { peer: Author; message: Message }>;
  private readonly closing = new AbortController();
  private readonly underWay = new Set<Promise<unknown>>();
  /** Replicators that went silent and have not come back. */
  private readonly away = new Set<Author>();
  /** Questions that are being answered, by who asked and under which number: asked again, they are not answered twice. */
  private readonly answeringNow = new Set<string>();
  private readonly answersByPeer = new Map<Author, number>();
  private arrived = 0;
  private readonly pruning: PruneRounds;
  private tableAlarm: (() => void) | undefined;
  private opened: OpenedLog | undefined;
  /** Somebody was heard of, or there was time enough for it. */
  private hasLookedAround = false;

  /** What arrives from now on is held until `begin`. */
  constructor(parts: SharedLogParts) {
    const { self, topic, time, random, send, session, rows, sessionOf, events = {} } = parts;
    const { replicas = DEFAULTS.replicas, roleAgeMs = DEFAULTS.roleAgeMs, beatMs = DEFAULTS.beatMs } = parts;
    this.parts = parts;
    this.self = self;
    this.topic = topic;
    this.replicas = replicas;
    this.calls = new Calls({ time, random, send, topic });
    this.waits = new ReplicatorWaits(time, () => this.matureReplicators());
    this.replicators = new Replicators({
      time,
      rows,
      roleAgeMs,
      sessionOf,
      events: {
        onJoin: (peer) => events.onJoin?.(peer),
        onLeave: (peer) => events.onLeave?.(peer),
        onChange: (peer) => {
          // What it had of us was all that it wanted by then.
          this.acknowledgements.forget(peer);
          const present = this.presence.of(peer);
          if (present !== undefined) present.seen = undefined;
          events.onChange?.(peer);
        },
        onMature: (peer, segment) => {
          events.onMature?.(peer, segment);
          this.waits.look();
        },
        onTable: () => this.onTable(),
        onError: (error) => this.onError(toHoldfastError(error)),
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
      onChange: () => {
        // At once: the next beat speaks of what we have to hold by this announcement.
        this.table.invalidate();
        this.afterTable();
        this.presence.soon();
      },
    });
    this.table = new LeaderTable({
      self,
      replicas,
      own: (which) => this.own.all(which),
      others: (which) => this.replicators.segments(which),
    });
    this.acknowledgements = new Acknowledgements(time, (peer, entry) => this.table.covers(peer, coordinateOf(entry)));
    this.presence = new Presence({
      time,
      random,
      topic,
      beatMs,
      send,
      own: () => ({ session, n: this.own.n, revision: this.opened?.held.revision ?? 0 }),
      isOutdated: (peer, beat) => this.replicators.isBeyond(peer, beat.session, beat.n),
      onSilent: (peer, theirSession) => this.onSilent(peer, theirSession),
      onBeat: (peer, isNews) => this.onBeat(peer, isNews),
      onNewer: (peer) => this.parts.ask(peer),
      onSeen: (peer, revision) => this.onSeen(peer, revision),
    });
    this.pruning = new PruneRounds({
      time,
      prune: () => this.opened?.prune,
      closing: this.closing.signal,
      onRemoved: () => this.presence.soon(),
      track: (work) => this.track(work),
    });
    // Guard "held until ready": what comes while the store is read is neither dropped nor taken in too early.
    this.arriving = new HoldUntilReady(({ peer, message }) => this.handle(peer, message), { limit: MAX_HELD });
  }

  /** Reads what the store holds. Throws what the store throws. */
  async open(): Promise<void> {
    const { time, restartCheckMs = DEFAULTS.restartCheckMs } = this.parts;
    const opened = await openLog({
      log: this.parts,
      replicas: this.replicas,
      calls: this.calls,
      presence: this.presence,
      table: this.table,
      acknowledgements: this.acknowledgements,
      closing: this.closing.signal,
      onTaken: (entries) => {
        this.presence.soon();
        // Pushed by somebody who takes us for a leader still: it is let go again when its leaders have it.
        if (entries.some((entry) => !this.table.isWanted(coordinateOf(entry)))) this.pruning.soon();
        this.parts.events?.onEntries?.(entries);
      },
      onEven: (peer) => {
        this.hasLookedAround = true;
        this.presence.soon(peer);
      },
      onRefused: (peer, error) => this.onRefused(peer, error),
      onError: (error) => this.onError(error),
    });
    if (this.closing.signal.aborted) return;
    this.opened = opened;
    this.onTable();
    // Does not hold up the opening: replicators of before a restart count until they have had time to say something.
    this.track(pass(time, restartCheckMs, this.closing.signal).then(() => this.checkAfterRestart()));
  }

  /** Everything that came meanwhile is taken in, and from now on what comes: whoever is to hear of it listens by now. */
  begin(): void {
    if (!this.closing.signal.aborted) this.arriving.ready();
  }

  /** Ends what is under way, and waits for it. */
  async close(): Promise<void> {
    const interrupted = new HoldfastError("INTERRUPTED", "the log was closed");
    this.closing.abort(interrupted);
    this.presence.close();
    this.replicators.close();
    this.own.close();
    this.pruning.close();
    this.tableAlarm?.();
    this.calls.close();
    this.acknowledgements.close();
    this.waits.close(interrupted);
    while (this.underWay.size > 0) await Promise.allSettled(this.underWay);
  }

  /** Holds `share` of the ring from `start` on from now on; under an `id` that is ours already, in place of what it was. Throws
   *  `BAD_OPTION`. */
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

  /** Others that hold some of the ring. */
  get replicatorPeers(): readonly Author[] {
    return this.replicators.all;
  }

  /** Resolves with a replicator whose segments count: `peer`, or the first there is. Throws `PEER_TIMEOUT`, `INTERRUPTED`. */
  waitForReplicator(timeoutMs: number, peer?: Author): Promise<Author> {
    return this.waits.wait(timeoutMs, peer);
  }

  /** `peer`'s proof that its entries may be brought to the hub of this epoch. Throws `PEER_UNREACHABLE`, `PEER_REFUSED`. */
  async vouchedBy(peer: Author, epoch: string): Promise<Uint8Array> {
    return (await this.calls.ask(peer, { call: "vouch", epoch })).proof;
  }

  /** Who has to hold it. */
  leadersOf(entry: Entry): ReadonlySet<Author> {
    return this.table.of(coordinateOf(entry));
  }

  /** Entries that were made here, or came by another way, and are in the store: tells their leaders. */
  note(entries: readonly Entry[]): void {
    const { opened } = this;
    if (opened === undefined) return;
    // What comes from peers is noticed in the store as well; that is the intake's to tell.
    const made = entries.filter(({ id }) => !opened.intake.isAdding(id));
    const fresh = made.filter((entry) => opened.held.note({ id: entry.id, entry }));
    if (fresh.length === 0) return;
    this.acknowledgements.made(fresh, opened.held.revision);
    if (fresh.some((entry) => !this.table.isWanted(coordinateOf(entry)))) this.pruning.noteAbroad();
    const byPeer = new Map<Author, Entry[]>();
    for (const entry of fresh) {
      for (const peer of this.receivers(entry)) {
        if (peer === this.self || this.presence.of(peer) === undefined) continue;
        const theirs = byPeer.get(peer);
        if (theirs === undefined) byPeer.set(peer, [entry]);
        else theirs.push(entry);
      }
    }
    for (const [peer, theirs] of byPeer) opened.pushing.push(peer, theirs);
    this.presence.soon();
  }

  /** A delete goes to everybody: whoever holds what it names need not be its leader. */
  private receivers(entry: Entry): Iterable<Author> {
    if (!isPlainDelete(entry)) return this.table.receivers(coordinateOf(entry));
    return [...this.presence.all].map(([peer]) => peer);
  }

  /** Resolves when so many peers have written `entry` down. Throws `PEER_TIMEOUT`, `INTERRUPTED`, `NOT_FOUND`. */
  acknowledged(entry: EntryId, minAcks: number, timeoutMs: number): Promise<void> {
    return this.acknowledgements.wait(entry, minAcks, timeoutMs);
  }

  status(): LogStatus {
    const { opened } = this;
    const peers = [...this.presence.all].map(([peer, { pingMs }]): PeerStatus => {
      const segments = this.replicators.segmentsOf(peer);
      return {
        peer,
        isReplicator: segments.length > 0,
        share: shareOf(segments),
        converged: this.isEven(peer),
        pingMs,
      };
    });
    const sending = opened?.pushing.count ?? 0;
    const waiting = opened?.intake.asideCount ?? 0;
    const isKnown = this.away.size === 0 && this.replicators.unheard.length === 0;
    // What follows from the table is done a moment after it has changed.
    const isQuiet = sending === 0 && waiting === 0 && this.tableAlarm === undefined;
    return {
      peers,
      away: [...this.away],
      converged:
        this.hasLookedAround && isKnown && isQuiet && this.table.isSettled && peers.every(({ converged }) => converged),
      entries: opened?.held.count ?? 0,
      bytes: opened?.held.bytes ?? 0,
      sending,
      waiting,
    };
  }

  /** What a member said to this log. */
  onMessage(peer: Author, message: Message): void {
    // Also while the log is opened: it is there.
    if (message.t !== "beat" || message.session === this.presence.of(peer)?.session) this.presence.heard(peer);
    this.arrived += 1;
    this.arriving.push(this.arrived, { peer, message });
  }

  onSubscribed(peer: Author, session: number): void {
    if (this.presence.of(peer) !== undefined) this.lose(peer);
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
    if (this.presence.of(peer) !== undefined) this.presence.soon(peer);
  }

  private lose(peer: Author): void {
    this.calls.giveUp(peer);
    this.opened?.pushing.forget(peer);
    this.opened?.intake.forget(peer);
    this.opened?.pulls.forget(peer);
    this.acknowledgements.forget(peer);
  }

  private onSilent(peer: Author, session: number): void {
    // Guard "stale probe": it has subscribed anew since it was asked.
    if (this.parts.sessionOf(peer) !== session) return;
    // Somebody who holds nothing is missed by nobody.
    if (this.replicators.segmentsOf(peer).length > 0) this.away.add(peer);
    this.parts.forget(peer);
    this.parts.reconnect(peer);
  }

  /** `peer` has all that it wants of us, by the announcement that it has made; which we have to know to say what that is. */
  private onSeen(peer: Author, revision: number): void {
    const present = this.presence.of(peer);
    if (present === undefined || this.replicators.isBehind(peer, present.session, present.n)) return;
    this.acknowledgements.seen(peer, revision);
  }

  private onBeat(peer: Author, isNews: boolean): void {
    const present = this.presence.of(peer);
    if (present === undefined) return;
    if (isNews) this.pruning.changed();
    if (present.seen === undefined) this.acknowledgements.forget(peer);
    if (this.replicators.isBehind(peer, present.session, present.n)) {
      this.parts.send(peer, { t: "announce?", topic: this.topic });
    }
    if (this.opened !== undefined) this.track(this.opened.pulls.follow(peer));
  }

  private checkAfterRestart(): void {
    if (this.closing.signal.aborted) return;
    this.hasLookedAround = true;
    for (const peer of this.replicators.unheard) {
      if (this.parts.sessionOf(peer) === undefined) this.replicators.leave(peer, Number.MAX_SAFE_INTEGER);
    }
  }

  private handle(peer: Author, message: Message): void {
    if (this.closing.signal.aborted) return;
    switch (message.t) {
      case "announce":
        this.onAnnouncement(peer, message);
        break;
      case "announce?":
        this.parts.send(peer, this.own.full());
        break;
      case "beat":
        this.presence.onBeat(peer, message);
        break;
      case "call":
        this.track(this.answer(peer, message));
        break;
      case "answer":
        this.calls.onAnswer(peer, message);
        break;
      case "refused":
        this.onError(refusedBy(peer, message.error.message));
        break;
      // The others are the node's own.
    }
  }

  private onAnnouncement(peer: Author, said: Extract<Message, { t: "announce" }>): void {
    try {
      const outcome = this.replicators.receive(peer, said);
      if (outcome === "gap") this.parts.send(peer, { t: "announce?", topic: this.topic });
    } catch (error) {
      const told = toHoldfastError(error);
      if (told.code === "BAD_ANNOUNCEMENT") this.onRefused(peer, told);
      else this.onError(told);
    }
  }

  private async answer(peer: Author, { id, call }: Extract<Message, { t: "call" }>): Promise<void> {
    const key = `${peer} ${id}`;
    const underWay = this.answersByPeer.get(peer) ?? 0;
    // It asks again, when it has got the answers that it waits for.
    if (this.answeringNow.has(key) || underWay >= MAX_ANSWERS) return;
    this.answeringNow.add(key);
    this.answersByPeer.set(peer, underWay + 1);
    const { topic } = this;
    try {
      const result = await this.opened?.answering.answer(peer, call);
      if (result !== undefined) this.parts.send(peer, { t: "answer", topic, id, result });
    } catch (error) {
      this.onError(toHoldfastError(error));
      this.parts.send(peer, { t: "answer", topic, id, result: { error: refusal(error) } });
    } finally {
      this.answeringNow.delete(key);
      const left = (this.answersByPeer.get(peer) ?? 1) - 1;
      if (left === 0) this.answersByPeer.delete(peer);
      else this.answersByPeer.set(peer, left);
    }
  }

  private isEven(peer: Author): boolean {
    const present = this.presence.of(peer);
    if (present === undefined || this.opened === undefined || this.opened.pulls.isBehind(peer)) return false;
    if (this.replicators.isBehind(peer, present.session, present.n)) return false;
    return (present.seen ?? -1) >= this.opened.held.revision;
  }

  private matureReplicators(): Author[] {
    return [...new Set(this.replicators.segments("mature").map(({ owner }) => owner))];
  }

  /** However many segments change in one turn, it is worked out once what follows. */
  private onTable(): void {
    this.table.invalidate();
    this.tableAlarm ??= this.parts.time.after(0, () => {
      this.tableAlarm = undefined;
      this.afterTable();
    });
  }

  private afterTable(): void {
    if (this.opened === undefined || this.closing.signal.aborted) return;
    if (this.table.renew()) this.pullAllAnew();
    this.waits.look();
    this.pruning.soon();
  }

  /** Nobody's is all here until it has been looked at again. */
  private pullAllAnew(): void {
    this.presence.pullAnew();
    const { opened } = this;
    if (opened === undefined) return;
    for (const [peer] of this.presence.all) this.track(opened.pulls.pull(peer));
  }

  /** Something that came was not taken in: the sender is told why, and the connection goes on. */
  private onRefused(peer: Author, error: HoldfastError): void {
    const { code, message } = refusal(error);
    this.parts.send(peer, { t: "refused", topic: this.topic, error: { code, message } });
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

function refusedBy(peer: Author, why: string): HoldfastError {
  return new HoldfastError("PEER_REFUSED", `the peer ${peer} refused: ${why}`, {
    hint: "Look at what that peer logs; what it refused stays here.",
    details: { peer },
  });
}
