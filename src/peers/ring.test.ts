// The ring, its segments and leaders, and the index of entries: rules that hold for all numbers.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { entryIdOf } from "../entries/index.ts";
import { divideRange, EntryIndex, idAt, type Place, placeOf, rangeOf } from "./entry-index.ts";
import { Leaders, leadersAt, staysWith } from "./leaders.ts";
import { LAST_POINT, onRing, type Point, pointText, spaced } from "./ring.ts";
import { covers, endOf, type Segment, shareOf, spanOf } from "./segments.ts";

const point = fc.oneof(fc.bigInt({ min: 0n, max: LAST_POINT }), fc.constantFrom(0n, 1n, LAST_POINT, 1n << 63n));
const span = fc.oneof(fc.bigInt({ min: 0n, max: LAST_POINT }), fc.constantFrom(0n, LAST_POINT, (1n << 62n) - 1n));
const owner = fc.constantFrom("aa", "bb", "cc", "dd", "ee");
const segment: fc.Arbitrary<Segment> = fc.record({ id: fc.uuid(), owner, start: point, span });
const segments = fc.array(segment, { maxLength: 8 });
const replicas = fc.integer({ min: 1, max: 4 });

test("a segment covers its start and its last point, and neither the one before nor the one after", () => {
  fc.assert(
    fc.property(point, span, (start, length) => {
      const one = { start, span: length };
      assert.ok(covers(one, start) && covers(one, onRing(start + length)));
      if (length < LAST_POINT) assert.ok(!covers(one, endOf(one)) && !covers(one, onRing(start - 1n)));
    }),
  );
});

test("a share of the ring is the span that has that share", () => {
  for (const share of [1, 0.5, 0.25, 0.1, 1e-9]) {
    assert.ok(Math.abs(shareOf([{ span: spanOf(share) }]) - share) < 1e-12);
  }
  assert.equal(spanOf(1), LAST_POINT);
});

test("PEER-21 the leaders of an entry are all that cover one of its points, and others up to the number of replicas", () => {
  fc.assert(
    fc.property(segments, replicas, point, (all, count, coordinate) => {
      const leaders = leadersAt(all, count, coordinate);
      const owners = new Set(all.map((one) => one.owner));
      assert.ok(leaders.size >= Math.min(count, owners.size));
      const points = spaced(coordinate, count);
      const covering = new Set(all.filter((one) => points.some((p) => covers(one, p))).map((one) => one.owner));
      for (const peer of covering) assert.ok(leaders.has(peer));
      if (covering.size >= count) assert.equal(leaders.size, covering.size);
      // Everybody who knows the same segments says the same, in whatever order they came.
      assert.deepEqual([...leadersAt(all.toReversed(), count, coordinate)].sort(), [...leaders].sort());
    }),
    { numRuns: 500 },
  );
});

test("PEER-30 whether everybody goes on leading what they lead is said as by a look at every edge", () => {
  let stay = 0;
  fc.assert(
    fc.property(segments, segments, replicas, (all, more, count) => {
      const [before, after] = [new Leaders(all, count), new Leaders([...all, ...more], count)];
      const edges = [...before.intervals, ...after.intervals].flatMap(({ from, to }) => [from, to]);
      const expected = edges.every((edge) => before.of(edge).isSubsetOf(after.of(edge)));
      assert.equal(staysWith(before, after), expected);
      if (expected) stay += 1;
    }),
    { numRuns: 500 },
  );
  assert.ok(stay > 50 && stay < 450, `${stay} of 500: else this shows little`);
});

