// The names of conflict copies, and how they are listed.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, posix } from "node:path";
import { test } from "node:test";
import fc from "fast-check";
import { type Author, checkArtifactName, FILES } from "../entries/index.ts";
import { SyncDb } from "../hub-client/index.ts";
import { initWorkspaceRecord } from "../store/index.ts";
import { conflictName, recordConflict } from "./conflicts.ts";

const AUTHOR = "abcdefghijklmnop" as Author;
const AT_MS = Date.UTC(2026, 2, 14, 15, 9, 26);
const free = (): boolean => false;

test("FILE-31 a copy is called name (conflict DATE AUTHOR).ext, beside the file", () => {
  assert.equal(conflictName("notes/a.md", AUTHOR, AT_MS, free), "notes/a (conflict 2026-03-14 abcdefgh).md");
  assert.equal(conflictName("Makefile", AUTHOR, AT_MS, free), "Makefile (conflict 2026-03-14 abcdefgh)");
  assert.equal(conflictName(".env", AUTHOR, AT_MS, free), ".env (conflict 2026-03-14 abcdefgh)");
});

test("a taken name gets a number", () => {
  const taken = new Set<string>();
  const names = Array.from({ length: 4 }, () => {
    const name = conflictName("a.txt", AUTHOR, AT_MS, (path) => taken.has(path));
    taken.add(name);
    return name;
  });
  assert.equal(new Set(names).size, 4);
  assert.equal(names[1], "a (conflict 2026-03-14 abcdefgh 2).txt");
});

test("however long the name, the copy's is one that can be laid out, in the same folder and of the same kind", () => {
  const segment = fc.string({ unit: fc.constantFrom("a", "ü", "漢", "🙂", " "), minLength: 1, maxLength: 60 });
  fc.assert(
    fc.property(segment, fc.constantFrom("", ".txt", ".tar"), (name, ext) => {
      const path = `ordner/x${name}x${ext}`;
      const copy = conflictName(path, AUTHOR, AT_MS, free);
      assert.equal(posix.dirname(copy), "ordner");
      assert.equal(posix.extname(copy), ext);
      assert.ok(Buffer.byteLength(posix.basename(copy)) <= 255);
      assert.ok(copy.isWellFormed(), "no character is cut in half");
      checkArtifactName(FILES, copy);
    }),
  );
});

test("FILE-29 two machines that move one file aside at once: all list the same, whichever they hear of first", () => {
  const dir = mkdtempSync(join(tmpdir(), "holdfast-conflicts-"));
  const early = { path: "x", copy: "x (conflict)", author: "a", at: "2026-03-14T15:09:26.000Z" };
  const late = { ...early, at: "2026-03-14T15:09:27.000Z" };
  try {
    for (const [n, order] of [
      [early, late],
      [late, early],
    ].entries()) {
      const folder = join(dir, String(n));
      mkdirSync(folder);
      const { layout } = initWorkspaceRecord(folder, { id: "00000000-0000-4000-8000-000000000001", name: "test" });
      using db = SyncDb.open(layout);
      for (const conflict of order) recordConflict(db, conflict);
      assert.deepEqual({ ...db.get<object>("SELECT path, copy, author, at FROM conflicts") }, early);
    }
  } finally {
    rmSync(dir, { recursive: true });
  }
});
