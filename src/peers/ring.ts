// The number line that peers divide among themselves: the integers from 0 to 2^64 - 1, with 0 after the last.

import { hash } from "node:crypto";
import type { Entry } from "../entries/index.ts";

export const RING_SIZE = 1n << 64n;
export const LAST_POINT = RING_SIZE - 1n;

/** A place on the ring: an integer from 0 to 2^64 - 1. */
export type Point = bigint;

/** Brings any integer onto the ring. */
export function onRing(n: bigint): Point {
  return BigInt.asUintN(64, n);
}

/** Steps from `from` to `to`, going up and around. */
export function distance(from: Point, to: Point): bigint {
  return onRing(to - from);
}

/** `count` points at equal distances, the first at `from`. */
export function spaced(from: Point, count: number): Point[] {
  const step = RING_SIZE / BigInt(count);
  return Array.from({ length: count }, (_, index) => onRing(from + BigInt(index) * step));
}

type Placed = Pick<Entry, "collection" | "name" | "doc" | "id">;

/** Asked for several times on each entry's way. */
const coordinates = new WeakMap<Placed, Point>();

/**
 * Where an entry belongs: the first eight bytes of the sha-256 of what it is a version of. All versions of an artifact, or of a
 * document through all its names, are at one place, so that whoever holds one holds the others.
 */
export function coordinateOf(entry: Placed): Point {
  const known = coordinates.get(entry);
  if (known !== undefined) return known;
  const { collection, name, doc, id } = entry;
  const what = doc === undefined ? `artifact\0${collection}\0${name}` : `document\0${collection}\0${doc ?? id}`;
  const coordinate = hash("sha256", what, "buffer").readBigUInt64BE(0);
  coordinates.set(entry, coordinate);
  return coordinate;
}

/** 16 lower-case hex digits, which sort as the points do. */
export function pointText(point: Point): string {
  return point.toString(16).padStart(16, "0");
}
