import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { isLong } from "../src/explorer/testing/long-tests.ts";
import { GUARDS } from "./guards.ts";

const DRAINS = ["the second drain", "the writer's second look"];
const script = join(dirname(fileURLToPath(import.meta.url)), "mutants.ts");

test("RACE-19 without any one of the guards the explorer finds a violation: npm run mutants", {
  timeout: 560_000,
}, () => {
  const names = GUARDS.filter(({ takesLong }) => isLong || takesLong === undefined)
    .map(({ guard }) => guard)
    .filter((guard) => isLong || !DRAINS.includes(guard)); // those have a test of their own
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", script, ...names],
    { encoding: "utf8" },
  );
  assert.equal(status, 0, stdout + stderr);
  for (const guard of names) assert.match(stdout, new RegExp(`^found +${guard}: `, "m"));
});

test("STORE-04 without the second drain, or the writer's second look, the explorer finds a violation", {
  timeout: 120_000,
}, () => {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    ["--disable-warning=ExperimentalWarning", script, ...DRAINS],
    {
      encoding: "utf8",
    },
  );
  assert.equal(status, 0, stdout + stderr);
  for (const name of DRAINS) assert.match(stdout, new RegExp(`^found +${name}: `, "m"));
  assert.equal(stdout.trim().split("\n").length, 2, "these two, and no others");
});

test("a name that no guard has is told, with those that there are", () => {
  const { status, stderr } = spawnSync(process.execPath, [script, "nonsense"], { encoding: "utf8" });
  assert.equal(status, 2);
  assert.match(stderr, /no guard is called nonsense; there are:\n {2}create-or-fail/);
});
