// The checker against every order there is, and against the cases of the textbooks.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { linearizable, MAX_OPERATIONS, type Operation } from "./linearizable.ts";
import type { Model, PlainData } from "./model.ts";
import { listAppend, queue, register, set } from "./models.ts";
import { orderFits, someOrderFits } from "./testing/brute-force.ts";

/** `["a", "write", "1", undefined, 0, 3]`; without the last it never came back. */
type Sketch = readonly [
  process: string,
  name: string,
  input: PlainData,
  output: PlainData,
  invoked: number,
  returned?: number,
];

function operations(...sketches: readonly Sketch[]): Operation[] {
  return sketches.map(([process, name, input, output, invoked, returned]) => ({
    process,
    name,
    input,
    output,
    invoked,
    ...(returned === undefined ? {} : { returned }),
  }));
}

function ok<State extends PlainData>(history: readonly Operation[], model: Model<State>): boolean {
  return linearizable(history, model).ok;
}

const stored = register({ initial: "0" });

test("RACE-20 reads of a register: during a write either value, after it the new one only", () => {
  const write: Sketch = ["a", "write", "1", undefined, 0, 5];
  assert.ok(ok(operations(write, ["b", "read", undefined, "0", 1, 2]), stored));
  assert.ok(ok(operations(write, ["b", "read", undefined, "1", 1, 2]), stored));
  assert.ok(ok(operations(write, ["b", "read", undefined, "1", 6, 7]), stored));
  assert.ok(!ok(operations(write, ["b", "read", undefined, "0", 6, 7]), stored), "a stale read");
});

test("RACE-20 a register that is regular and not atomic: new, then old, during one write", () => {
  const write: Sketch = ["a", "write", "1", undefined, 0, 9];
  assert.ok(ok(operations(write, ["b", "read", undefined, "0", 1, 2], ["c", "read", undefined, "1", 3, 4]), stored));
  assert.ok(!ok(operations(write, ["b", "read", undefined, "1", 1, 2], ["c", "read", undefined, "0", 3, 4]), stored));
});

test("RACE-20 two compare-and-sets of one value cannot both have come through: a lost update", () => {
  const cas = (process: string, to: string, output: boolean, from: number): Sketch => [
    process,
    "cas",
    { from: "0", to },
    output,
    from,
    from + 5,
  ];
  assert.ok(ok(operations(cas("a", "1", true, 0), cas("b", "2", false, 1)), stored));
  assert.ok(!ok(operations(cas("a", "1", true, 0), cas("b", "2", true, 1)), stored));
});

test("RACE-20 a compare-and-set that did not come through changes nothing", () => {
  const failed: Sketch = ["a", "cas", { from: "5", to: "6" }, false, 0, 1];
  assert.ok(ok(operations(failed, ["b", "read", undefined, "0", 2, 3]), stored));
  assert.ok(!ok(operations(failed, ["b", "read", undefined, "6", 2, 3]), stored));
});

test("RACE-20 a queue gives its items in the order in which they came", () => {
  const enqueue = (item: string, at: number): Sketch => ["a", "enqueue", item, undefined, at, at + 1];
  const dequeue = (item: string, at: number): Sketch => ["b", "dequeue", undefined, item, at, at + 1];
  const in3 = [enqueue("x", 0), enqueue("y", 2), enqueue("z", 4)];
  assert.ok(ok(operations(...in3, dequeue("x", 6), dequeue("y", 8), dequeue("z", 10)), queue()));
  assert.ok(!ok(operations(...in3, dequeue("x", 6), dequeue("z", 8)), queue()));
});

test("RACE-20 an item of a queue that two took", () => {
  const enqueue: Sketch = ["a", "enqueue", "x", undefined, 0, 1];
  assert.ok(
    ok(operations(enqueue, ["b", "dequeue", undefined, "x", 2, 4], ["c", "dequeue", undefined, null, 3, 5]), queue()),
  );
  assert.ok(
    !ok(operations(enqueue, ["b", "dequeue", undefined, "x", 2, 4], ["c", "dequeue", undefined, "x", 3, 5]), queue()),
  );
  const later: Sketch = ["a", "enqueue", "y", undefined, 2, 3];
  assert.ok(
    !ok(operations(enqueue, later, ["b", "dequeue", undefined, "y", 4, 5]), queue()),
    "not the first that came in",
  );
});

test("RACE-20 a write that never came back may show at any later time, or never, but not come and go", () => {
  const lost: Sketch = ["a", "write", "1", undefined, 0];
  const read = (output: string, at: number): Sketch => ["b", "read", undefined, output, at, at + 1];
  assert.ok(ok(operations(lost, read("0", 1), read("0", 3)), stored));
  assert.ok(ok(operations(lost, read("0", 1), read("1", 3)), stored));
  assert.ok(!ok(operations(lost, read("1", 1), read("0", 3)), stored));
});

