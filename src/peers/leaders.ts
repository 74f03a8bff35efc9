// Who has to hold what. An entry's coordinate and `replicas - 1` points at equal distances from it are asked for: every peer with a
// segment over one of them is a *leader* of the entry. Where these are fewer than `replicas`, the next segments up the ring from
// the points help out, each peer once; so an entry has as many leaders as it needs, or all peers there are.
//
// Between two neighbouring edges of segments (moved back by the distances of the points) nothing changes, so the ring falls
// into intervals with one set of leaders each: they are worked out when the segments change, and looked up after that.

import type { Author } from "../entries/index.ts";
import { distance, LAST_POINT, onRing, type Point, RING_SIZE, spaced } from "./ring.ts";
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
    const starts = [...edges(segments, replicas)].sort(ascending);
    this.intervals = starts.map((from, index) => ({
      from,
      to: (starts[index + 1] ?? RING_SIZE) - 1n,
      leaders: leadersAt(segments, replicas, from),
    }));
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

function edges(segments: readonly Segment[], replicas: number): Set<Point> {
  const found = new Set<Point>([0n]);
  const offsets = spaced(0n, replicas);
  for (const segment of segments) {
    for (const offset of offsets) {
      found.add(onRing(segment.start - offset));
      if (segment.span < LAST_POINT) found.add(onRing(endOf(segment) - offset));
    }
  }
  return found;
}

/** By the rule itself, without intervals. */
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
