// Who has to hold what. An entry's coordinate and `replicas - 1` points at equal distances from it are asked for: every peer with a
// segment over one of them is a *leader* of the entry. Where these are fewer than `replicas`, the next segments up the ring from
// the points help out, each peer once; so an entry has as many leaders as it needs, or all peers there are.
//
// Between two neighbouring edges of segments (moved back by the distances of the points) nothing changes, so the ring falls
// into intervals with one set of leaders each: they are worked out when the segments change, and looked up after that.

import type { Author } from "../entries/index.ts";
import { distance, LAST_POINT, onRing, type Point, spaced } from "./ring.ts";
import { covers, endOf, type Segment } from "./segments.ts";

/** A part of the ring without its ends around it: `from <= point <= to`. */
export interface Interval {
  readonly from: Point;
  readonly to: Point;
}

export interface LeaderInterval extends Interval {
  readonly leaders: ReadonlySet<Author>;
}

export class Leaders {
  /** From 0 to the end of the ring, without gaps. */
  readonly intervals: readonly LeaderInterval[];

  /** `segments`: those that count. */
  constructor(segments: readonly Segment[], replicas: number) {
    this.intervals = sweep(segments, replicas);
  }

  /** Of whatever has this coordinate. */
  of(coordinate: Point): ReadonlySet<Author> {
    let low = 0;
    let high = this.intervals.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >>> 1;
      if ((this.intervals[middle] as LeaderInterval).from <= coordinate) low = middle;
      else high = middle - 1;
    }
    return (this.intervals[low] as LeaderInterval).leaders;
  }

  /** Where `peer` is a leader, ascending, neighbours made one. */
  ledBy(peer: Author): Interval[] {
    const led: { from: Point; to: Point }[] = [];
    for (const { from, to, leaders } of this.intervals) {
      if (!leaders.has(peer)) continue;
      const last = led.at(-1);
      if (last !== undefined && last.to + 1n === from) last.to = to;
      else led.push({ from, to });
    }
    return led;
  }
}

/** True when whoever leads something by `before` leads it by `after`. */
export function staysWith(before: Leaders, after: Leaders): boolean {
  let at = 0;
  for (const { to, leaders } of before.intervals) {
    for (;;) {
      const next = after.intervals[at];
      if (next === undefined) return true;
      if (!leaders.isSubsetOf(next.leaders)) return false;
      if (next.to > to) break;
      at += 1;
      if (next.to === to) break;
    }
  }
  return true;
}

interface Edge {
  readonly at: Point;
  readonly owner: Author;
  /** Of the owner's segments over one of the points, one more or one less. */
  readonly step: 1 | -1;
}

/** From one edge to the next, up the ring: who covers a point is counted, who helps out is looked up. */
function sweep(segments: readonly Segment[], replicas: number): LeaderInterval[] {
  const counts = new Map<Author, number>();
  const edges: Edge[] = [];
  const add = (owner: Author, step: 1 | -1): void => {
    const count = (counts.get(owner) ?? 0) + step;
    if (count === 0) counts.delete(owner);
    else counts.set(owner, count);
  };
  for (const { owner, start, span } of segments) {
    for (const offset of spaced(0n, replicas)) {
      if (covers({ start, span }, offset)) add(owner, 1);
      if (span === LAST_POINT) continue;
      edges.push(
        { at: onRing(start - offset), owner, step: 1 },
        { at: onRing(endOf({ start, span }) - offset), owner, step: -1 },
      );
    }
  }
  // What is so at 0 is counted already; beginnings before ends, so that nobody is out and in at one point.
  edges.sort((one, other) => ascending(one.at, other.at) || other.step - one.step);
  const helpers = new Helpers(segments);
  const intervals: LeaderInterval[] = [];
  let from = 0n;
  const end = (to: Point): void => {
    if (to < from) return;
    intervals.push({ from, to, leaders: helpers.fill(new Set(counts.keys()), spaced(from, replicas)) });
    from = to + 1n;
  };
  for (const { at, owner, step } of edges) {
    if (at === 0n) continue;
    end(at - 1n);
    add(owner, step);
  }
  end(LAST_POINT);
  return intervals;
}

/** Where each peer's segments begin, ascending. */
class Helpers {
  private readonly starts = new Map<Author, Point[]>();

  constructor(segments: readonly Segment[]) {
    for (const { owner, start } of segments) {
      const theirs = this.starts.get(owner);
      if (theirs === undefined) this.starts.set(owner, [start]);
      else theirs.push(start);
    }
    for (const theirs of this.starts.values()) theirs.sort(ascending);
  }

  /** `leaders`, and others up to the number of points, or all there are. */
  fill(leaders: Set<Author>, points: readonly Point[]): ReadonlySet<Author> {
    // Each round finds one more, or there are no more.
    for (let index = 0; leaders.size < points.length; index += 1) {
      const next = this.nextUp(points[index % points.length] as Point, leaders);
      if (next === undefined) break;
      leaders.add(next);
    }
    return leaders;
  }

  private nextUp(point: Point, except: ReadonlySet<Author>): Author | undefined {
    let best: { owner: Author; steps: bigint } | undefined;
    for (const [owner, starts] of this.starts) {
      if (except.has(owner)) continue;
      const steps = distance(point, firstFrom(starts, point));
      const isNearer = best === undefined || steps < best.steps || (steps === best.steps && owner < best.owner);
      if (isNearer) best = { owner, steps };
    }
    return best?.owner;
  }
}

/** The first of `starts` at or after `point`, around the end. */
function firstFrom(starts: readonly Point[], point: Point): Point {
  let low = 0;
  let high = starts.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((starts[middle] as Point) < point) low = middle + 1;
    else high = middle;
  }
  return (starts[low] ?? starts[0]) as Point;
}

/** By the rule itself, point by point: what a sweep has to come to. */
export function leadersAt(segments: readonly Segment[], replicas: number, coordinate: Point): Set<Author> {
  const points = spaced(coordinate, replicas);
  const leaders = new Set<Author>();
  for (const segment of segments) {
    if (!leaders.has(segment.owner) && points.some((point) => covers(segment, point))) leaders.add(segment.owner);
  }
  // Each round finds one more, or there are no more.
  for (let index = 0; leaders.size < replicas; index += 1) {
    const next = nextUp(segments, points[index % replicas] as Point, leaders);
    if (next === undefined) break;
    leaders.add(next);
  }
  return leaders;
}

/** The owner of the segment that begins first after `point`, and is none of `except`. */
function nextUp(segments: readonly Segment[], point: Point, except: ReadonlySet<Author>): Author | undefined {
  let best: Segment | undefined;
  for (const segment of segments) {
    if (except.has(segment.owner)) continue;
    if (best === undefined) {
      best = segment;
      continue;
    }
    const [here, there] = [distance(point, segment.start), distance(point, best.start)];
    if (here < there || (here === there && segment.owner < best.owner)) best = segment;
  }
  return best?.owner;
}

function ascending(a: bigint, b: bigint): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
