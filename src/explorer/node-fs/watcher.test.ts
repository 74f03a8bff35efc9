// Watching: what is told, what keeps the process alive, how it ends.

import assert from "node:assert/strict";
import real from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, beforeEach, test } from "node:test";
import { makeFs } from "./index.ts";
import { RecordingEffects } from "./testing/real-kernel.ts";

const dir = real.mkdtempSync(join(tmpdir(), "holdfast-watching-"));
after(() => real.rmSync(dir, { recursive: true }));

let effects = new RecordingEffects();
beforeEach(() => {
  effects = new RecordingEffects();
});

/** Timers that fire when the test says so. */
class Timers {
  waiting: { callback: () => void; ms: number; ref(): void; unref(): void }[] = [];
  unreffed = 0;
  setTimeout = (callback: () => void, ms: number): unknown => {
    const unref = (): void => {
      this.unreffed++;
    };
    this.waiting.push({ callback, ms, ref() {}, unref });
    return this.waiting.at(-1);
  };
  clearTimeout = (timer: unknown): void => {
    this.waiting = this.waiting.filter((one) => one !== timer);
  };
  async fire(): Promise<void> {
    for (const { callback } of this.waiting.splice(0)) callback();
    await new Promise((turn) => setImmediate(turn));
    await new Promise((turn) => setImmediate(turn));
  }
}
const timers = new Timers();
const fs = makeFs(() => effects, timers);

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function change(name: string, event: "rename" | "change" = "change"): void {
  for (const [watch, listener] of [...effects.listeners]) listener({ watch, event, name });
}

test("RACE-08 fs.watch tells its listener of every notice, keeps the process alive, and ends with close", async () => {
  const told: unknown[][] = [];
  const watcher = fs.watch(dir, (...notice) => told.push(notice));
  assert.deepEqual(effects.take(), [`watch ${dir.split("/").at(-1)}`]);
  assert.equal(effects.holds, 1);
  change("a");
  change("b", "rename");
  assert.deepEqual(told, [
    ["change", "a"],
    ["rename", "b"],
  ]);
  watcher.unref();
  assert.equal(effects.holds, 0);
  watcher.ref();
  assert.equal(effects.holds, 1);
  let ended = 0;
  watcher.on("close", () => ended++);
  watcher.close();
  watcher.close();
  await turn();
  assert.equal(ended, 1);
  assert.equal(effects.holds, 0);
  assert.deepEqual(effects.take(), ["unwatch"]);
  change("c");
  assert.equal(told.length, 2);
});

test("The options of fs.watch: not persistent, encodings, names to ignore, a signal", async () => {
  const told: unknown[] = [];
  const controller = new AbortController();
  const options = {
    persistent: false,
    encoding: "buffer",
    ignore: ["*.tmp", /^x/],
    signal: controller.signal,
  } as const;
  const watcher = fs.watch(dir, options as never, ((_: string, name: Buffer) => told.push(name)) as never);
  assert.equal(effects.holds, 0);
  for (const name of ["a", "b.tmp", "deep/c.tmp", "xyz", "d"]) change(name);
  assert.deepEqual(told, [Buffer.from("a"), Buffer.from("d")]);
  const ended = new Promise((resolve) => watcher.on("close", resolve));
  controller.abort();
  await ended;
  assert.equal(effects.listeners.size, 0);
});

test("What cannot be watched is told as Node tells it", () => {
  assert.throws(() => fs.watch(`${dir}/none`), {
    code: "ENOENT",
    syscall: "watch",
    path: `${dir}/none`,
    filename: `${dir}/none`,
    message: `ENOENT: no such file or directory, watch '${dir}/none'`,
  });
  fs.watch(`${dir}/none`, { throwIfNoEntry: false } as never).close();
});

test("promises.watch gives the changes, and ends with the signal", async () => {
  const controller = new AbortController();
  const changes = fs.promises.watch(dir, { signal: controller.signal })[Symbol.asyncIterator]();
  assert.equal(effects.listeners.size, 0, "it begins when the first is asked for");
  const first = changes.next();
  assert.equal(effects.holds, 1);
  change("a");
  change("b", "rename");
  assert.deepEqual(await first, { done: false, value: { eventType: "change", filename: "a" } });
  assert.deepEqual((await changes.next()).value, { eventType: "rename", filename: "b" });
  const last = assert.rejects(changes.next(), { name: "AbortError" });
  await turn();
  controller.abort();
  await last;
  assert.equal(effects.holds, 0);
  assert.deepEqual(effects.take().slice(1), ["unwatch"]);
});

test("promises.watch says when more has happened than it was to keep", async () => {
  const changes = fs.promises.watch(dir, { maxQueue: 1, overflow: "error" as never })[Symbol.asyncIterator]();
  const first = assert.rejects(changes.next(), { code: "ERR_FS_WATCH_QUEUE_OVERFLOW" });
  change("a");
  change("b");
  await first;
  assert.equal(effects.holds, 0);
});

test("watchFile looks again after each interval, until it is told to stop", async () => {
  const path = `${dir}/polled`;
  real.writeFileSync(path, "1");
  const told: number[][] = [];
  const listener = (now: real.Stats, before: real.Stats): void => void told.push([now.size, before.size]);
  fs.watchFile(path, { interval: 100, persistent: false }, listener);
  await turn();
  await turn();
  assert.deepEqual([timers.waiting[0]?.ms, timers.unreffed], [100, 1]);
  await timers.fire();
  assert.deepEqual(told, []);
  real.writeFileSync(path, "22");
  await timers.fire();
  assert.deepEqual(told, [[2, 1]]);
  real.unlinkSync(path);
  await timers.fire();
  assert.deepEqual(told.at(-1), [0, 2]);
  fs.unwatchFile(path, listener);
  assert.equal(timers.waiting.length, 0);
});

test("watchFile tells once of a file that is not there", async () => {
  const told: number[] = [];
  fs.watchFile(`${dir}/none`, (now) => told.push(now.mtimeMs));
  await turn();
  await turn();
  await timers.fire();
  assert.deepEqual(told, [0]);
  fs.unwatchFile(`${dir}/none`);
});