test("RACE-20 sets and lists are checked element by element and key by key", () => {
  assert.ok(!ok(operations(["a", "add", 1, true, 0, 2], ["b", "add", 1, true, 1, 3]), set()));
  assert.ok(ok(operations(["a", "add", 1, undefined, 0, 2], ["b", "add", 1, undefined, 1, 3]), set()));
  assert.ok(!ok(operations(["a", "add", 1, undefined, 0, 1], ["b", "contains", 1, false, 2, 3]), set()));
  const append = (key: string, value: number, at: number): Sketch => [
    "a",
    "append",
    { key, value },
    undefined,
    at,
    at + 1,
  ];
  const read = (key: string, output: PlainData, at: number): Sketch => ["b", "read", { key }, output, at, at + 1];
  assert.ok(
    ok(operations(append("x", 1, 0), append("y", 2, 2), append("x", 3, 4), read("x", [1, 3], 6)), listAppend()),
  );
  assert.ok(!ok(operations(append("x", 1, 0), append("x", 3, 4), read("x", [3, 1], 6)), listAppend()));
  assert.ok(ok(operations(read("z", null, 0)), listAppend()));
});

test("RACE-20 a model of one's own", () => {
  const counter: Model<number> = {
    init: 0,
    step: (state, name) => (name === "increment" ? { state: state + 1 } : { state, output: state }),
  };
  const two: Sketch[] = [
    ["a", "increment", undefined, undefined, 0, 4],
    ["b", "increment", undefined, undefined, 1, 5],
  ];
  assert.ok(ok(operations(...two, ["a", "read", undefined, 2, 6, 7]), counter));
  assert.ok(!ok(operations(...two, ["a", "read", undefined, 1, 6, 7]), counter));
});

test("RACE-20 a failure is told by the shortest beginning, what would have fitted, and a picture", () => {
  const verdict = linearizable(
    operations(
      ["a", "write", "1", undefined, 0, 2],
      ["b", "read", undefined, "0", 1, 3],
      ["c", "write", "2", undefined, 4],
      ["b", "read", undefined, "0", 5, 7],
      ["a", "read", undefined, "nonsense", 6, 9],
    ),
    stored,
  );
  assert.ok(!verdict.ok);
  assert.deepEqual(
    verdict.prefix.map(({ invoked }) => invoked),
    [0, 1, 4, 5, 6],
  );
  assert.equal(
    verdict.explain,
    `
Not linearizable: no order of these operations, each done at some moment between its call and its return, gives what came back.
The first that fits nowhere: b: read → "0"; "1" or "2" would have fitted.

  a: write "1"   ├───────┤
  b: read → "0"      ├───────┤
  c: write "2"                   ├╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌╌ never came back
  b: read → "0"                      ├───────┤ ✗
  a: read                                ├╌╌╌╌╌╌╌╌`.trimStart(),
  );
});

interface Drawn {
  readonly name: string;
  readonly input: PlainData;
  readonly output: PlainData;
  readonly pending: boolean;
}

/** Small histories: calls and returns in any order, outputs that are often right. */
function anyHistory(drawn: fc.Arbitrary<Omit<Drawn, "pending">>): fc.Arbitrary<Operation[]> {
  const one = fc.tuple(drawn, fc.nat({ max: 5 })).map(([fields, lots]): Drawn => ({ ...fields, pending: lots === 0 }));
  return fc.array(one, { maxLength: 5 }).chain((all) => {
    const events = all.flatMap((_, index) => [index, index]);
    return fc.shuffledSubarray(events, { minLength: events.length, maxLength: events.length }).map((order) =>
      all.map(({ pending, ...fields }, index): Operation => {
        const invoked = order.indexOf(index);
        const base = { ...fields, process: `p${index}`, invoked };
        return pending ? base : { ...base, returned: order.lastIndexOf(index) };
      }),
    );
  });
}

const value = fc.constantFrom("0", "1", "2");
const operation = (name: string, input: fc.Arbitrary<PlainData>, output: fc.Arbitrary<PlainData>) =>
  fc.record({ name: fc.constant(name), input, output });
