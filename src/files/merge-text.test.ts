// Merging texts against an oracle that knows which lines each side kept, dropped and added.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { mergeText } from "./merge-text.ts";

const bytes = (lines: readonly string[]): Uint8Array => Buffer.from(lines.map((line) => `${line}\n`).join(""));
const textOf = (merged: Uint8Array | undefined): string | undefined =>
  merged === undefined ? undefined : Buffer.from(merged).toString();

function counts(lines: readonly string[]): Map<string, number> {
  const result = new Map<string, number>();
  for (const line of lines) result.set(line, (result.get(line) ?? 0) + 1);
  return result;
}

/** An edit of a text whose lines are all different: per line, whether it stays, and lines put before it. */
const edit = (length: number, mark: string) =>
  fc
    .array(fc.record({ stays: fc.boolean(), before: fc.integer({ min: 0, max: 2 }) }), {
      minLength: length + 1,
      maxLength: length + 1,
    })
    .map((steps) =>
      steps.flatMap(({ stays, before }, index) => [
        ...Array.from({ length: before }, (_, n) => `${mark}${index}.${n}`),
        ...(stays && index < length ? [`line ${index}`] : []),
      ]),
    );

test("FILE-32 lines all different: a merge has every line that a side added and every line that both kept, and no other", () => {
  let merges = 0;
  fc.assert(
    fc.property(
      fc
        .integer({ min: 0, max: 12 })
        .chain((length) => fc.tuple(fc.constant(length), edit(length, "a"), edit(length, "b"))),
      ([length, ours, theirs]) => {
        const base = Array.from({ length }, (_, index) => `line ${index}`);
        const merged = textOf(mergeText(bytes(base), bytes(ours), bytes(theirs)));
        if (merged === undefined) return;
        merges += 1;
        const result = new Set(merged.split("\n").slice(0, -1));
        const inBase = new Set(base);
        const wanted = new Set([
          ...ours.filter((line) => !inBase.has(line) || theirs.includes(line)),
          ...theirs.filter((line) => !inBase.has(line)),
        ]);
        assert.deepEqual([...result].sort(), [...wanted].sort());
      },
    ),
    { numRuns: 3_000 },
  );
  assert.ok(merges > 100, `only ${merges} merged`);
});

test("FILE-32 lines that repeat: of no line are there fewer than both sides have, or than one side has added", () => {
  const lines = fc.array(fc.constantFrom("x", "y", "z", "", "}"), { maxLength: 10 });
  let merges = 0;
  fc.assert(
    fc.property(lines, lines, lines, (base, ours, theirs) => {
      const merged = textOf(mergeText(bytes(base), bytes(ours), bytes(theirs)));
      if (merged === undefined) return;
      merges += 1;
      const result = counts(merged.split("\n").slice(0, -1));
      const [inBase, inOurs, inTheirs] = [counts(base), counts(ours), counts(theirs)];
      for (const line of new Set([...ours, ...theirs])) {
        const [b, o, t, m] = [inBase, inOurs, inTheirs, result].map((each) => each.get(line) ?? 0) as [
          number,
          number,
          number,
          number,
        ];
        assert.ok(m >= Math.min(o, t), `"${line}" ${m} times; ours ${o}, theirs ${t}, base ${b}`);
        // A side that changed nothing leaves the other's count.
        if (o === b && t !== b && ours.join("\n") === base.join("\n")) assert.equal(m, t);
      }
    }),
    { numRuns: 5_000 },
  );
  assert.ok(merges > 100, `only ${merges} merged`);
});

test("FILE-32 a repeated line of which one side dropped the first and the other the last is for people to merge", () => {
  assert.equal(mergeText(bytes(["z", "y", "z"]), bytes(["z", "y"]), bytes(["y", "z"])), undefined);
});

test("FILE-32 both sides in turn give the same text", () => {
  const lines = fc.array(fc.constantFrom("x", "y", "z"), { maxLength: 8 });
  fc.assert(
    fc.property(lines, lines, lines, (base, ours, theirs) => {
      const [b, o, t] = [bytes(base), bytes(ours), bytes(theirs)];
      const [one, other] = [textOf(mergeText(b, o, t)), textOf(mergeText(b, t, o))];
      if (one !== undefined && other !== undefined) assert.equal(one, other);
      else assert.equal(one, other);
    }),
    { numRuns: 3_000 },
  );
});

test("edits far apart merge; edits of one line do not", () => {
  const base = bytes(["1", "2", "3", "4", "5"]);
  assert.equal(
    textOf(mergeText(base, bytes(["one", "2", "3", "4", "5"]), bytes(["1", "2", "3", "4", "five"]))),
    "one\n2\n3\n4\nfive\n",
  );
  assert.equal(mergeText(base, bytes(["1", "2", "drei", "4", "5"]), bytes(["1", "2", "trois", "4", "5"])), undefined);
});

test("a last line without its end, and line ends of Windows, stay as they are", () => {
  const [base, ours, theirs] = ["1\r\n2\r\n3\r\n4", "one\r\n2\r\n3\r\n4", "1\r\n2\r\n3\r\nfour"].map((text) =>
    Buffer.from(text),
  ) as [Buffer, Buffer, Buffer];
  assert.equal(textOf(mergeText(base, ours, theirs)), "one\r\n2\r\n3\r\nfour");
});

test("what is no text is not merged", () => {
  const text = bytes(["1"]);
  assert.equal(mergeText(text, text, Buffer.from([0, 1])), undefined);
  assert.equal(mergeText(text, Buffer.from([0xff, 0xfe]), text), undefined);
});
