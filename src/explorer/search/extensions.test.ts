// The number of orders against trying them all, and against what is known of chains.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Extensions, type Order, type Orders } from "./extensions.ts";

const MAX_EVENTS = 8;

/** Closed under transitivity: `pairs` says of each two events whether the earlier has to come first. */
function orderOf(events: number, pairs: readonly boolean[]): Order {
  const before: Set<number>[] = [];
  let pair = 0;
  for (let later = 0; later < events; later++) {
    const own = new Set<number>();
    for (let earlier = 0; earlier < later; earlier++) {
      if (pairs[pair++] !== true) continue;
      own.add(earlier);
      for (const one of before[earlier] ?? []) own.add(one);
    }
    before.push(own);
  }
  return { isBefore: (earlier, later) => before[later]?.has(earlier) === true };
}

/** Processes of so many events each, and a few events that wait for one of another process. */
function processes(lengths: readonly number[], across: readonly (readonly [from: number, to: number])[] = []): Order {
  const process = lengths.flatMap((length, at) => Array<number>(length).fill(at));
  const pairs = process.flatMap((own, later) =>
    process
      .slice(0, later)
      .map((other, at) => other === own || across.some(([from, to]) => from === at && to === later)),
  );
  return orderOf(process.length, pairs);
}

function tried(order: Order, left: readonly number[]): bigint {
  if (left.length === 0) return 1n;
  let sum = 0n;
  for (const at of left) {
    if (left.some((other) => order.isBefore(other, at))) continue;
    const rest = left.filter((other) => other !== at);
    sum += tried(order, rest);
  }
  return sum;
}

const orders = fc.integer({ min: 0, max: MAX_EVENTS }).chain((events) =>
  fc.record({
    events: fc.constant(events),
    pairs: fc.oneof(
      fc.array(fc.boolean(), { minLength: 28, maxLength: 28 }),
      fc.array(
        fc.nat(4).map((lot) => lot === 0),
        { minLength: 28, maxLength: 28 },
      ),
    ),
  }),
);

test("RACE-03 as many orders as trying them all gives, one search after the other", () => {
  const kept = new Extensions();
  fc.assert(
    fc.property(orders, ({ events, pairs }) => {
      const order = orderOf(events, pairs);
      const expected: Orders = { count: tried(order, [...Array(events).keys()]), exact: true };
      assert.deepEqual(new Extensions().count(order, events), expected);
      assert.deepEqual(kept.count(order, events), expected, "with what is known from others");
    }),
    { numRuns: 1500 },
  );
});

/** As if each look at the clock were a minute later: all of the time goes to counting. */
function slowly(): () => number {
  let minutes = 0;
  return () => 60_000 * minutes++;
}

test("RACE-03 what is too large, or takes too long, is counted from below, and told so", () => {
  fc.assert(
    fc.property(orders, fc.nat(20), ({ events, pairs }, maxSets) => {
      const order = orderOf(events, pairs);
      const exact = tried(order, [...Array(events).keys()]);
      const { count, exact: isExact } = new Extensions({ maxSets }).count(order, events);
      assert.ok(count >= 1n && count <= exact);
      assert.ok(!isExact || count === exact);
      const hurried = new Extensions({ now: slowly() });
      hurried.count(order, events);
      assert.deepEqual(hurried.count(order, events), { count: exact, exact: true }, "short parts take no time");
    }),
    { numRuns: 500 },
  );
  // Two processes of twelve that meet: no part is short.
  const order = processes(
    [12, 12],
    [
      [1, 14],
      [5, 20],
    ],
  );
  const { count, exact } = new Extensions().count(order, 24);
  assert.ok(exact);
  const hurried = new Extensions({ now: slowly() });
  hurried.count(processes([1]), 1);
  const least = hurried.count(order, 24);
  assert.equal(least.exact, false);
  assert.ok(least.count >= 1n && least.count < count);
});

test("RACE-05 processes that do not meet are shuffled, however long they are", () => {
  assert.deepEqual(new Extensions().count(processes([4, 4, 4]), 12), { count: 34_650n, exact: true });
  assert.deepEqual(new Extensions().count(processes([4, 4, 4, 4]), 16), { count: 63_063_000n, exact: true });
  const { count, exact } = new Extensions().count(processes([40, 40, 40]), 120);
  assert.ok(exact);
  assert.equal(String(count).length, 56);
});

test("RACE-03 numbers that no double holds are exact", () => {
  // One pair across: of all shuffles of n and n, those in which the first of one is before the last of the other are all
  // but the one in which the other is wholly before it.
  const length = 30;
  const all = new Extensions().count(processes([length, length]), 2 * length).count;
  const one = new Extensions().count(processes([length, length], [[0, 2 * length - 1]]), 2 * length);
  assert.ok(all > BigInt(Number.MAX_SAFE_INTEGER));
  assert.deepEqual(one, { count: all - 1n, exact: true });
});
