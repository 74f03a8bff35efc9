// Names that are no UTF-8: told, left alone, and not shown any longer than they are there.

import assert from "node:assert/strict";
import { mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { until } from "../hub/testing/wait-until.ts";
import { readable } from "./foreign-names.ts";
import { PATIENCE_MS, type TestFolder, World } from "./testing/two-folders.ts";

/** `NAME` with `~` for a byte that is no UTF-8. */
function raw(folder: TestFolder, name: string): Buffer {
  return Buffer.concat(`${folder.path}/${name}`.split(/(~)/).map((part) => Buffer.from(part === "~" ? [0xe9] : part)));
}
const refused = (folder: TestFolder): string[] => folder.sync.status().refused.map(({ path }) => path);
const shows = (folder: TestFolder, ...paths: string[]): Promise<void> =>
  until(() => refused(folder).join() === paths.join(), PATIENCE_MS).catch(() => {
    throw new Error(`left alone is ${refused(folder)}, not ${paths}`);
  });

test("FILE-20 a name that is no UTF-8 is told once, by scans as by the watch, and no longer than it is there", {
  skip: process.platform === "linux" ? false : "names are UTF-8 here",
}, async () => {
  await using world = await World.make(2);
  const { a, b } = world;
  await a.stop();
  mkdirSync(a.at("deep"));
  writeFileSync(raw(a, "caf~.txt"), "one");
  writeFileSync(raw(a, "left~.swp"), "ignored");
  mkdirSync(raw(a, "deep/dir~"));
  writeFileSync(raw(a, "deep/dir~/inner"), "two");
  // Valid, though it looks like what is not.
  a.write("r\uFFFD", "three");
  await a.start();
  await shows(a, "caf\\xe9.txt", "deep/dir\\xe9");
  assert.deepEqual(a.sync.status().refused[0]?.reason, "its name is not valid UTF-8");
  await b.has("r\uFFFD", "three");

  // While it is up: noticed, at the top and below.
  writeFileSync(raw(a, "~1"), "four");
  writeFileSync(raw(a, "deep/~2"), "five");
  await shows(a, "\\xe91", "caf\\xe9.txt", "deep/\\xe92", "deep/dir\\xe9");
  await a.sync.scanAll();
  const told = a.notices().filter((message) => message.endsWith("is not synced: its name is not valid UTF-8"));
  assert.equal(told.length, 4);

  rmSync(raw(a, "~1"));
  await shows(a, "caf\\xe9.txt", "deep/\\xe92", "deep/dir\\xe9");
  renameSync(raw(a, "caf~.txt"), a.at("café.txt"));
  await b.has("café.txt", "one");
  await shows(a, "deep/\\xe92", "deep/dir\\xe9");
  a.remove("deep");
  await shows(a);
  assert.deepEqual(Object.keys(b.tree()).sort(), ["café.txt", "r\uFFFD"]);
});

test("FILE-24 what was left alone and is gone, or ignored, or where it belongs by now, is not shown any longer", async () => {
  await using world = await World.make(1);
  const { a } = world;
  for (const name of ["gone", "ignored", "mended"]) symlinkSync("/etc/hostname", a.at(name));
  await shows(a, "gone", "ignored", "mended");
  a.remove("gone");
  await shows(a, "ignored", "mended");
  a.write(".holdfastignore", "ignored\n");
  await shows(a, "mended");
  a.remove("mended");
  symlinkSync("elsewhere", a.at("mended"));
  await shows(a);
});

test("a name is shown as it can be read", () => {
  for (const [bytes, shown] of [
    [[0x61, 0xff, 0x62], "a\\xffb"],
    [[0xc3, 0xa9, 0xc3], "é\\xc3"],
    [[0xf0, 0x9f, 0x98, 0x80, 0x80], "😀\\x80"],
    [[0xed, 0xa0, 0x80], "\\xed\\xa0\\x80"],
  ] as const) {
    assert.equal(readable(Buffer.from(bytes)), shown);
  }
});
