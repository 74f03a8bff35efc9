// How many orders of its steps a trace stands for: the linear extensions of its causal order.
//
// An order is taken apart as far as that goes: where all of one part comes before all of the next, the numbers multiply,
// and parts that have nothing to do with each other are shuffled. What cannot be taken apart is counted over its downward
// closed sets, once: the traces of one search are made of few such parts.

import { assert } from "../../errors.ts";
import type { Causality } from "./causality.ts";
import { countDownward } from "./down-sets.ts";

/** A number of orders; where not `exact`, there are at least so many. */
export interface Orders {
  readonly count: bigint;
  readonly exact: boolean;
}
export type Order = Pick<Causality, "isBefore">;

const ONE: Orders = { count: 1n, exact: true };
/** A part that has more downward closed sets than this is counted in halves. */
const MAX_SETS = 100_000;
/** So are parts of more events, when there is no time. */
const MAX_HURRIED_EVENTS = 8;
/** So many parts are known by heart. */
const MAX_KNOWN = 20_000;
/** Counting takes this part of the time of a search, and a moment besides. */
const TIME_SHARE = 0.2;
const FREE_MS = 300;

/** Counts for one search. */
export class Extensions {
  readonly #maxSets: number;
  readonly #known = new Map<string, Orders>();
  readonly #now: () => number;
  readonly #began: number;
  #spentMs = 0;
  #isHurried = false;

  constructor({ maxSets = MAX_SETS, now = () => performance.now() }: { maxSets?: number; now?: () => number } = {}) {
    this.#maxSets = maxSets;
    this.#now = now;
    this.#began = now();
  }

  /** Of the first so many events. */
  count(order: Order, events: number): Orders {
    const began = this.#now();
    this.#isHurried = this.#spentMs > FREE_MS + TIME_SHARE * (began - this.#began);
    const counted = this.#inParts(order, [...Array(events).keys()]);
    this.#spentMs += this.#now() - began;
    return counted;
  }

  #inParts(order: Order, events: readonly number[]): Orders {
    let total = ONE;
    for (const part of partsInSeries(order, events)) if (part.length > 1) total = times(total, this.#part(order, part));
    return total;
  }

  #part(order: Order, events: readonly number[]): Orders {
    const key = keyOf(order, events);
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const counted = this.#shuffled(order, events);
    if (counted.exact || !this.#isHurried) {
      if (this.#known.size >= MAX_KNOWN) this.#known.clear();
      this.#known.set(key, counted);
    }
    return counted;
  }

  #shuffled(order: Order, events: readonly number[]): Orders {
    const parts = partsApart(order, events);
    if (parts.length === 1) return this.#whole(order, events);
    let total = ONE;
    let placed = 0;
    for (const part of parts) {
      placed += part.length;
      total = times(times(total, this.#inParts(order, part)), { count: binomial(placed, part.length), exact: true });
    }
    return total;
  }

  #whole(order: Order, events: readonly number[]): Orders {
    const wanted = !this.#isHurried || events.length <= MAX_HURRIED_EVENTS;
    const count = wanted ? countDownward(order, events, this.#maxSets) : undefined;
    if (count !== undefined) return { count, exact: true };
    // Those orders in which the second half comes after the first are some of them.
    const half = events.length >> 1;
    const halves = times(this.#inParts(order, events.slice(0, half)), this.#inParts(order, events.slice(half)));
    return { count: halves.count, exact: false };
  }
}

/** Of both: no order is among both. */
export function together(a: Orders, b: Orders): Orders {
  return { count: a.count + b.count, exact: a.exact && b.exact };
}

function times(a: Orders, b: Orders): Orders {
  if (b === ONE) return a;
  return a === ONE ? b : { count: a.count * b.count, exact: a.exact && b.exact };
}

/** As many parts as there are, of which each is wholly before the next. */
function partsInSeries(order: Order, events: readonly number[]): number[][] {
  const parts: number[][] = [];
  let end = events.length;
  /** What is before all of the events looked at so far: the first so many. */
  let before = end;
  for (let at = end - 1; at >= 0; at--) {
    let own = 0;
    while (own < before && own < at && order.isBefore(events[own] as number, events[at] as number)) own += 1;
    before = Math.min(before, own);
    if (before < at) continue;
    parts.push(events.slice(at, end));
    end = at;
  }
  assert(end === 0, "nothing has to be before the first event");
  return parts;
}

/** Parts between which nothing is ordered. */
function partsApart(order: Order, events: readonly number[]): number[][] {
  const parts: number[][] = [];
  for (const event of events) {
    const met = parts.filter((part) => part.some((other) => order.isBefore(other, event)));
    for (const part of met) parts.splice(parts.indexOf(part), 1);
    parts.push([...met.flat(), event]);
  }
  return parts;
}

/** The relation as text: two lists of events with the same text have the same number of orders. */
function keyOf(order: Order, events: readonly number[]): string {
  let key = String.fromCharCode(events.length);
  let bits = 0;
  let free = 16;
  for (let later = 1; later < events.length; later++) {
    for (let earlier = 0; earlier < later; earlier++) {
      bits = bits * 2 + (order.isBefore(events[earlier] as number, events[later] as number) ? 1 : 0);
      free -= 1;
      if (free > 0) continue;
      key += String.fromCharCode(bits);
      [bits, free] = [0, 16];
    }
  }
  return key + String.fromCharCode(bits);
}

function binomial(of: number, chosen: number): bigint {
  let result = 1n;
  for (let at = 1; at <= chosen; at++) result = (result * BigInt(of - chosen + at)) / BigInt(at);
  return result;
}
