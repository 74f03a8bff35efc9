import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { GUARDS } from "./guards.ts";

const root = dirname(dirname(fileURLToPath(import.meta.url)));

test("every guard that is taken out stands in docs/guarantees.md, and in its file exactly once", () => {
  const listed = readFileSync(join(root, "docs/guarantees.md"), "utf8")
    .split("\n")
    .map((line) => line.split("|")[1]?.trim());
  for (const { guard, file, from, to } of GUARDS) {
    assert.ok(listed.includes(guard), `docs/guarantees.md lists: ${guard}`);
    assert.equal(readFileSync(join(root, file), "utf8").split(from).length, 2, `${file} holds once: ${from}`);
    assert.notEqual(from, to);
  }
});
