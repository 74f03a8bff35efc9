// Which entries are here, in an order that all peers share, so that two of them find out in which parts they differ by comparing
// sums. An entry's *place* is its coordinate followed by its hash, 80 hexadecimal digits; a part is all places that begin
// alike or lie between two bounds. The sum of a part is that of its entries' hashes as vectors of eight 32-bit numbers: it does
// not depend on the order in which they came, and one entry more or less is one addition.

import { base32 } from "multiformats/bases/base32";
import type { EntryId } from "../entries/index.ts";
import { assert } from "../errors.ts";
import { type Point, pointText } from "./ring.ts";

/** 80 lower-case hex digits: 16 of the coordinate, 64 of the entry's hash. */
export type Place = string;

/** From `from` up to, and without, `to`; an empty `to` is the end. Both may be the beginnings of places. */
export interface PlaceRange {
  readonly from: string;
  readonly to: string;
}

export interface Sum {
  readonly count: number;
  /** 32 bytes. */
  readonly sum: Uint8Array;
}

const PLACE_DIGITS = 80;
const COORDINATE_DIGITS = 16;
const LANES = 8;
/** A node with more entries than this is divided by the next digit. */
const LEAF_ENTRIES = 32;
/** version, codec, hash and length: what an id says before the hash. */
const ID_PREFIX_BYTES = 4;
const ID_PREFIX = Uint8Array.of(1, 0x71, 0x12, 32);

interface Node {
  count: number;
  readonly sum: Uint32Array;
  /** Places, unordered; undefined once divided. */
  leaf: Place[] | undefined;
  readonly children: (Node | undefined)[];
}

export class EntryIndex {
  private readonly root = newNode();
  private highest = 0;

  get count(): number {
    return this.root.count;
  }

  /** Grows with every change. */
  get revision(): number {
    return this.highest;
  }

  /** Says that something has changed, though nothing here has: somebody is to look again. */
  touch(): void {
    this.highest += 1;
  }

  has(place: Place): boolean {
    let node = this.root;
    for (let depth = 0; node.leaf === undefined; depth += 1) {
      const child = node.children[digitAt(place, depth)];
      if (child === undefined) return false;
      node = child;
    }
    return node.leaf.includes(place);
  }

  /** False when it was there. */
  add(place: Place): boolean {
    assert(place.length === PLACE_DIGITS, "a place has 80 digits");
    if (this.has(place)) return false;
    const lanes = lanesOf(place);
    let node = this.root;
    for (let depth = 0; ; depth += 1) {
      node.count += 1;
      addTo(node.sum, lanes, 1);
      if (node.leaf !== undefined) {
        node.leaf.push(place);
        if (node.leaf.length > LEAF_ENTRIES && depth < PLACE_DIGITS) divide(node, depth);
        break;
      }
      node = child(node, digitAt(place, depth));
    }
    this.highest += 1;
    return true;
  }

  /** False when it was not there. */
  remove(place: Place): boolean {
    if (!this.has(place)) return false;
    const lanes = lanesOf(place);
    let node = this.root;
    for (let depth = 0; ; depth += 1) {
      node.count -= 1;
      addTo(node.sum, lanes, -1);
      if (node.leaf !== undefined) {
        node.leaf.splice(node.leaf.indexOf(place), 1);
        break;
      }
      const next = node.children[digitAt(place, depth)];
      assert(next !== undefined, "what is in the index has its nodes");
      if (next.count === 1) {
        node.children[digitAt(place, depth)] = undefined;
        break;
      }
      node = next;
    }
    this.highest += 1;
    return true;
  }

  sumOf(range: PlaceRange): Sum {
    const total = new Uint32Array(LANES);
    let count = 0;
    walk(this.root, "", range, {
      whole: (node) => {
        count += node.count;
        addTo(total, node.sum, 1);
      },
      place: (place) => {
        count += 1;
        addTo(total, lanesOf(place), 1);
      },
    });
    return { count, sum: bytesOf(total) };
  }

  /** Places in order, those after `after`, `limit` at the most. */
  places(range: PlaceRange, limit: number, after = ""): Place[] {
    const found: Place[] = [];
    collect(this.root, "", { from: after > range.from ? after : range.from, to: range.to }, limit, found, after);
    return found;
  }

  /** The parts of a range, each with its sum; the empty ones too: the other side may have something there. */
  parts(range: PlaceRange): (PlaceRange & Sum)[] {
    return divideRange(range).map((part) => ({ ...part, ...this.sumOf(part) }));
  }
}

/** 16 parts at the most of which a range consists. */
export function divideRange({ from, to }: PlaceRange): PlaceRange[] {
  // The digits that both bounds begin with; the parts differ in the next one.
  let shared = 0;
  const last = to === "" ? "f".repeat(PLACE_DIGITS) : before(to);
  while (shared < PLACE_DIGITS && (from[shared] ?? "0") === last[shared]) shared += 1;
  if (shared === PLACE_DIGITS) return [{ from, to }];
  const stem = last.slice(0, shared);
  const low = Number.parseInt(from[shared] ?? "0", 16);
  const high = Number.parseInt(last[shared] ?? "f", 16);
  const parts: PlaceRange[] = [];
  for (let digit = low; digit <= high; digit += 1) {
    const start = digit === low ? from : stem + digit.toString(16);
    const end = digit === high ? to : stem + (digit + 1).toString(16);
    parts.push({ from: start, to: end });
  }
  return parts;
}

