// How many orders of its steps a trace stands for: the linear extensions of its causal order.

import type { Causality } from "./causality.ts";

/** More sets of steps than this are not counted through. */
const MAX_SETS = 20_000;

/** Undefined when there are too many to count. Counted over downward closed sets of events, as bit sets. */
export function linearExtensions(causality: Causality, events: number): bigint | undefined {
  const needs: bigint[] = [];
  for (let at = 0; at < events; at++) {
    let before = 0n;
    for (let other = 0; other < at; other++) if (causality.isBefore(other, at)) before |= 1n << BigInt(other);
    needs.push(before);
  }
  let level = new Map<bigint, bigint>([[0n, 1n]]);
  let sets = 0;
  for (let size = 0; size < events; size++) {
    const next = new Map<bigint, bigint>();
    for (const [done, ways] of level) {
      for (let at = 0; at < events; at++) {
        const bit = 1n << BigInt(at);
        const need = needs[at] as bigint;
        if ((done & bit) !== 0n || (need & done) !== need) continue;
        next.set(done | bit, (next.get(done | bit) ?? 0n) + ways);
      }
    }
    sets += next.size;
    if (sets > MAX_SETS) return undefined;
    level = next;
  }
  return level.values().next().value ?? 1n;
}
