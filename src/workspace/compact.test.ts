// Identical contents that share their bytes.

import assert from "node:assert/strict";
import fs, { constants, readFileSync, statSync, writeFileSync } from "node:fs";
import { syncBuiltinESMExports } from "node:module";
import { test } from "node:test";
import { openWorkspace, type Workspace } from "../index.ts";
import { TempFolder } from "./testing/killed-at.ts";

const contentOf = (folder: TempFolder, path: string): string => folder.at(`.holdfast/data/${path}/content`);
const inode = (path: string): number => statSync(path).ino;

/** Four versions of the same bytes in two collections, and one of others. */
async function putFive(workspace: Workspace): Promise<void> {
  for (const name of ["a", "b"]) await workspace.put(name, "the same");
  await workspace.put("a", "the same");
  await workspace.put("a", "the same", { collection: "c" });
  await workspace.put("b", "another");
}

test("compact lets identical contents share their bytes, across collections, once, and says what it saves", async () => {
  using folder = new TempFolder();
  await using workspace = await openWorkspace(folder.path);
  await putFive(workspace);
  const paths = ["data/a/1", "data/a/2", "data/b/1", "c/a/1"].map((path) => contentOf(folder, path));
  const saved = { contents: 3, bytes: 3 * "the same".length };
  assert.deepEqual(await workspace.compact({ dryRun: true }), saved);
  assert.equal(new Set(paths.map(inode)).size, 4, "--dry-run changes nothing");
  assert.deepEqual(await workspace.compact(), saved);
  assert.equal(new Set(paths.map(inode)).size, 1);
  assert.deepEqual(await workspace.compact(), { contents: 0, bytes: 0 });
  // What is saved or removed later is nothing to those that share.
  await workspace.delete("a");
  await workspace.put("b", "the same again");
  assert.equal(Buffer.from((await workspace.get("a", { collection: "c" })).content).toString(), "the same");
  assert.equal(Buffer.from((await workspace.get("b", { version: 1 })).content).toString(), "the same");
});

test("STORE-30 compact shares nothing of a damaged content, and leaves the damaged file as it is", async () => {
  using folder = new TempFolder();
  await using workspace = await openWorkspace(folder.path);
  await putFive(workspace);
  const damaged = contentOf(folder, "data/a/1");
  writeFileSync(damaged, "the sane");
  assert.deepEqual(await workspace.compact(), { contents: 2, bytes: 2 * "the same".length });
  assert.equal(readFileSync(damaged, "utf8"), "the sane");
  await assert.rejects(workspace.get("a", { version: 1 }), { code: "CORRUPT" });
  for (const [name, version] of [
    ["a", 2],
    ["b", 1],
  ] as const) {
    assert.equal(Buffer.from((await workspace.get(name, { version })).content).toString(), "the same");
  }
});

test("compact clones where the file system can, and does not count a clone again", async () => {
  using folder = new TempFolder();
  await using workspace = await openWorkspace(folder.path);
  await putFive(workspace);
  const { copyFileSync } = fs;
  let clones = 0;
  // As on a file system that has reflinks: a file of its own with the same bytes.
  fs.copyFileSync = (from, to, mode) => {
    assert.equal(mode, constants.COPYFILE_FICLONE_FORCE);
    clones += 1;
    copyFileSync(from, to);
  };
  syncBuiltinESMExports();
  try {
    assert.equal((await workspace.compact()).contents, 3);
    assert.deepEqual(await workspace.compact(), { contents: 0, bytes: 0 });
  } finally {
    fs.copyFileSync = copyFileSync;
    syncBuiltinESMExports();
  }
  assert.equal(clones, 3);
  assert.equal(new Set(["data/a/1", "data/a/2", "data/b/1"].map((path) => inode(contentOf(folder, path)))).size, 3);
});

test("compact goes on with another file when one can have no more names", async () => {
  using folder = new TempFolder();
  await using workspace = await openWorkspace(folder.path);
  for (const name of ["a", "b", "c", "d", "e"]) await workspace.put(name, "the same");
  const { linkSync } = fs;
  fs.linkSync = (from, to) => {
    if (statSync(from).nlink >= 2 && String(to).endsWith("/content"))
      throw Object.assign(new Error("EMLINK"), { code: "EMLINK" });
    linkSync(from, to);
  };
  syncBuiltinESMExports();
  try {
    assert.equal((await workspace.compact()).contents, 2);
  } finally {
    fs.linkSync = linkSync;
    syncBuiltinESMExports();
  }
  assert.equal(new Set(["a", "b", "c", "d", "e"].map((name) => inode(contentOf(folder, `data/${name}/1`)))).size, 3);
});
