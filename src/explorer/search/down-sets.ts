// Counts the orders of events by way of their downward closed sets: each set can be come to in as many ways as the sets
// that lack one event of it, together.
//
// Events are laid out in chains, within which each comes after the one before it, as those of a process do. A set is
// then told by how many events it has of each chain, which is one number.

import type { Order } from "./extensions.ts";

interface Chain {
  readonly events: number[];
  /** Of each event, how many of each chain have to be before it. */
  readonly needs: number[][];
  /** What one event of it adds to the number of a set. */
  stride: number;
}

/** Undefined where there are more than so many sets. */
export function countDownward(order: Order, events: readonly number[], maxSets: number): bigint | undefined {
  const chains = chainsOf(order, events);
  if (chains === undefined) return undefined;
  const count = waysThrough(chains, events.length, maxSets, 0, 1);
  // No set can be come to in more ways than there are orders, so that all were exact when this one is.
  if (count === undefined || count <= Number.MAX_SAFE_INTEGER) return count === undefined ? count : BigInt(count);
  return waysThrough(chains, events.length, maxSets, 0n, 1n);
}

/** Undefined where there are so many chains that a set is not one number. */
function chainsOf(order: Order, events: readonly number[]): Chain[] | undefined {
  const chains: Chain[] = [];
  for (const event of events) {
    const isAfter = ({ events: those }: Chain): boolean => order.isBefore(those[those.length - 1] as number, event);
    const chain = chains.find(isAfter);
    if (chain === undefined) chains.push({ events: [event], needs: [], stride: 0 });
    else chain.events.push(event);
  }
  let stride = 1;
  for (const chain of chains) {
    chain.stride = stride;
    stride *= chain.events.length + 1;
    for (const event of chain.events) {
      chain.needs.push(chains.map((other) => other.events.filter((one) => order.isBefore(one, event)).length));
    }
  }
  return stride <= Number.MAX_SAFE_INTEGER ? chains : undefined;
}

function waysThrough<N extends number | bigint>(
  chains: readonly Chain[],
  events: number,
  maxSets: number,
  none: N,
  one: N,
): N | undefined {
  const has = chains.map(() => 0);
  let level = new Map<number, N>([[0, one]]);
  let sets = 0;
  for (let size = 0; size < events; size++) {
    const next = new Map<number, N>();
    for (const [set, ways] of level) {
      for (const [at, { stride, events: those }] of chains.entries()) {
        has[at] = Math.floor(set / stride) % (those.length + 1);
      }
      for (const [at, { needs, stride }] of chains.entries()) {
        const need = needs[has[at] as number];
        if (need === undefined || !need.every((count, chain) => count <= (has[chain] as number))) continue;
        const sum = ((next.get(set + stride) ?? none) as number) + (ways as number);
        next.set(set + stride, sum as N);
      }
    }
    sets += next.size;
    if (sets > maxSets) return undefined;
    level = next;
  }
  for (const ways of level.values()) return ways;
  return one;
}
