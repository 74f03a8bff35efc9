import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import fc from "fast-check";
import { makeEntry, newIdentity } from "../entries/index.ts";
import { readVersionFacts } from "./version-facts.ts";
import { createdAt, formatVersionFile } from "./version-record.ts";

const root = mkdtempSync(join(tmpdir(), "holdfast-facts-"));
after(() => rmSync(root, { recursive: true, force: true }));
const dir = join(root, "data/a/1");
const path = join(dir, "version.json");
mkdirSync(dir, { recursive: true });

const { identity } = newIdentity();
const entryAt = (wallMs: number): ReturnType<typeof makeEntry> =>
  makeEntry(
    {
      collection: "data",
      name: "a",
      kind: "put",
      content: { hash: "ab".repeat(32), size: 3, type: "text/plain" },
      parents: [],
      clock: { wallMs, counter: 0 },
      tags: { owner: "ann" },
      key: { writer: "w", n: 1 },
    },
    identity,
  );

test("what a version.json tells without its entry being decoded is what the entry says, whenever it was made", () => {
  fc.assert(
    fc.property(fc.oneof(fc.nat(70_000), fc.integer({ min: 0, max: 8_640_000_000_000_000 })), (wallMs) => {
      const entry = entryAt(wallMs);
      writeFileSync(path, formatVersionFile({ version: 1, entry }));
      const { id, collection, name, kind, content, author, tags } = entry;
      assert.deepEqual(readVersionFacts(path), {
        version: 1,
        createdAt: createdAt(entry),
        entry: { id, collection, name, kind, content, author, tags },
      });
    }),
  );
});

test("STORE-30 a version.json that says another time, or none, than its entry is damaged", () => {
  const file = JSON.parse(formatVersionFile({ version: 1, entry: entryAt(1_700_000_000_000) }));
  for (const told of ["2020-01-01T00:00:00.000Z", "yesterday", "", undefined]) {
    writeFileSync(path, JSON.stringify({ ...file, createdAt: told }));
    assert.throws(() => readVersionFacts(path), { code: "CORRUPT", details: { path } }, String(told));
  }
});
