import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { initWorkspaceRecord, openWorkspaceRecord } from "./index.ts";
import { Store } from "./store.ts";

const NAMES = [
  "a",
  "a/b",
  "ab",
  "a\u{d7ff}",
  "a\u{d7ff}x",
  "a\u{e000}",
  "a\u{10ffff}",
  "a\u{10ffff}\u{10ffff}",
  "b",
  "é",
  "💾",
];
const PREFIXES = ["", "a", "a/", "ab", "b", "c", "a\u{d7ff}", "a\u{10ffff}", "\u{10ffff}", "é", "💾"];

test("STORE-37 a listing by prefix finds what begins so, in every collection, by the index", async () => {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-prefix-"));
  try {
    initWorkspaceRecord(folder);
    const { layout, identity } = openWorkspaceRecord(folder);
    using store = new Store(layout, identity);
    for (const collection of ["data", "other", "z"]) {
      for (const name of NAMES) await store.put(name, "x", { collection });
    }
    for (const prefix of PREFIXES) {
      const expected = NAMES.filter((name) => name.startsWith(prefix)).sort();
      for (const collection of ["data", undefined, "missing"]) {
        const found = await store.list({ prefix, ...(collection !== undefined && { collection }) });
        const times = { data: 1, missing: 0 }[collection ?? ""] ?? 3;
        const names = found.map(({ name }) => name).sort();
        assert.deepEqual(
          names,
          Array.from({ length: times }, () => expected)
            .flat()
            .sort(),
          JSON.stringify(prefix),
        );
      }
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});
