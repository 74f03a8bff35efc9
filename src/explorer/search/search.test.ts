// The searches against brute force, on scenarios of a few steps.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Bounded } from "./bounded.ts";
import { Exhaustive, type Job } from "./exhaustive.ts";
import { Toy, type ToyStep } from "./toy.ts";
import { Wandering } from "./wandering.ts";

const MAX_RUNS = 300_000;

function exhaust(toy: Toy, search: Exhaustive | Wandering = new Exhaustive(toy, { maxSteps: 100 })) {
  let [runs, redundant] = [0, 0];
  while (!search.done) {
    assert.ok(runs + redundant < MAX_RUNS, "the search ends");
    if (search.run() === "redundant") redundant += 1;
    else runs += 1;
  }
  return { runs, redundant };
}

function brute(toy: Toy, preemptions?: number): number {
  const search = new Bounded(toy, { maxSteps: 100, ...(preemptions !== undefined && { preemptions }) });
  let runs = 0;
  while (!search.done) {
    assert.ok(runs < MAX_RUNS, "the search ends");
    search.run();
    runs += 1;
  }
  return runs;
}

const variable = fc.constantFrom("x", "y");
const simple: fc.Arbitrary<ToyStep> = fc.oneof(
  fc.record({ do: fc.constant("read" as const), of: variable }),
  fc.record({ do: fc.constant("inc" as const), of: variable }),
  fc.record({ do: fc.constant("cas" as const), of: variable }),
  fc.record({ do: fc.constant("own" as const) }),
);
const step: fc.Arbitrary<ToyStep> = fc.oneof(
  { weight: 6, arbitrary: simple },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("both" as const), steps: fc.tuple(simple, simple) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("either" as const), step: simple }) },
);
const programs = fc.array(fc.array(step, { minLength: 1, maxLength: 3 }), { minLength: 2, maxLength: 3 });

test("what the reduction leaves out, nobody could have seen: the same ends as brute force", () => {
  fc.assert(
    fc.property(programs, fc.boolean(), (program, crash) => {
      const steps = program.flat().reduce((sum, one) => sum + (one.do === "both" || one.do === "either" ? 2 : 1), 0);
      fc.pre(steps <= (crash ? 6 : 8));
      const [all, reduced] = [new Toy(program, { crash }), new Toy(program, { crash })];
      brute(all);
      exhaust(reduced);
      assert.deepEqual([...reduced.ends.keys()].sort(), [...all.ends.keys()].sort());
    }),
    { numRuns: 600 },
  );
});

test("a search that begins here and there makes the same runs, each once", () => {
  fc.assert(
    fc.property(programs, fc.boolean(), fc.nat(), (program, crash, seed) => {
      fc.pre(program.flat().length <= 6);
      const [straight, wandering] = [new Toy(program, { crash }), new Toy(program, { crash })];
      const { runs } = exhaust(straight);
      assert.equal(exhaust(wandering, new Wandering(wandering, { maxSteps: 100, seed })).runs, runs);
      assert.deepEqual([...wandering.ends.keys()].sort(), [...straight.ends.keys()].sort());
    }),
    { numRuns: 600 },
  );
});

test("a search that is shared out makes the same runs, each once", () => {
  fc.assert(
    fc.property(programs, fc.boolean(), fc.infiniteStream(fc.nat(3)), (program, crash, lots) => {
      const [alone, shared] = [new Toy(program, { crash }), new Toy(program, { crash })];
      fc.pre(program.flat().length <= 6);
      const { runs } = exhaust(alone);
      const search = new Wandering(shared, { maxSteps: 100, seed: 1 });
      const away: { job: Job; search: Exhaustive }[] = [];
      let complete = 0;
      const step = (one: Exhaustive | Wandering) => {
        if (one.run() !== "redundant") complete += 1;
      };
      while (!search.done) {
        const lot = lots.next().value as number;
        const job = lot === 0 ? search.lend() : undefined;
        if (job !== undefined) away.push({ job, search: new Exhaustive(shared, { maxSteps: 100, job }) });
        const one = away[lot % Math.max(1, away.length)];
        if (one !== undefined && (lot > 1 || search.waiting)) {
          if (!one.search.done) step(one.search);
          if (one.search.done) {
            away.splice(away.indexOf(one), 1);
            search.giveBack(one.job, one.search.takeOutward());
          }
        } else if (!search.waiting) step(search);
      }
      assert.equal(away.length, 0);
      assert.deepEqual([...shared.ends.keys()].sort(), [...alone.ends.keys()].sort());
      assert.equal(complete, runs);
    }),
    { numRuns: 600 },
  );
});

test("no two complete runs are equivalent: independent steps take one run", () => {
  const own = (count: number): ToyStep[] => Array.from({ length: count }, () => ({ do: "own" }));
  assert.deepEqual(exhaust(new Toy([own(4), own(4), own(4)])), { runs: 1, redundant: 0 });
  assert.equal(brute(new Toy([own(2), own(2), own(2)])), 90);
});

test("a preemption bound of none leaves the orders in which processes follow one another", () => {
  const two: ToyStep[] = [
    { do: "inc", of: "x" },
    { do: "inc", of: "x" },
  ];
  assert.equal(brute(new Toy([two, two]), 0), 2);
  assert.equal(brute(new Toy([two, two]), 1), 4);
  assert.equal(brute(new Toy([two, two])), 6);
});