const nothing = fc.constant(undefined);
const HISTORIES = {
  register: anyHistory(
    fc.oneof(
      operation("read", nothing, value),
      operation("write", value, nothing),
      operation("cas", fc.record({ from: value, to: value }), fc.boolean()),
    ),
  ),
  set: anyHistory(
    fc
      .tuple(fc.constantFrom("add", "remove", "contains"), fc.constantFrom(1, 2), fc.boolean())
      .map(([name, input, output]) => ({
        name,
        input,
        output,
      })),
  ),
  queue: anyHistory(fc.oneof(operation("enqueue", value, nothing), operation("dequeue", nothing, fc.option(value)))),
  listAppend: anyHistory(
    fc.oneof(
      operation("append", fc.record({ key: fc.constantFrom("x", "y"), value }), nothing),
      operation("read", fc.record({ key: fc.constantFrom("x", "y") }), fc.uniqueArray(value, { maxLength: 2 })),
    ),
  ),
};

function withoutReturn({ returned: _, ...rest }: Operation): Operation {
  return rest;
}

function agreesWithBruteForce<State extends PlainData>(name: keyof typeof HISTORIES, model: Model<State>): void {
  test(`RACE-20 ${name}: the same verdict as every order tried, an order that fits, a prefix that is the shortest`, () => {
    let [fitting, unfitting] = [0, 0];
    fc.assert(
      fc.property(HISTORIES[name], (history) => {
        const verdict = linearizable(history, model);
        assert.equal(verdict.ok, someOrderFits(history, model));
        if (verdict.ok) {
          fitting += 1;
          assert.ok(orderFits(verdict.order, model), "the order given is one that fits");
          const missing = history.filter((one) => one.returned !== undefined && !verdict.order.includes(one));
          assert.deepEqual(missing, []);
          return;
        }
        unfitting += 1;
        assert.ok(!someOrderFits(verdict.prefix, model));
        const last = Math.max(...verdict.prefix.map(({ returned = -1 }) => returned));
        const shorter = verdict.prefix.map((one) => (one.returned === last ? withoutReturn(one) : one));
        assert.ok(someOrderFits(shorter, model), "without the last return it fits");
        assert.ok(verdict.explain.includes("✗"));
      }),
      { numRuns: 2_000 },
    );
    assert.ok(fitting > 200 && unfitting > 200, `both verdicts are met: ${fitting} and ${unfitting}`);
  });
}

agreesWithBruteForce("register", stored);
agreesWithBruteForce("set", set());
agreesWithBruteForce("queue", queue());
agreesWithBruteForce("listAppend", listAppend());

test("RACE-20 what would have fitted is only what all others agree with", () => {
  const set2: Sketch = ["b", "cas", { from: "0", to: "2" }, "?", 0, 5];
  const verdict = linearizable(operations(["c", "cas", { from: "0", to: "1" }, true, 1, 4], set2), stored);
  assert.ok(!verdict.ok && verdict.explain.includes('→ "?"; false would have fitted.'));
});

test("RACE-20 many operations at once: what was tried is not tried again", () => {
  const together = Array.from(
    { length: 14 },
    (_, index): Sketch => [`p${index}`, "write", "1", undefined, index, 100 + index],
  );
  assert.ok(!ok(operations(...together, ["a", "read", undefined, "9", 50, 99]), stored));
});

test("RACE-20 long histories in which few operations overlap are checked", () => {
  const history = Array.from({ length: MAX_OPERATIONS / 2 }, (_, index): Sketch[] => [
    ["a", "write", String(index), undefined, index * 4, index * 4 + 2],
    ["b", "read", undefined, String(index), index * 4 + 1, index * 4 + 3],
  ]).flat();
  assert.ok(ok(operations(...history), stored));
});

test("RACE-20 what is beyond the bounds, or makes no sense, is refused in words", () => {
  const many = Array.from(
    { length: MAX_OPERATIONS + 1 },
    (_, index): Sketch => ["a", "read", undefined, "0", index * 2, index * 2 + 1],
  );
  assert.throws(() => ok(operations(...many), stored), {
    code: "TOO_LARGE",
    message: /10001 operations; at most 10000/,
  });
  assert.throws(() => ok(operations(["a", "read", undefined, "0", 3, 2]), stored), { code: "BAD_OPTION" });
  assert.throws(
    () => ok(operations(["a", "read", undefined, "0", 1, 2], ["b", "read", undefined, "0", 2, 3]), stored),
    {
      code: "BAD_OPTION",
    },
  );
  assert.throws(() => ok(operations(["a", "push", 1, undefined, 0, 1]), queue()), {
    code: "BAD_OPTION",
    message: "A queue has no operation `push`.",
  });
  assert.throws(() => ok(operations(["a", "cas", "1", true, 0, 1]), stored), {
    code: "BAD_OPTION",
    message: /has no `from`/,
  });
});
