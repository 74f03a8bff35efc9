// Whether the others are still there, and how far each is. Every peer of a topic hears a *beat* now and then, and at once when there
// is something new: which announcement is the newest, how often what we hold has changed, and up to which of its own changes we
// have everything of it. So whatever message was lost, the next beat shows that it is missing. From whom nothing came since the last
// round is asked for a beat: who leaves two questions in a row unanswered is gone. So peers that hear of each other anyway say half of
// what they would if each asked each other all the time.

import type { Author } from "../entries/index.ts";
import type { Message } from "./messages.ts";
import type { Time } from "./time.ts";

/** Questions in a row that a peer leaves unanswered before it counts as gone (PEER-14). */
const MISSES = 2;
/** Beats on account of something new are gathered for so long, ms. */
const GATHER_MS = 10;
/** ... and while there is something new all the time, so long is between them, ms. */
const BETWEEN_MS = 100;
/** How old the last ping may become, ms. */
const PING_MS = 30_000;

type Beat = Extract<Message, { t: "beat" }>;

export interface PresenceParts {
  readonly time: Time;
  readonly random: () => number;
  readonly topic: string;
  readonly beatMs: number;
  readonly send: (peer: Author, message: Message) => void;
  /** What we say of ourselves. */
  readonly own: () => { readonly session: number; readonly n: number; readonly revision: number };
  /** `peer` has announced more since it said this. */
  readonly isOutdated: (peer: Author, beat: { readonly session: number; readonly n: number }) => boolean;
  /** `peer` did not answer in its subscription `session`. */
  readonly onSilent: (peer: Author, session: number) => void;
  /** `peer` has said how far it is; told each time, so that what was asked for and got lost is asked for again. `isNews`: what it
   *  holds is not what it held when it said so last. */
  readonly onBeat: (peer: Author, isNews: boolean) => void;
  /** `peer` speaks in a newer subscription than the one that is known. */
  readonly onNewer: (peer: Author) => void;
  /** `peer` has everything it wants of us, up to this revision of ours. */
  readonly onSeen: (peer: Author, revision: number) => void;
}

export interface Present {
  readonly session: number;
  /** The newest of its beats. */
  k: number;
  /** Its newest announcement, as it said. */
  n: number;
  /** How often what it holds has changed, as it said last; undefined: it has not said yet. */
  revision: number | undefined;
  /** Up to which of its revisions we have everything we want of it. */
  pulled: number | undefined;
  /** Up to which of our revisions it has everything it wants of us. */
  seen: number | undefined;
  /** Something came from it since the last round. */
  isHeard: boolean;
  /** Questions in a row after which nothing came. */
  misses: number;
  /** There is a question of ours after which nothing has come yet. */
  isAsked: boolean;
  /** The last question, and when it was asked. */
  probe: { readonly n: number; readonly atMs: number } | undefined;
  /** How long the last answer took. */
  pingMs: number | undefined;
}

export class Presence {
  private readonly parts: PresenceParts;
  private readonly peers = new Map<Author, Present>();
  private probes = 0;
  private beats = 0;
  private isClosed = false;
  private alarm: (() => void) | undefined;
  private alarmAtMs = 0;
  private gathering: (() => void) | undefined;
  /** Who is told then. */
  private readonly toTell = new Set<Author>();
  private tellsAll = false;
  private toldAtMs = Number.NEGATIVE_INFINITY;

  constructor(parts: PresenceParts) {
    this.parts = parts;
    this.setAlarm();
  }

  close(): void {
    this.isClosed = true;
    this.alarm?.();
    this.gathering?.();
    this.alarm = undefined;
    this.gathering = undefined;
  }

  get all(): IterableIterator<[Author, Present]> {
    return this.peers.entries();
  }

  of(peer: Author): Present | undefined {
    return this.peers.get(peer);
  }

  /** `peer` takes part, in a new subscription: all that is known of an earlier one is over. */
  add(peer: Author, session: number): void {
    this.peers.set(peer, {
      session,
      k: -1,
      n: 0,
      revision: undefined,
      pulled: undefined,
      seen: undefined,
      isHeard: true,
      misses: 0,
      isAsked: false,
      probe: undefined,
      pingMs: undefined,
    });
    this.beat(peer);
  }

  remove(peer: Author): void {
    this.peers.delete(peer);
  }

