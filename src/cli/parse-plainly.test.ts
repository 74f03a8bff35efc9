import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { COMMANDS } from "./command-table.ts";
import { parsePlainly } from "./parse-plainly.ts";
import { parseCommandLine } from "./program.ts";

const WORDS = ["a", "x/y z", "-", "--", "", "-x", "--json", "-C", "--help", "--out=x", "3", "--version", "--force"];

/** Command lines around what `spec` takes: its options in any number and order, with and without their values. */
const lines = fc.constantFrom(...COMMANDS).chain((spec) => {
  const flags = [...(spec.options ?? []).map(([flag]) => flag.split(" ")[0] ?? ""), "-C", "--json"];
  const word = fc.oneof(fc.constantFrom(...flags), fc.constantFrom(...WORDS), fc.string());
  const pair = fc.tuple(fc.constantFrom(...flags), fc.constantFrom("v", "w=1")).map((both) => both);
  const rest = fc
    .array(
      fc.oneof(
        pair,
        word.map((each) => [each]),
      ),
      { maxLength: 5 },
    )
    .map((each) => each.flat());
  return rest.map((each) => [...spec.path.split(" "), ...each]);
});

test("a command line parsed plainly means what it means to the whole parser", () => {
  let plain = 0;
  fc.assert(
    fc.property(lines, (argv) => {
      const found = parsePlainly(argv);
      if (found === undefined) return;
      plain += 1;
      const { kind, spec, args, options } = parseCommandLine(argv) as typeof found;
      assert.deepEqual({ kind, spec, args, options }, { ...found, options: { ...found.options } });
    }),
    { numRuns: 3_000 },
  );
  assert.ok(plain > 300, `only ${plain} were plain`);
});

test("the plain form covers how commands are mostly called", () => {
  for (const line of ["data get x", "data get x/y -C there --in notes --version 3 --out -", "status --json", "sync"]) {
    assert.notEqual(parsePlainly(line.split(" ")), undefined, line);
  }
  assert.deepEqual(parsePlainly(["data", "put", "n", "--tag", "a=b", "--tag", "c=d"])?.options, {
    tag: ["a=b", "c=d"],
  });
});

test("what is not plain is left to the whole parser", () => {
  for (const line of [
    "",
    "data",
    "data get",
    "data get x y",
    "data get x --help",
    "data get x --in",
    "nonsense",
    "-C x status",
  ]) {
    assert.equal(parsePlainly(line.split(" ")), undefined, line);
  }
});
