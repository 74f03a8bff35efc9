// scripts/run.mjs says what is not there yet. A copy of it stands in a project of its own.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";

const project = dirname(dirname(fileURLToPath(import.meta.url)));

class Copy implements Disposable {
  readonly root = mkdtempSync(join(tmpdir(), "holdfast-run-"));
  constructor() {
    for (const folder of ["scripts", "src"]) mkdirSync(join(this.root, folder));
    for (const file of ["scripts/run.mjs", "scripts/fixed-seeds.ts", "package-lock.json"])
      copyFileSync(join(project, file), join(this.root, file));
    symlinkSync(realpathSync(join(project, "node_modules")), join(this.root, "node_modules"));
  }
  write(file: string, text: string): void {
    writeFileSync(join(this.root, file), text);
  }
  run(args: readonly string[], tests = "", seed = ""): { status: number | null; stdout: string; stderr: string } {
    // Within a test, node:test runs no other.
    const env = { ...process.env, HOLDFAST_TESTS: tests, HOLDFAST_SEED: seed, NODE_TEST_CONTEXT: undefined };
    return spawnSync(process.execPath, ["scripts/run.mjs", ...args], { cwd: this.root, env, encoding: "utf8" });
  }
  [Symbol.dispose](): void {
    rmSync(this.root, { recursive: true, force: true });
  }
}

test("mutants: as long as there are none, that is what is said, with exit code 2", () => {
  using copy = new Copy();
  const none = copy.run(["mutants"]);
  assert.deepEqual([none.status, none.stdout], [2, ""]);
  assert.match(none.stderr, /^holdfast: there are no mutants yet;.*\n$/);
  copy.write("scripts/mutants.ts", "console.log(process.argv[2]);");
  assert.equal(copy.run(["mutants", "lock"]).stdout, "lock\n");
});

test("HOLDFAST_TESTS: kinds of which there are tests are run with the others; of others it is said that there are none", () => {
  using copy = new Copy();
  copy.write("src/one.test.ts", 'import { test } from "node:test"; test("one", () => {});');
  const plain = copy.run(["test"]);
  assert.deepEqual([plain.status, plain.stderr], [0, ""]);
  const none = copy.run(["test"], "pg,nonsense");
  assert.equal(none.status, 0, none.stderr);
  assert.deepEqual(none.stderr.split("\n"), [
    "holdfast: HOLDFAST_TESTS names pg; there are no tests of that kind",
    "holdfast: HOLDFAST_TESTS names nonsense; there are no tests of that kind",
    "",
  ]);
  copy.write("src/two.pg.test.ts", 'import { test } from "node:test"; test("two", () => {});');
  assert.doesNotMatch(copy.run(["test"]).stdout, /two/);
  const both = copy.run(["test"], "pg");
  assert.deepEqual([both.status, both.stderr], [0, ""]);
  assert.match(both.stdout, /one.*two/s);
});

test("HOLDFAST_SEED: property tests draw the same cases each time, and others with another seed", () => {
  using copy = new Copy();
  copy.write(
    "src/drawn.test.ts",
    'import fc from "fast-check"; import { test } from "node:test"; test("drawn " + fc.sample(fc.nat(), 5), () => {});',
  );
  const drawn = (seed: string): string | undefined => {
    const { status, stdout, stderr } = copy.run(["test"], "", seed);
    assert.deepEqual([status, stderr], [0, ""]);
    return /drawn [0-9,]+/.exec(stdout)?.[0];
  };
  const first = drawn("7");
  assert.match(first ?? "", /^drawn \d/);
  assert.equal(drawn("7"), first);
  assert.notEqual(drawn("8"), first);
  assert.notEqual(drawn(""), drawn(""));
});
