// A sync that has nothing to do, and one that knows nothing: neither touches a file.

import assert from "node:assert/strict";
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { holdfast, holdfastJson, Running, TestFolder } from "./testing/holdfast.ts";
import { differences, picture } from "./testing/picture.ts";

/** What is ours alone and may change at any time: databases, locks, staging. Notes and versions are not. */
const isOwnState = (path: string): boolean => /^\.holdfast\/(?!notes|data)[^/]+/.test(path);
const lookAt = (folder: string): Record<string, string> => picture(folder, { without: isOwnState, times: true });

test("HUB-08 missing state is cursor 0; a second sync brings 0 entries and touches no file, notes and versions included", async () => {
  using folder = new TestFolder();
  await using hub = new Running(["--json", "hub", "start", "--data", folder.at("hub"), "--port", "0"]);
  const { url, adminToken } = JSON.parse(await hub.firstLine()) as { url: string; adminToken: string };
  const [a, b] = [folder.at("a"), folder.at("b")];
  for (const side of [a, b]) await holdfastJson(["join", `${url}/#${adminToken}`, side]);
  // One of each kind that travels.
  for (const dir of ["deep/er", "empty dir"]) mkdirSync(`${a}/${dir}`, { recursive: true });
  writeFileSync(`${a}/text.md`, "a line\n");
  writeFileSync(`${a}/deep/er/bytes`, randomBytes(200_000));
  writeFileSync(`${a}/nothing`, "");
  writeFileSync(`${a}/run`, "#!/bin/sh\n");
  chmodSync(`${a}/run`, 0o755);
  symlinkSync("text.md", `${a}/link`);
  await holdfastJson(["-C", a, "sync"]);
  writeFileSync(`${a}/text.md`, "a line\nand another\n");
  await holdfastJson(["-C", a, "sync"]);
  await holdfastJson(["-C", b, "subscribe"]);
  for (const [topic, text] of [
    ["news", "first"],
    ["team/builds", "green"],
    ["news", "second"],
  ] as const) {
    await holdfastJson(["-C", a, "publish", topic, text]);
  }
  const sync = (side: string): Promise<{ pulled: number; pushed: number; sequence: number }> =>
    holdfastJson(["-C", side, "sync"]);
  const first = await sync(b);
  assert.equal(first.pulled, first.sequence, "all that there is");
  const laidOut = lookAt(b);
  assert.ok(Object.keys(laidOut).filter((path) => path.startsWith(".holdfast/notes/")).length === 2);
  assert.match(readFileSync(`${b}/.holdfast/notes/news.md`, "utf8"), /first\n.*second\n/s);

  // A second time: nothing comes, and nothing is touched.
  for (const side of [b, a]) {
    const before = lookAt(side);
    assert.deepEqual(await sync(side), { pulled: 0, pushed: 0, sequence: first.sequence });
    assert.deepEqual(differences(before, lookAt(side)), []);
  }

  // Without its state the folder is at 0, takes in again what it has, and changes none of it.
  for (const suffix of ["", "-wal", "-shm"]) rmSync(`${b}/.holdfast/sync.db${suffix}`, { force: true });
  const status = await holdfastJson<{ cursor: number; lag: number }>(["-C", b, "status"]);
  assert.deepEqual([status.cursor, status.lag], [0, first.sequence]);
  assert.deepEqual(await sync(b), { pulled: 0, pushed: 0, sequence: first.sequence });
  assert.deepEqual(differences(laidOut, lookAt(b)), []);
  await holdfastJson(["-C", b, "subscribe"]);
  assert.deepEqual(await sync(b), { pulled: 0, pushed: 0, sequence: first.sequence });
  // The notes are written anew, in the same words; the rest is as it was, down to the time of its last write.
  const times = lookAt(b);
  assert.deepEqual(
    differences(laidOut, times).filter((line) => !line.startsWith(".holdfast/notes/")),
    [],
  );
  const words = (look: Record<string, string>): string[] =>
    Object.entries(look).map(([path, what]) => `${path} ${what.split(" ").slice(0, 2)}`);
  assert.deepEqual(words(times), words(laidOut));
  const { versions } = await holdfastJson<{ versions: unknown[] }>([
    "-C",
    b,
    "data",
    "versions",
    "text.md",
    "--in",
    "files",
  ]);
  assert.equal(versions.length, 2);
  assert.equal((await holdfast(["-C", b, "sync"])).stdout, `in step with the hub at ${first.sequence}: 0 in, 0 out\n`);
});