/** True when `part` lies in `whole`, and is less than it. */
export function isPartOf(part: PlaceRange, whole: PlaceRange): boolean {
  const [from, to] = [padded(part.from), part.to === "" ? "g" : padded(part.to)];
  const [wholeFrom, wholeTo] = [padded(whole.from), whole.to === "" ? "g" : padded(whole.to)];
  return from >= wholeFrom && to <= wholeTo && from < to && (from > wholeFrom || to < wholeTo);
}

/** The last place before `to`, which is not empty. */
function before(to: string): string {
  return (BigInt(`0x${padded(to)}`) - 1n).toString(16).padStart(PLACE_DIGITS, "0");
}

export function placeOf(coordinate: Point, id: EntryId): Place {
  return pointText(coordinate) + Buffer.from(base32.decode(id).subarray(ID_PREFIX_BYTES)).toString("hex");
}

export function idAt(place: Place): EntryId {
  return base32.encode(Buffer.concat([ID_PREFIX, Buffer.from(place.slice(COORDINATE_DIGITS), "hex")])) as EntryId;
}

/** The coordinate of what is at this place. */
export function coordinateAt(place: Place): Point {
  return BigInt(`0x${place.slice(0, COORDINATE_DIGITS)}`);
}

/** The range of places whose coordinates lie from `from` up to and including `to`. */
export function rangeOf(from: Point, to: Point): PlaceRange {
  const end = to + 1n;
  return {
    from: from === 0n ? "" : pointText(from),
    to: end >= 1n << 64n ? "" : pointText(end),
  };
}

function newNode(): Node {
  return { count: 0, sum: new Uint32Array(LANES), leaf: [], children: [] };
}

function child(node: Node, digit: number): Node {
  node.children[digit] ??= newNode();
  return node.children[digit];
}

function divide(node: Node, depth: number): void {
  const places = node.leaf ?? [];
  node.leaf = undefined;
  for (const place of places) {
    const part = child(node, digitAt(place, depth));
    part.count += 1;
    addTo(part.sum, lanesOf(place), 1);
    part.leaf?.push(place);
  }
  for (const part of node.children) {
    if (part?.leaf !== undefined && part.leaf.length > LEAF_ENTRIES) divide(part, depth + 1);
  }
}

/** Visits what lies in `range`: whole nodes where they do, single places where a bound cuts through. */
function walk(
  node: Node,
  prefix: string,
  range: PlaceRange,
  visit: { whole: (node: Node) => void; place: (place: Place) => void },
): void {
  if (node.count === 0 || isOutside(prefix, range)) return;
  if (isInside(prefix, range)) {
    visit.whole(node);
    return;
  }
  if (node.leaf !== undefined) {
    for (const place of node.leaf) if (isIn(place, range)) visit.place(place);
    return;
  }
  for (const [digit, part] of node.children.entries()) {
    if (part !== undefined) walk(part, prefix + digit.toString(16), range, visit);
  }
}

function collect(node: Node, prefix: string, range: PlaceRange, limit: number, found: Place[], after: string): void {
  if (node.count === 0 || found.length >= limit || isOutside(prefix, range)) return;
  if (node.leaf !== undefined) {
    for (const place of [...node.leaf].sort()) {
      if (found.length >= limit) return;
      if (place > after && isIn(place, range)) found.push(place);
    }
    return;
  }
  for (const [digit, part] of node.children.entries()) {
    if (part !== undefined) collect(part, prefix + digit.toString(16), range, limit, found, after);
  }
}

function isIn(place: Place, { from, to }: PlaceRange): boolean {
  return place >= from && (to === "" || place < to);
}

/** No place that begins so is in the range. */
function isOutside(prefix: string, { from, to }: PlaceRange): boolean {
  return prefix.padEnd(PLACE_DIGITS, "f") < from || (to !== "" && prefix.padEnd(PLACE_DIGITS, "0") >= padded(to));
}

/** Every place that begins so is in the range. */
function isInside(prefix: string, { from, to }: PlaceRange): boolean {
  return (
    prefix.padEnd(PLACE_DIGITS, "0") >= padded(from) && (to === "" || prefix.padEnd(PLACE_DIGITS, "f") < padded(to))
  );
}

function padded(bound: string): string {
  return bound.padEnd(PLACE_DIGITS, "0");
}

function digitAt(place: Place, depth: number): number {
  const code = place.charCodeAt(depth);
  // "0" to "9", "a" to "f".
  return code < 58 ? code - 48 : code - 87;
}

function lanesOf(place: Place): Uint32Array {
  const lanes = new Uint32Array(LANES);
  for (let lane = 0; lane < LANES; lane += 1) {
    const at = COORDINATE_DIGITS + lane * 8;
    lanes[lane] = Number.parseInt(place.slice(at, at + 8), 16);
  }
  return lanes;
}

function addTo(sum: Uint32Array, lanes: Uint32Array, sign: 1 | -1): void {
  for (let lane = 0; lane < LANES; lane += 1) sum[lane] = (sum[lane] as number) + sign * (lanes[lane] as number);
}

function bytesOf(lanes: Uint32Array): Uint8Array {
  const bytes = Buffer.alloc(LANES * 4);
  for (const [lane, value] of lanes.entries()) bytes.writeUInt32BE(value, lane * 4);
  return bytes;
}
