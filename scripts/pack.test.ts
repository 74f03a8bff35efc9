// The exports of the checkout and of the tarball say the same of each other.

import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { builtExports, sourceExports } from "./pack.ts";

const project = dirname(dirname(fileURLToPath(import.meta.url)));
const text = readFileSync(join(project, "package.json"), "utf8");
const { exports } = JSON.parse(text) as { exports: Record<string, string> };

test("the checkout exports its sources; packed, it exports what is built from each, and unpacked the sources again", () => {
  for (const file of Object.values(exports)) assert.ok(existsSync(join(project, file)), `${file} needs no build`);
  const built = builtExports(exports);
  assert.deepEqual(built, {
    ".": "./dist/index.js",
    "./coordination": "./dist/coordination/index.js",
    "./explorer": "./dist/explorer/index.js",
    "./package.json": "./package.json",
  });
  assert.deepEqual(sourceExports(built), exports);
  // A pack that was killed is mended by either.
  assert.deepEqual(builtExports(built), built);
  assert.deepEqual(sourceExports(exports), exports);
});

test("package.json is written as it is formatted", () => {
  assert.equal(`${JSON.stringify(JSON.parse(text), null, 2)}\n`, text);
});
