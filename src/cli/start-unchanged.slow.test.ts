// A start over a folder of which nothing changed reads nothing of it. Measured by what the kernel says the daemon has read;
// `npm run bench files` does the same with 100,000 files, and counts opens.

import assert from "node:assert/strict";
import { randomFillSync } from "node:crypto";
import { mkdirSync, readFileSync, utimesSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { until } from "../hub/testing/wait-until.ts";
import { holdfastJson, Running, TestFolder } from "./testing/holdfast.ts";

const FILES = 3_000;
const FILE_BYTES = 16 * 1_024;
const MIB = 1_024 * 1_024;
const TREE_MIB = (FILES * FILE_BYTES) / MIB;
const PATIENCE_MS = 60_000;

/** All that a process has asked to read since it began, of whatever file, MiB: its own source and databases too. */
function readMiB(pid: number): number {
  return Number(/^rchar: (\d+)/m.exec(readFileSync(`/proc/${pid}/io`, "utf8"))?.[1]) / MIB;
}

/** Runs a daemon until all of the folder is at its hub and `saved` too, then returns what it has read, MiB. */
async function readByStart(folder: string, saved: string): Promise<number> {
  await using up = new Running(["up", folder, "--port", "0"], {}, "ignore");
  await up.until(() => up.stdout.includes("\n") || up.stderr !== "", "it is up");
  writeFileSync(`${folder}/${saved}`, saved);
  // A save that has come through has every loop of the daemon behind it.
  const isThrough = async (): Promise<boolean> => {
    const { queue } = await holdfastJson<{ queue: number }>(["-C", folder, "status"]);
    if (queue > 0) return false;
    const { versions } = await holdfastJson<{ versions: unknown[] }>(["-C", folder, "history", saved]);
    return versions.length === 1;
  };
  await until(() => isThrough().catch(() => false), PATIENCE_MS);
  const read = readMiB(up.pid);
  assert.equal((await up.end()).code, 0);
  return read;
}

test("FILE-35 a folder with thousands of files starts without reading what has not changed", {
  timeout: 120_000,
  skip: process.platform === "linux" ? false : "only Linux tells what a process has read",
}, async (t) => {
  using folder = new TestFolder();
  const a = folder.at("a");
  const bytes = Buffer.alloc(FILE_BYTES);
  for (let n = 0; n < FILES; n += 1) {
    const dir = `${a}/part ${n % 20}/of ${n % 100}`;
    if (n < 100) mkdirSync(dir, { recursive: true });
    writeFileSync(`${dir}/file ${n}`, randomFillSync(bytes));
  }
  const first = await readByStart(a, "saved first");
  assert.ok(first > TREE_MIB, `the first start reads all there is: ${first} of ${TREE_MIB} MiB`);
  const second = await readByStart(a, "saved second");
  t.diagnostic(
    `the first start read ${first.toFixed(0)} MiB, the second ${second.toFixed(0)}; the tree has ${TREE_MIB.toFixed(0)}`,
  );
  // Its own source, its databases and the save.
  assert.ok(second < TREE_MIB / 2, `the second start read ${second} MiB of a tree of ${TREE_MIB} MiB`);

  // What has changed is read, and that alone: one in thirty was written while nobody looked.
  for (let n = 0; n < FILES; n += 30)
    writeFileSync(`${a}/part ${n % 20}/of ${n % 100}/file ${n}`, randomFillSync(bytes));
  // Touched is not changed: it is read, and is no version.
  const touched = `part 1/of 1/file 1`;
  utimesSync(`${a}/${touched}`, new Date(), new Date());
  const third = await readByStart(a, "saved third");
  assert.ok(third < second + TREE_MIB / 2, `the third start read ${third} MiB, the second ${second}`);
  const history = async (path: string): Promise<number> =>
    (await holdfastJson<{ versions: unknown[] }>(["-C", a, "history", path])).versions.length;
  assert.equal(await history("part 10/of 30/file 30"), 2);
  assert.equal(await history("part 2/of 2/file 2"), 1);
  assert.equal(await history(touched), 1);
});
