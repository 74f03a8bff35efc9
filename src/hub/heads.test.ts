// Which appends may replace a document's head when they name their base by parents, as folders do.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { Entry, EntryId } from "../entries/index.ts";
import { judgeBatch } from "./heads.ts";
import type { Head } from "./protocol.ts";
import { SampleAuthor } from "./testing/sample-author.ts";

const ann = new SampleAuthor("ann");
const first = ann.create("f", "1").entry;
const doc = first.id;
const isHead = (entry: Entry): Head => ({
  doc,
  entry: entry.id,
  sequence: 1,
  collection: entry.collection,
  name: entry.name,
  deleted: false,
});
/** A version that stands on `parents`. */
const on = (...parents: Entry[]): Entry =>
  ann.write({ name: "f", doc, parents: parents.map(({ id }) => id) }, "x").entry;

/** The head after the batch, or the conflicts as `REASON INDEX CURRENT`. */
function judged(head: Entry, batch: readonly Entry[]): EntryId | undefined | string[] {
  const before = { docs: new Map([[doc, isHead(head)]]), names: new Map() };
  const judgement = judgeBatch(
    batch.map((entry, index) => ({ index, entry, sequence: index + 2 })),
    before,
  );
  if (judgement.verdict === "refused") {
    return judgement.conflicts.map(({ index, reason, current }) => `${reason} ${index} ${current?.entry}`);
  }
  return judgement.changes.docs.find((each) => each.doc === doc)?.entry;
}

test("FILE-31 two machines' versions of one document never both become its head: the second is refused until one joins both", () => {
  const [ours, theirs] = [on(first), on(first)];
  assert.equal(judged(first, [ours]), ours.id);
  assert.deepEqual(judged(ours, [theirs]), [`STALE_BASE 0 ${ours.id}`]);
  assert.deepEqual(judged(first, [ours, theirs]), [`STALE_BASE 1 ${first.id}`], "nor in one batch");
  const join = on(ours, theirs);
  assert.equal(judged(ours, [theirs, join]), join.id);
  assert.equal(judged(first, [ours, theirs, join]), join.id);
});

test("FILE-31 a whole fork comes in one batch with the version that joins it to the head; without it, none of it does", () => {
  const ours = on(first);
  const fork = [on(first)];
  for (let n = 0; n < 3; n += 1) fork.push(on(fork.at(-1) as Entry));
  const [last] = fork.slice(-1) as [Entry];
  assert.deepEqual(judged(ours, fork), [`STALE_BASE 0 ${ours.id}`]);
  const join = on(ours, last);
  assert.equal(judged(ours, [...fork, join]), join.id);
  // One that joins only the beginning of the fork leaves the rest of it beside the head.
  assert.deepEqual(judged(ours, [...fork, on(ours, fork[0] as Entry)]), [`STALE_BASE 0 ${ours.id}`]);
  // A version on a parent that the hub has long passed is stale, too.
  assert.deepEqual(judged(join, [on(first)]), [`STALE_BASE 0 ${join.id}`]);
});
