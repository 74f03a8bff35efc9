// Every combination of what two sides may have done to a document.

import assert from "node:assert/strict";
import { test } from "node:test";
import { type DocState, type Merged, mergeStates, sameContent, sameState } from "./merge-states.ts";

const content = (hash: string): NonNullable<DocState["content"]> => ({ hash, size: 1, type: "text/plain" });
const STATES: DocState[] = ["p", "q"].flatMap((path) =>
  [content("1"), content("2"), null].flatMap((each) =>
    [false, true].map((isExecutable) => ({ path, content: each, isExecutable })),
  ),
);

/** What comes out, with the content by its hash instead of by side. */
function outcome(base: DocState | null, ours: DocState, theirs: DocState): string {
  const merged: Merged = mergeStates(base, ours, theirs);
  if (merged.kind === "deleted") return "deleted";
  const hash = {
    ours: ours.content?.hash,
    theirs: theirs.content?.hash,
    both: [ours.content?.hash, theirs.content?.hash].sort().join("+"),
  }[merged.content];
  return `${merged.path} ${merged.isExecutable} ${hash}`;
}

function each(check: (base: DocState | null, ours: DocState, theirs: DocState) => void): void {
  for (const base of [null, ...STATES])
    for (const ours of STATES) for (const theirs of STATES) check(base, ours, theirs);
}

test("FILE-31 one side changed: its state is what comes out, whichever side that is", () => {
  let checked = 0;
  each((base, ours, theirs) => {
    if (base === null || !sameState(base, theirs) || (base.content === null && ours.content === null)) return;
    checked += 1;
    const wanted = ours.content === null ? "deleted" : `${ours.path} ${ours.isExecutable} ${ours.content.hash}`;
    assert.equal(outcome(base, ours, theirs), wanted, JSON.stringify({ base, ours }));
    assert.equal(outcome(base, theirs, ours), wanted, JSON.stringify({ base, theirs: ours }));
  });
  assert.ok(checked > 100);
});

test("FILE-31 whoever merges, the same bytes are kept, and the document lives or not on both machines alike", () => {
  each((base, ours, theirs) => {
    const [one, other] = [mergeStates(base, ours, theirs), mergeStates(base, theirs, ours)];
    assert.equal(one.kind, other.kind);
    if (one.kind === "deleted" || other.kind === "deleted") return;
    const hashes = (merged: typeof one, mine: DocState, its: DocState): string =>
      merged.content === "both"
        ? [mine.content?.hash, its.content?.hash].sort().join("+")
        : String((merged.content === "ours" ? mine : its).content?.hash);
    assert.equal(hashes(one, ours, theirs), hashes(other, theirs, ours), JSON.stringify({ base, ours, theirs }));
  });
});

test("delete against edit: the edit stays, and nothing that a side wrote since the base is dropped", () => {
  each((base, ours, theirs) => {
    const merged = mergeStates(base, ours, theirs);
    for (const [mine, name] of [
      [ours, "ours"],
      [theirs, "theirs"],
    ] as const) {
      const isNew = mine.content !== null && (base === null || !sameContent(base.content, mine.content));
      if (!isNew) continue;
      assert.equal(merged.kind, "live", JSON.stringify({ base, ours, theirs }));
      const other = name === "ours" ? theirs : ours;
      const isKept =
        merged.kind === "live" &&
        (merged.content === name || merged.content === "both" || sameContent(other.content, mine.content));
      assert.ok(isKept, JSON.stringify({ base, ours, theirs, merged }));
    }
  });
});

test("a rename and an edit, or an edit and a mode, come together", () => {
  const base: DocState = { path: "p", content: content("1"), isExecutable: false };
  assert.equal(outcome(base, { ...base, path: "q" }, { ...base, content: content("2") }), "q false 2");
  assert.equal(outcome(base, { ...base, isExecutable: true }, { ...base, content: content("2") }), "p true 2");
  // Both renamed it: who came first at the hub is right on every machine.
  assert.equal(outcome(base, { ...base, path: "q" }, { ...base, path: "r" }), "r false 1");
});

test("a media type is a guess and makes no difference; a link instead of a file does", () => {
  assert.ok(sameContent(content("1"), { ...content("1"), type: "text/markdown" }));
  assert.ok(!sameContent(content("1"), { ...content("1"), type: "inode/symlink" }));
});
