// Who holds which part of the ring, as each has announced it, and what happened to that: joined, left, changed, matured.
//
// An announcement is applied in one synchronous step: checked, compared, written down in one transaction, and only then taken into
// account and told. So two of one peer cannot both find it new, and one that fails has not happened. Announcements are numbered by
// their sender within its subscription; whatever is not newer than what was applied changes nothing, whenever it comes.
//
//   (session, n)  full      these are all my segments           applied if newer
//                 added     these too      } on top of n - 1    else a gap: all of them are asked for
//                 stopped   these no more  }
//
// A peer has joined when it has segments, and has left when it has none; each is told once, however it was found out.

import type { Author } from "../entries/index.ts";
import type { ReplicatorRow, ReplicatorRows } from "./replicator-rows.ts";
import { checkSegments, isSame, type Segment } from "./segments.ts";
import type { Time } from "./time.ts";

export interface AnnouncedSegment extends Segment {
  /** How long its owner had it when it said so, ms: nobody's clock is compared with another's. */
  readonly ageMs: number;
}

export interface Announcement {
  readonly session: number;
  readonly n: number;
  readonly kind: "full" | "added" | "stopped";
  readonly segments: readonly AnnouncedSegment[];
}

export interface ReplicatorEvents {
  onJoin(peer: Author): void;
  onLeave(peer: Author): void;
  onChange(peer: Author): void;
  /** Once for each segment, when its age has come to the role age. */
  onMature(peer: Author, segment: Segment): void;
  onError(error: unknown): void;
  /** Any of these: who leads what may have changed. */
  onTable(): void;
}

export interface ReplicatorParts {
  readonly time: Time;
  readonly rows: ReplicatorRows;
  readonly events: ReplicatorEvents;
  /** A segment counts for others when it is this old. */
  readonly roleAgeMs: number;
  /** The subscription of a peer; undefined while it has none. */
  readonly sessionOf: (peer: Author) => number | undefined;
}

/** `ignored`: old, or not of the peer's present subscription. `gap`: something before it is missing. */
export type Outcome = "applied" | "ignored" | "gap";

interface Known {
  readonly session: number;
  readonly n: number;
  readonly segments: readonly Segment[];
  /** Has been told as joined since we started: a peer of before our restart is not, until it is heard of. */
  readonly isTold: boolean;
}

interface Ripening {
  readonly segment: Segment;
  readonly matureAtMs: number;
}

export class Replicators {
  private readonly parts: ReplicatorParts;
  private readonly peers = new Map<Author, Known>();
  /** By owner and id. Segments that count are in none. */
  private readonly ripening = new Map<string, Ripening>();
  /** Told as mature. */
  private readonly matured = new Set<string>();
  private callOff: (() => void) | undefined;
  private isClosed = false;

  /** Begins with what was written down: those peers count, and are told as joined when they are heard of. */
  constructor(parts: ReplicatorParts) {
    this.parts = parts;
    for (const { peer, session, n, segments } of parts.rows.load()) {
      this.peers.set(peer, { session, n, segments, isTold: false });
    }
  }

  close(): void {
    this.isClosed = true;
    this.callOff?.();
    this.ripening.clear();
  }

  /** That have segments. */
  get all(): readonly Author[] {
    return [...this.peers].filter(([, { segments }]) => segments.length > 0).map(([peer]) => peer);
  }

  /** Peers of before our restart of which nothing was heard since. */
  get unheard(): readonly Author[] {
    return [...this.peers].filter(([, { isTold, segments }]) => !isTold && segments.length > 0).map(([peer]) => peer);
  }

  segmentsOf(peer: Author): readonly Segment[] {
    return this.peers.get(peer)?.segments ?? [];
  }

  isMature(segment: Segment): boolean {
    return !this.ripening.has(keyOf(segment));
  }

  /** Segments of all peers, or those that count. */
  segments(which: "all" | "mature"): Segment[] {
    const all = [...this.peers.values()].flatMap(({ segments }) => segments);
    return which === "all" ? all : all.filter((segment) => this.isMature(segment));
  }

  /** True when `peer` has announced more than was applied. */
  isBehind(peer: Author, session: number, n: number): boolean {
    const known = this.peers.get(peer);
    return (
      known === undefined || known.session < session || (known.session === session && known.n < n) || !known.isTold
    );
  }

  /** True when more of `peer` was applied than this. */
  isBeyond(peer: Author, session: number, n: number): boolean {
    const known = this.peers.get(peer);
    return known?.isTold === true && known.session === session && known.n > n;
  }

  /** Throws `BAD_ANNOUNCEMENT`, and what the rows throw: nothing has changed then. */
  receive(peer: Author, said: Announcement): Outcome {
    checkSegments(said.segments, peer);
    // Guard "session check": what was said before an unsubscribe, and comes after it, is of a subscription that is over.
    if (this.parts.sessionOf(peer) !== said.session) return "ignored";
    const known = this.peers.get(peer);
    // Guard "order check": an older announcement that comes late must not undo a newer one.
    if (known?.isTold === true && isOld(known, said)) return "ignored";
    if (said.kind !== "full" && !(known?.isTold === true && known.session === said.session && known.n === said.n - 1)) {
      return "gap";
    }
    const segments = combined(known?.segments ?? [], said);
    checkSegments(segments, peer);
    this.put(peer, { session: said.session, n: said.n, segments, isTold: true });
    this.ripen(said.segments, segments);
    this.tell(peer, known, segments);
    return "applied";
  }

