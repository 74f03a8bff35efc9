// When leaders are asked about what lies here and is theirs, and when again.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Prune, Round } from "./prune.ts";
import { PruneRounds } from "./prune-rounds.ts";
import { SimulatedTime } from "./testing/simulated-time.ts";

const QUIET: Round = { removed: 0, isLeft: false, abroad: 0, isAllAsked: true };

/** Rounds whose outcomes are given, each when it is its turn; the last one over and over. */
function rounds(run: (count: number) => Promise<Round>): { time: SimulatedTime; rounds: PruneRounds; count(): number } {
  const time = new SimulatedTime();
  let count = 0;
  const prune = {
    run: () => {
      count += 1;
      return run(count);
    },
  } as unknown as Prune;
  const all = new PruneRounds({
    time,
    prune: () => prune,
    closing: new AbortController().signal,
    onRemoved: () => {},
    track: (work) => void work.catch(() => {}),
  });
  return { time, rounds: all, count: () => count };
}

test("what is made while a round is under way is asked about when others have changed", async () => {
  const scene = rounds(async (count) => {
    if (count === 1) scene.rounds.noteAbroad();
    return QUIET;
  });
  scene.rounds.soon();
  await scene.time.pass(10_000);
  assert.equal(scene.count(), 1);
  scene.rounds.changed();
  await scene.time.pass(60_000);
  assert.equal(scene.count(), 2);
  scene.rounds.changed();
  await scene.time.pass(60_000);
  assert.equal(scene.count(), 2, "there is nothing to ask about any more");
});

test("a round that failed, and one to which not all have answered, are made again", async () => {
  const scene = rounds(async (count) => {
    if (count === 1) throw new Error("the store is busy");
    return { ...QUIET, abroad: 1, isAllAsked: count > 2 };
  });
  scene.rounds.soon();
  await scene.time.pass(200_000);
  assert.equal(scene.count(), 3);
});
