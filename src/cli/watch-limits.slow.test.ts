// Daemons that cannot watch everything, or are told too much at once: they scan, say so, and miss nothing.

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { closeSync, mkdirSync, openSync, readFileSync, renameSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { test } from "node:test";
import { until } from "../hub/testing/wait-until.ts";
import { fewWatches } from "./testing/few-watches.ts";
import { holdfast, holdfastJson, Running, type RunOptions, TestFolder } from "./testing/holdfast.ts";
import { differences, picture } from "./testing/picture.ts";

/** Well below the minute after which everything is scanned anyway, whatever was noticed. */
const PATIENCE_MS = 20_000;
/** Runs a program that may watch so many directories, by the kernel's own count. */
const LIMITED = ["--user", "--map-root-user", "sh", "-c"] as const;
const limitTo = (watches: number): string => `echo ${watches} > /proc/sys/user/max_inotify_watches && exec "$@"`;

interface Watch {
  readonly mode: string;
  readonly reason: string | null;
  readonly missedAt: string | null;
}

const watchOf = async (folder: string): Promise<Watch | null> =>
  (await holdfastJson<{ watch: Watch | null }>(["-C", folder, "status"])).watch;
const statusText = async (folder: string): Promise<string> => (await holdfast(["-C", folder, "status"])).stdout;
const logOf = (folder: string): string => readFileSync(`${folder}/.holdfast/daemon.log`, "utf8");
const without = (path: string): boolean => path === ".holdfast";

/** A daemon in the foreground, of a folder with its own hub, and another folder joined to it. */
async function pair(
  folder: TestFolder,
  options: RunOptions,
): Promise<{ a: string; b: string; up: Running; other: Running }> {
  const [a, b] = [folder.at("a"), folder.at("b")];
  for (const dir of ["one", "two", "two/deep", "three"]) mkdirSync(`${a}/${dir}`, { recursive: true });
  const up = new Running(["up", a, "--port", "0"], options, "ignore");
  await up.firstLine();
  const { invite } = await holdfastJson<{ invite: string }>(["-C", a, "invite"]);
  const other = new Running(["up", b, "--hub", invite], {}, "ignore");
  await other.firstLine();
  return { a, b, up, other };
}

/** Waits until both hold the same, which takes a scan where nothing is noticed. */
async function alike(a: string, b: string): Promise<void> {
  const differ = (): string[] => differences(picture(a, { without }), picture(b, { without }));
  await until(() => differ().length === 0, PATIENCE_MS).catch(() => assert.fail(`missed: ${differ()}`));
}

async function changeEverywhere(a: string, b: string): Promise<void> {
  for (const dir of ["", "one/", "two/deep/", "three/"]) writeFileSync(`${a}/${dir}file`, `in ${dir}\n`);
  await alike(a, b);
  for (const dir of ["", "one/", "two/deep/"]) writeFileSync(`${a}/${dir}file`, `changed in ${dir}\n`);
  renameSync(`${a}/two/deep`, `${a}/three/moved`);
  rmSync(`${a}/three/file`);
  mkdirSync(`${a}/four/new`, { recursive: true });
  writeFileSync(`${a}/four/new/file`, "new\n");
  await alike(a, b);
}

const canLimit = spawnSync("unshare", [...LIMITED, limitTo(1), "sh", "true"]).status === 0;

test("FILE-37 the kernel's limit of watches is reached: the folder is scanned, status and log say so, nothing is missed", {
  timeout: 90_000,
  ...(canLimit ? {} : { skip: "this system gives no user namespaces to set a limit in" }),
}, async () => {
  using folder = new TestFolder();
  const { a, b, up, other } = await pair(folder, { within: ["unshare", ...LIMITED, limitTo(3), "sh"] });
  await using _ = up;
  await using __ = other;
  const watch = await watchOf(a);
  assert.equal(watch?.mode, "scanning");
  assert.match(watch?.reason ?? "", /^(one|two|three)\S* cannot be watched: .*ENOSPC, fs\.inotify\.max_user_watches/);
  assert.match(await statusText(a), /^changes +scanned every few seconds: \S+ cannot be watched: .*ENOSPC/m);
  assert.match(logOf(a), /looked for by scanning: \S+ cannot be watched/);
  await changeEverywhere(a, b);
  assert.equal((await watchOf(b))?.mode, "watching", "the other one has all it needs");
});

test("FILE-37 no watch at all: the folder is scanned", { timeout: 60_000 }, async () => {
  using folder = new TestFolder();
  const { a, b, up, other } = await pair(folder, { env: fewWatches(folder.write("limit", "0")) });
  await using _ = up;
  await using __ = other;
  assert.match((await watchOf(a))?.reason ?? "", /^the folder cannot be watched/);
  await changeEverywhere(a, b);
});

test("FILE-37 the limit is reached later on, and raised again: scanned from then on, and watched again", {
  timeout: 90_000,
}, async () => {
  using folder = new TestFolder();
  const limit = folder.write("limit", "1000");
  const { a, b, up, other } = await pair(folder, { env: fewWatches(limit) });
  await using _ = up;
  await using __ = other;
  assert.deepEqual(await watchOf(a), { mode: "watching", reason: null, missedAt: null });
  assert.match(await statusText(a), /^changes +watched$/m);
  folder.write("limit", "1");
  mkdirSync(`${a}/late/deep`, { recursive: true });
  await until(async () => (await watchOf(a))?.mode === "scanning", PATIENCE_MS);
  assert.match((await watchOf(a))?.reason ?? "", /^late\S* cannot be watched/);
  writeFileSync(`${a}/late/deep/file`, "nobody is told of this one\n");
  await alike(a, b);
  folder.write("limit", "1000");
  await until(async () => (await watchOf(a))?.mode === "watching", PATIENCE_MS);
  assert.match(logOf(a), /every directory is watched again/);
  writeFileSync(`${a}/late/deep/file`, "and this one is noticed\n");
  await alike(a, b);
});

test("FILE-37 more happens at once than the kernel remembers: the folder is scanned, status and log say so, nothing is missed", {
  timeout: 60_000,
  skip: process.platform !== "linux",
}, async () => {
  using folder = new TestFolder();
  const { a, b, up, other } = await pair(folder, {});
  await using _ = up;
  await using __ = other;
  const queue = Number(readFileSync("/proc/sys/fs/inotify/max_queued_events", "utf8"));
  // It takes no event while it is stopped. Two files in turn, or the same event twice would be one.
  process.kill(up.pid, "SIGSTOP");
  const files = ["one", "two"].map((dir) => openSync(`${a}/${dir}/busy`, "w"));
  for (let n = 0; n < queue; n += 1) writeSync(files[n % 2] ?? 0, ".");
  for (const each of files) closeSync(each);
  writeFileSync(`${a}/three/late`, "the kernel has dropped what it knew of this one\n");
  process.kill(up.pid, "SIGCONT");
  await alike(a, b);
  const watch = await watchOf(a);
  assert.equal(watch?.mode, "watching");
  assert.ok(Date.now() - Date.parse(watch?.missedAt ?? "") < PATIENCE_MS, JSON.stringify(watch));
  assert.match(await statusText(a), /^changes +watched; scanned at \S+, when too many came at once$/m);
  assert.match(logOf(a), /the folder is scanned: more happened at once than the system remembers/);
});
