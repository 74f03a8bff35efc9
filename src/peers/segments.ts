// Segments: the parts of the ring that a peer says it holds.

import type { Author } from "../entries/index.ts";
import { HoldfastError } from "../errors.ts";
import { distance, LAST_POINT, onRing, type Point } from "./ring.ts";

/** Segments of one peer, and in one announcement, at the most (PEER-12): bounds what one peer can make the others keep. */
export const MAX_SEGMENTS = 4_096;

/** From `start` up to and including `start + span`, around the end of the ring where it comes to that. */
export interface Segment {
  /** 32 lower-case hex digits, given by its owner; no other segment of that owner has it. */
  readonly id: string;
  readonly owner: Author;
  readonly start: Point;
  /** One less than the points in it, so that all of the ring can be said: 2^64 - 1. */
  readonly span: bigint;
}

export function covers(segment: Pick<Segment, "start" | "span">, point: Point): boolean {
  return distance(segment.start, point) <= segment.span;
}

/** The first point after it. */
export function endOf(segment: Pick<Segment, "start" | "span">): Point {
  return onRing(segment.start + segment.span + 1n);
}

export function isSame(a: Segment, b: Segment): boolean {
  return a.id === b.id && a.owner === b.owner && a.start === b.start && a.span === b.span;
}

/** The part of the ring that `segments` take up, from 0 to 1; where they overlap, counted as often. */
export function shareOf(segments: readonly Pick<Segment, "span">[]): number {
  return segments.reduce((sum, { span }) => sum + (Number(span) + 1) / 2 ** 64, 0);
}

/** The span of a part of the ring, from 0 (exclusive) to 1. */
export function spanOf(share: number): bigint {
  if (share >= 1) return LAST_POINT;
  // 2^53 steps are fine enough, and exact in a double.
  return (BigInt(Math.max(1, Math.round(share * 2 ** 53))) << 11n) - 1n;
}

/** Throws `BAD_ANNOUNCEMENT` unless `segments` can all be `owner`'s: none of somebody else, none twice, not too many. */
export function checkSegments(segments: readonly Segment[], owner: Author): void {
  if (segments.length > MAX_SEGMENTS) {
    throw badAnnouncement(owner, `${segments.length} segments, over ${MAX_SEGMENTS}`);
  }
  const ids = new Set<string>();
  for (const segment of segments) {
    if (segment.owner !== owner) throw badAnnouncement(owner, `a segment of ${segment.owner}`);
    if (ids.has(segment.id)) throw badAnnouncement(owner, `the segment ${segment.id} twice`);
    if (segment.start > LAST_POINT || segment.span > LAST_POINT || segment.start < 0n || segment.span < 0n) {
      throw badAnnouncement(owner, `the segment ${segment.id}, which is not on the ring`);
    }
    ids.add(segment.id);
  }
}

function badAnnouncement(owner: Author, what: string): HoldfastError {
  return new HoldfastError("BAD_ANNOUNCEMENT", `the peer ${owner} announced ${what}`, {
    hint: "Nothing of it was taken in. That peer is faulty, or pretends to be another; look at what runs there.",
    details: { peer: owner },
  });
}
