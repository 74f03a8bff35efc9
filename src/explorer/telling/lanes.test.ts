// The lanes in the terminal, line for line, and that no trace can break them.

import assert from "node:assert/strict";
import { test } from "node:test";
import { stripVTControlCharacters } from "node:util";
import fc from "fast-check";
import { lanes } from "./lanes.ts";
import { columnsOf } from "./printable.ts";
import { anyTrace, longTrace } from "./testing/any-trace.ts";
import { SAMPLES } from "./testing/sample-traces.ts";

const STEERS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u202a-\u202e\u2066-\u2069]/;

test("RACE-17 lanes: a column for each process, the losing window marked, the violation at the end", () => {
  assert.equal(
    lanes(SAMPLES.STAT_THEN_MKDIR, { width: 80 }),
    `
b looked at /lock in step 2 (not there), a created it in step 3, and b tried to
create it in step 4 (there already).

Time runs down; each process has a lane. ● is a step, → what came of it. ┃ marks
the steps that lost the race.

step             a                              b
   1             ● stat /lock → ENOENT
                 ├──────────────────────────────╮
   2    looked ┏ │                              ● stat /lock → ENOENT
               ┃ ├──────────────────────────────┤
   3   changed ┣ ● mkdir /lock                  │
               ┃ ╰──────────────────────────────┤
   4     acted ┗                                ● mkdir /lock → EEXIST

✗ b failed
  EEXIST: file already exists, mkdir '/lock'

In the code:
  step 2    b looked: lock.race.ts:4:9
  step 3    a changed: lock.race.ts:5:9
  step 4    b acted: lock.race.ts:5:9`.trimStart(),
  );
});

test("RACE-17 lanes too narrow for words: the words stand beside them, and time where it moves", () => {
  const drawn = lanes(SAMPLES.STALE_TAKEOVER, { width: 60 }).split("\n");
  const from = drawn.findIndex((line) => /^step( {2,}|$)/.test(line));
  assert.equal(
    drawn.slice(from, from + 12).join("\n"),
    `
step      time             lanes: a, b, c
   1                       ●      a  mkdir /lock
   2                       ✗      a  killed
                           ╰─╮
   3  10.001 s               ●    b  mkdir /lock → EEXIST
   4                         ●    b  stat /lock → dire… 0 ms
                             ├─╮
   5                         │ ●  c  mkdir /lock → EEXIST
   6              looked ┏   │ ●  c  stat /lock → dire… 0 ms
                         ┃   ├─┤
   7             changed ┣   ● │  b  rmdir /lock
   8             changed ┣   ● │  b  mkdir /lock`.trimStart(),
  );
});

test("colour is used only when asked for, and only colours", () => {
  const plain = lanes(SAMPLES.LOST_UPDATE);
  const coloured = lanes(SAMPLES.LOST_UPDATE, { colour: true });
  assert.ok(!plain.includes("\u001b") && coloured.includes("\u001b[33m"));
  assert.equal(stripVTControlCharacters(coloured).replace(/ +$/gm, ""), plain);
});

test("any trace is drawn: every step once, no line too wide, no name steers the terminal", () => {
  fc.assert(
    fc.property(anyTrace(), fc.integer({ min: 48, max: 160 }), (trace, width) => {
      const drawn = lanes(trace, { width });
      assert.ok(!STEERS.test(drawn) && drawn.isWellFormed());
      const lines = drawn.split("\n");
      const head = lines.findIndex((line) => /^step( {2,}|$)/.test(line));
      const numbers = lines.slice(head).flatMap((line) => line.match(/^ {1,3}(\d+) /)?.[1] ?? []);
      assert.deepEqual(
        numbers.map(Number),
        trace.steps.map(({ number }) => number),
      );
      const many = new Set(trace.steps.map(({ process }) => process)).size > 4;
      if (!many) assert.ok(lines.every((line) => columnsOf(line) <= width));
    }),
    { numRuns: 1_000 },
  );
});

test("2,000 steps are drawn", () => {
  assert.ok(lanes(longTrace(2_000)).split("\n").length > 2_000);
});
