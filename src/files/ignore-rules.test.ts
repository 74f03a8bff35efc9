// Which paths of a folder are not synced.

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import { IGNORE_FILE, isIgnored, readIgnoreRules } from "./ignore-rules.ts";

const folder = mkdtempSync(join(tmpdir(), "holdfast-ignore-"));
after(() => rmSync(folder, { recursive: true, force: true }));

function ignoredBy(text: string, paths: readonly string[]): string[] {
  writeFileSync(join(folder, IGNORE_FILE), text);
  const rules = readIgnoreRules(folder);
  return paths.filter((path) => isIgnored(rules, path));
}

test("FILE-38 by default: version control, our own folder, swap and system files, and nothing else", () => {
  const ignored = [
    ".git/HEAD",
    ".holdfast/sync.db",
    "below/.holdfast/identity.json",
    "below/.Holdfast/hub/own-token.json",
    ".DS_Store",
    "a/.DS_Store",
    ".a.txt.swp",
    "src/.b.swo",
    "c.txt~",
    ".#d",
  ];
  const synced = [
    "a.txt",
    ".gitignore",
    ".env",
    "git/HEAD",
    "src/.holdfastignore",
    "swp",
    "a.swp.txt",
    ".holdfastignore",
  ];
  assert.deepEqual(ignoredBy("", [...ignored, ...synced]), ignored);
});

test("FILE-38 .holdfastignore is read as gitignore is: anchors, folders, stars, exceptions", () => {
  const text = ["# built", "/dist/", "*.log", "!keep.log", "node_modules/", "docs/**/*.tmp", ""].join("\n");
  const ignored = ["dist/a.js", "x.log", "a/b.log", "a/node_modules/m/index.js", "docs/a/b/c.tmp"];
  const synced = ["a/dist/a.js", "keep.log", "c.tmp", "node_modules"];
  assert.deepEqual(ignoredBy(text, [...ignored, ...synced]), ignored);
});

test("FILE-38 a default can be un-ignored; .holdfast cannot", () => {
  assert.deepEqual(ignoredBy("!*.swp\n!.holdfast/\n", ["a.swp", "a.swo", ".git/HEAD", ".holdfast/sync.db"]), [
    "a.swo",
    ".git/HEAD",
    ".holdfast/sync.db",
  ]);
});
