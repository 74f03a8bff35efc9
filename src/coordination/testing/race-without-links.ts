// The races of the lock where there are no hard links. The explorer's disk has them: a copy of the source is explored in which
// the call fails as it does without.

import assert from "node:assert/strict";
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { explore } from "../../explorer/index.ts";

const PROJECT = fileURLToPath(new URL("../../..", import.meta.url));
const FAILING =
  'const linkSync = (..._: unknown[]): void => {\n  throw Object.assign(new Error("EPERM"), { code: "EPERM" });\n};\n';

/** A test that `NAME.race.ts` is proved there as well. */
export function provedWithoutLinks(name: string): void {
  test(`RACE-19 without hard links: ${name}.race.ts is proved as well`, { timeout: 280_000 }, async (t) => {
    const copy = mkdtempSync(join(tmpdir(), "holdfast-no-links-"));
    try {
      cpSync(join(PROJECT, "src"), join(copy, "src"), { recursive: true });
      cpSync(join(PROJECT, "package.json"), join(copy, "package.json"));
      symlinkSync(join(PROJECT, "node_modules"), join(copy, "node_modules"));
      const file = join(copy, "src/coordination/generations.ts");
      writeFileSync(file, readFileSync(file, "utf8").replace("  linkSync,\n", "") + FAILING);
      const report = await explore(join(copy, `src/coordination/races/${name}.race.ts`), { budget: "270s" });
      t.diagnostic(`${report.runs} runs, ${report.traces} traces, ${(report.elapsedMs / 1000).toFixed(1)} s`);
      assert.equal(report.verdict, "proved", report.cutOffBy.join(", "));
      assert.ok(report.traces > 10, "the processes met");
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  });
}