  /** Something came from `peer`: it is there. */
  heard(peer: Author): void {
    const present = this.peers.get(peer);
    if (present === undefined) return;
    present.isHeard = true;
    present.misses = 0;
    present.isAsked = false;
  }

  onBeat(peer: Author, beat: Beat): void {
    const present = this.peers.get(peer);
    if (present === undefined) return;
    if (present.session !== beat.session) {
      // It has subscribed anew, and that got lost: it is asked for it.
      if (beat.session > present.session) this.parts.onNewer(peer);
      return;
    }
    this.heard(peer);
    if (beat.k <= present.k) return;
    present.k = beat.k;
    present.n = Math.max(present.n, beat.n);
    const isNews = beat.revision > (present.revision ?? -1);
    present.revision = Math.max(present.revision ?? 0, beat.revision);
    // Revisions are counted anew in each life: what is said of an earlier one of ours says nothing.
    // And it may go back: what it has to hold has become more.
    // What it had when it wished for less says nothing either: the announcement may have overtaken the beat.
    const isOfNow = beat.seen?.session === this.parts.own().session && !this.parts.isOutdated(peer, beat);
    present.seen = isOfNow ? beat.seen?.revision : undefined;
    if (present.seen !== undefined) this.parts.onSeen(peer, present.seen);
    if (beat.echo !== null && beat.echo === present.probe?.n) {
      present.pingMs = this.parts.time.nowMs() - present.probe.atMs;
    }
    if (beat.probe !== null) this.beat(peer, { echo: beat.probe });
    this.parts.onBeat(peer, isNews);
  }

  /** Tells everybody soon: what we hold has changed. Or one peer only, how far we are with it. */
  soon(only?: Author): void {
    if (this.isClosed) return;
    if (only === undefined) this.tellsAll = true;
    else this.toTell.add(only);
    const { time } = this.parts;
    if (this.gathering !== undefined) return;
    this.gathering = time.after(Math.max(GATHER_MS, this.toldAtMs + BETWEEN_MS - time.nowMs()), () => {
      this.gathering = undefined;
      this.toldAtMs = time.nowMs();
      const told = this.tellsAll ? [...this.peers.keys()] : [...this.toTell];
      this.tellsAll = false;
      this.toTell.clear();
      for (const peer of told) this.beat(peer);
    });
  }

  private beat(
    peer: Author,
    { probe = null, echo = null }: { probe?: number | null; echo?: number | null } = {},
  ): void {
    const present = this.peers.get(peer);
    if (present === undefined) return;
    const { topic } = this.parts;
    const seen = present.pulled === undefined ? null : { session: present.session, revision: present.pulled };
    this.beats += 1;
    this.parts.send(peer, { t: "beat", topic, ...this.parts.own(), k: this.beats, seen, probe, echo });
  }

  private setAlarm(): void {
    const { beatMs, random, time } = this.parts;
    // Not all peers in step.
    const delayMs = beatMs * (0.9 + 0.2 * random());
    this.alarmAtMs = time.nowMs() + delayMs;
    this.alarm = time.after(delayMs, () => this.round());
  }

  private round(): void {
    // Held up ourselves, stopped perhaps: answers that have come were not read yet, so nobody has missed anything.
    const wasHeldUp = this.parts.time.nowMs() - this.alarmAtMs > this.parts.beatMs / 2;
    this.setAlarm();
    for (const [peer, present] of [...this.peers]) {
      if (present.isAsked && !wasHeldUp) present.misses += 1;
      if (present.misses >= MISSES) {
        this.parts.onSilent(peer, present.session);
        continue;
      }
      if (present.isHeard && !this.isPingOld(present)) this.beat(peer);
      else this.ask(peer, present);
      present.isHeard = false;
    }
  }

  private isPingOld({ pingMs, probe }: Present): boolean {
    return pingMs === undefined || probe === undefined || this.parts.time.nowMs() - probe.atMs > PING_MS;
  }

  private ask(peer: Author, present: Present): void {
    present.isAsked = true;
    present.probe = { n: this.probes, atMs: this.parts.time.nowMs() };
    this.probes += 1;
    this.beat(peer, { probe: present.probe.n });
  }

  /** What we have to hold is another part of the ring: nobody's is all here until it has been looked at again. */
  pullAnew(): void {
    for (const present of this.peers.values()) present.pulled = undefined;
    this.soon();
  }
}