test("PEER-21 what is looked up is what the rule says, everywhere and at every edge", () => {
  fc.assert(
    fc.property(segments, replicas, fc.array(point, { maxLength: 8 }), (all, count, coordinates) => {
      const leaders = new Leaders(all, count);
      const edges = all.flatMap((one) =>
        spaced(0n, count).flatMap((offset) =>
          [one.start, endOf(one)].flatMap((edge) => [-1n, 0n, 1n].map((step) => onRing(edge - offset + step))),
        ),
      );
      for (const coordinate of [...coordinates, ...edges]) {
        assert.deepEqual([...leaders.of(coordinate)].sort(), [...leadersAt(all, count, coordinate)].sort());
      }
      for (const peer of new Set(all.map((one) => one.owner))) {
        const led = leaders.ledBy(peer);
        for (const coordinate of coordinates) {
          const isLed = led.some(({ from, to }) => from <= coordinate && coordinate <= to);
          assert.equal(isLed, leaders.of(coordinate).has(peer));
        }
      }
    }),
    { numRuns: 300 },
  );
});

/** Coordinates that share beginnings, so that parts get deep. */
const coordinate: fc.Arbitrary<Point> = fc.oneof(
  point,
  fc.constantFrom(0n, 1n, 255n, 1n << 60n),
  fc.bigInt({ min: 0n, max: 40n }),
);
const place: fc.Arbitrary<Place> = fc
  .tuple(coordinate, fc.uint8Array({ minLength: 1, maxLength: 4 }))
  .map(([where, bytes]) => placeOf(where, entryIdOf(bytes)));
const bound = fc.oneof(
  fc.constant(""),
  place,
  place.map((one) => one.slice(0, 3)),
  point.map(pointText),
);

test("an entry's place says which entry it is", () => {
  fc.assert(
    fc.property(coordinate, fc.uint8Array(), (where, bytes) => {
      const id = entryIdOf(bytes);
      const found = placeOf(where, id);
      assert.match(found, /^[0-9a-f]{80}$/);
      assert.equal(idAt(found), id);
    }),
  );
});

test("PEER-29 sums depend on what is there and on nothing else, for every range", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(place, { maxLength: 200 }),
      fc.uniqueArray(place, { maxLength: 30 }),
      bound,
      bound,
      (kept, gone, from, to) => {
        const [one, other] = [new EntryIndex(), new EntryIndex()];
        const stay = kept.filter((each) => !gone.includes(each));
        for (const each of [...stay, ...gone]) one.add(each);
        for (const each of gone) one.remove(each);
        for (const each of stay.toReversed()) other.add(each);
        const range = { from, to };
        assert.deepEqual(one.sumOf(range), other.sumOf(range));
        const inside = stay.filter((each) => each >= from && (to === "" || each < to)).sort();
        assert.equal(one.sumOf(range).count, inside.length);
        assert.deepEqual(one.places(range, 1_000), inside);
        const [, second] = inside;
        if (second !== undefined) assert.deepEqual(one.places(range, 3, second), inside.slice(2, 5));
      },
    ),
    { numRuns: 200 },
  );
});

test("PEER-29 the parts of a range lie side by side, and are all of it", () => {
  fc.assert(
    fc.property(bound, bound, (a, b) => {
      const [from, to] = b === "" || a < b ? [a, b] : [b, a];
      fc.pre(to === "" || from.padEnd(80, "0") < to.padEnd(80, "0"));
      const parts = divideRange({ from, to });
      assert.ok(parts.length <= 16);
      assert.equal(parts[0]?.from, from);
      assert.equal(parts.at(-1)?.to, to);
      for (const [index, part] of parts.slice(1).entries()) assert.equal(part.from, parts[index]?.to);
    }),
    { numRuns: 500 },
  );
});

test("a range of coordinates holds the places of exactly those", () => {
  fc.assert(
    fc.property(point, point, coordinate, (a, b, where) => {
      const [from, to] = a < b ? [a, b] : [b, a];
      const range = rangeOf(from, to);
      const found = placeOf(where, entryIdOf(Buffer.from("x")));
      const isIn = found >= range.from && (range.to === "" || found < range.to);
      assert.equal(isIn, from <= where && where <= to);
    }),
  );
});