  /** `peer` takes part no longer, if that is still so of the subscription it had in `session`. Told if it was told as joined. */
  leave(peer: Author, session: number): boolean {
    const known = this.peers.get(peer);
    // Guard "stale leave": it has come back since.
    if (known === undefined || known.session > session) return false;
    this.peers.delete(peer);
    try {
      this.parts.rows.transaction(() => this.parts.rows.remove(peer));
    } catch (error) {
      // It has left all the same; at the next start it counts until it has been silent for a while.
      this.parts.events.onError(error);
    }
    this.stopRipening(known.segments);
    if (known.segments.length === 0) return false;
    if (known.isTold) this.parts.events.onLeave(peer);
    this.parts.events.onTable();
    return known.isTold;
  }

  private put(peer: Author, now: Known): void {
    const { rows } = this.parts;
    const row: ReplicatorRow = { peer, session: now.session, n: now.n, segments: now.segments };
    // A failed write has changed nothing, neither on disk nor here.
    rows.transaction(() => rows.put(row));
    this.peers.set(peer, now);
  }

  private tell(peer: Author, before: Known | undefined, segments: readonly Segment[]): void {
    const { events } = this.parts;
    const had = before?.segments ?? [];
    const wasTold = before?.isTold === true && had.length > 0;
    const isChanged = !sameSegments(had, segments);
    if (isChanged) {
      const kept = new Set(segments.map(({ id }) => id));
      this.stopRipening(had.filter(({ id }) => !kept.has(id)));
    }
    if (!wasTold && segments.length > 0) events.onJoin(peer);
    else if (wasTold && segments.length === 0) events.onLeave(peer);
    else if (wasTold && isChanged) events.onChange(peer);
    if (isChanged || (!wasTold && segments.length > 0)) events.onTable();
  }

  /** Segments that are too young to count are looked at again when the first of them comes of age. */
  private ripen(said: readonly AnnouncedSegment[], kept: readonly Segment[]): void {
    const nowMs = this.parts.time.nowMs();
    const ages = new Map(said.map((segment) => [segment.id, segment.ageMs]));
    for (const segment of kept) {
      const ageMs = ages.get(segment.id);
      if (ageMs === undefined || this.ripening.has(keyOf(segment)) || this.matured.has(keyOf(segment))) continue;
      const matureAtMs = nowMs + Math.max(0, this.parts.roleAgeMs - ageMs);
      this.ripening.set(keyOf(segment), { segment, matureAtMs });
    }
    this.setAlarm();
  }

  private setAlarm(): void {
    this.callOff?.();
    this.callOff = undefined;
    if (this.isClosed || this.ripening.size === 0) return;
    const first = Math.min(...[...this.ripening.values()].map(({ matureAtMs }) => matureAtMs));
    this.callOff = this.parts.time.after(Math.max(0, first - this.parts.time.nowMs()), () => this.matureNow());
  }

  private matureNow(): void {
    this.callOff = undefined;
    const nowMs = this.parts.time.nowMs();
    const ripe = [...this.ripening].filter(([, { matureAtMs }]) => matureAtMs <= nowMs);
    for (const [key] of ripe) {
      this.ripening.delete(key);
      this.matured.add(key);
    }
    this.setAlarm();
    for (const [, { segment }] of ripe) this.parts.events.onMature(segment.owner, segment);
    if (ripe.length > 0) this.parts.events.onTable();
  }

  private stopRipening(segments: readonly Segment[]): void {
    for (const segment of segments) {
      this.ripening.delete(keyOf(segment));
      this.matured.delete(keyOf(segment));
    }
    this.setAlarm();
  }
}

function isOld(known: Known, said: Announcement): boolean {
  return said.session < known.session || (said.session === known.session && said.n <= known.n);
}

function combined(had: readonly Segment[], { kind, segments }: Announcement): Segment[] {
  const said = segments.map(({ id, owner, start, span }): Segment => ({ id, owner, start, span }));
  if (kind === "full") return said;
  const ids = new Set(said.map(({ id }) => id));
  const others = had.filter(({ id }) => !ids.has(id));
  return kind === "added" ? [...others, ...said] : others;
}

function sameSegments(a: readonly Segment[], b: readonly Segment[]): boolean {
  if (a.length !== b.length) return false;
  const byId = new Map(a.map((segment) => [segment.id, segment]));
  return b.every((segment) => {
    const other = byId.get(segment.id);
    return other !== undefined && isSame(segment, other);
  });
}

/** A segment that is moved or resized under its id is as old as its owner says: who leads what is not yet there is not asked to
 *  have it, it confirms only what it holds (prune.ts). */
function keyOf({ owner, id }: Segment): string {
  return `${owner} ${id}`;
}
