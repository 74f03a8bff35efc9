import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { compareClocks, HybridClock } from "./clock.ts";
import type { ClockReading } from "./entry.ts";

const DAY_MS = 86_400_000;
const wall = fc.nat({ max: 1_000 });
const reading: fc.Arbitrary<ClockReading> = fc.record({ wallMs: fc.nat({ max: 2_000 }), counter: fc.nat({ max: 5 }) });

test("readings only grow, whatever the wall clock does and whatever is seen from elsewhere", () => {
  const step = fc.oneof(
    fc.record({ kind: fc.constant("tick" as const), wallMs: wall }),
    fc.record({ kind: fc.constant("witness" as const), seen: reading }),
  );
  fc.assert(
    fc.property(fc.array(step, { maxLength: 50 }), (steps) => {
      let nowMs = 0;
      const clock = new HybridClock(undefined, () => nowMs);
      let last: ClockReading = { wallMs: -1, counter: 0 };
      for (const each of steps) {
        if (each.kind === "witness") {
          clock.witness(each.seen);
          if (compareClocks(each.seen, last) > 0) last = each.seen;
          continue;
        }
        nowMs = each.wallMs;
        const tick = clock.tick();
        assert.ok(compareClocks(tick, last) > 0, `${JSON.stringify(tick)} after ${JSON.stringify(last)}`);
        last = tick;
      }
    }),
  );
});

test("a reading more than a day ahead is not believed", () => {
  const clock = new HybridClock(undefined, () => 1_000);
  clock.witness({ wallMs: 1_000 + DAY_MS + 1, counter: 0 });
  assert.deepEqual(clock.tick(), { wallMs: 1_000, counter: 0 });
  clock.witness({ wallMs: 1_000 + DAY_MS, counter: 3 });
  assert.deepEqual(clock.tick(), { wallMs: 1_000 + DAY_MS, counter: 4 });
});

test("a clock goes on from where it was kept", () => {
  const clock = new HybridClock({ wallMs: 5_000, counter: 7 }, () => 10);
  assert.deepEqual(clock.tick(), { wallMs: 5_000, counter: 8 });
});

test("comparing is a total order", () => {
  fc.assert(
    fc.property(reading, reading, reading, (a, b, c) => {
      assert.equal(Math.sign(compareClocks(a, b)) + Math.sign(compareClocks(b, a)), 0);
      if (compareClocks(a, b) <= 0 && compareClocks(b, c) <= 0) assert.ok(compareClocks(a, c) <= 0);
      assert.equal(compareClocks(a, b) === 0, a.wallMs === b.wallMs && a.counter === b.counter);
    }),
  );
});
