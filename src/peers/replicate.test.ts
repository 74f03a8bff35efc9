import assert from "node:assert/strict";
import { test } from "node:test";
import { parseByteCount, parseReplicate } from "./replicate.ts";

test("a share of a workspace, and what is none", () => {
  assert.deepEqual(["all", "none", "auto", "0.5", "0", "1"].map(parseReplicate), [
    "all",
    "none",
    "auto",
    0.5,
    "none",
    "all",
  ]);
  for (const text of ["", " ", "2", "-1", "half", "NaN"])
    assert.throws(() => parseReplicate(text), { code: "BAD_OPTION" });
});

test("bytes as people say them, and what is none", () => {
  assert.deepEqual(
    ["1000000", "500MB", "2GiB", "1.5 kb", "7 b"].map(parseByteCount),
    [1_000_000, 500_000_000, 2_147_483_648, 1_500, 7],
  );
  for (const text of ["", "0", "-5", "MB", "5 apples", "1e9", "99999999TB"]) {
    assert.throws(() => parseByteCount(text), { code: "BAD_OPTION" }, text);
  }
});
