// Killing and reading while others save, with real processes.

import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync } from "node:fs";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { isHoldfastError, openWorkspace } from "../index.ts";
import { TestFolder } from "./testing/holdfast.ts";
import { isWhole } from "./testing/saved-content.ts";

const SAVE_LOOP = fileURLToPath(new URL("./testing/save-loop.ts", import.meta.url));

interface Ack {
  readonly version: number;
  readonly hash: string;
}

/** A process that saves in a loop; tells what was acknowledged to it. */
class Saver implements AsyncDisposable {
  readonly acks: Ack[] = [];
  readonly child: ChildProcess;
  private readonly drained: Promise<unknown>;

  constructor(folder: string, name: string) {
    const child = spawn(process.execPath, [SAVE_LOOP, folder, name], { stdio: ["ignore", "pipe", "inherit"] });
    const lines = createInterface({ input: child.stdout });
    lines.on("line", (line) => {
      // A line cut off by the kill was never told.
      if (line.endsWith("}")) this.acks.push(JSON.parse(line) as Ack);
    });
    this.drained = Promise.all([once(lines, "close"), once(child, "close")]);
    this.child = child;
  }

  async hasSaved(count: number): Promise<void> {
    const deadline = performance.now() + 20_000;
    while (this.acks.length < count) {
      assert.ok(performance.now() < deadline && this.child.exitCode === null, "the saver saves");
      await sleep(2);
    }
  }

  async kill(): Promise<void> {
    this.child.kill("SIGKILL");
    await this.drained;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.kill();
  }
}

test("STORE-23 kill -9 at random moments of saving: what was acknowledged is there whole, the rest whole or not at all", async () => {
  using folder = new TestFolder();
  await using workspace = await openWorkspace(folder.path);
  const acked = new Map<number, string>();
  for (let round = 0; round < 12; round += 1) {
    await using saver = new Saver(folder.path, "a");
    await saver.hasSaved(2);
    await sleep(Math.random() * 15);
    await saver.kill();
    for (const { version, hash } of saver.acks) {
      assert.ok(!acked.has(version), `version ${version} was given twice`);
      acked.set(version, hash);
    }
  }
  const { versions } = await workspace.versions("a");
  const hashes = new Map(versions.map(({ version, hash }) => [version, hash]));
  for (const [version, hash] of acked) assert.equal(hashes.get(version), hash, `version ${version} was acknowledged`);
  for (const { version } of versions) {
    const { content } = await workspace.get("a", { version });
    assert.ok(isWhole(Buffer.from(content).toString()), `version ${version} is whole`);
  }
  assert.ok(versions.length <= acked.size + 12, "each kill leaves one unacknowledged version at the most");
  // The listing agrees with the disk, and the next save sweeps what the dead left in staging.
  const { artifacts } = await workspace.list();
  assert.deepEqual(
    artifacts.map(({ name, version }) => [name, version]),
    [["a", versions.at(-1)?.version]],
  );
  await workspace.put("b", "sweeps");
  await workspace.close();
  assert.deepEqual(readdirSync(folder.at(".holdfast/staging")), []);
});

test("STORE-22 a reader sees versions whole, and the newest go back only by a delete that named it", async () => {
  using folder = new TestFolder();
  await using workspace = await openWorkspace(folder.path);
  await using one = new Saver(folder.path, "a");
  await using two = new Saver(folder.path, "a");
  await Promise.all([one.hasSaved(1), two.hasSaved(1)]);
  const named = new Set<number>();
  const stop = new AbortController();
  const deleting = (async () => {
    for (let count = 0; count < 60; count += 1) {
      // Towards the end nobody saves any more, so that the newest really goes back.
      if (count === 45) await Promise.all([one.kill(), two.kill()]);
      const { version } = await workspace.get("a");
      named.add(version);
      await workspace.delete("a", { version });
      await sleep(5);
    }
  })().finally(() => stop.abort());
  let [last, wentBack, reads] = [0, 0, 0];
  while (!stop.signal.aborted) {
    const got = await workspace.get("a").catch((error: unknown) => {
      if (isHoldfastError(error, "NOT_FOUND")) return undefined; // deleted between finding and reading
      throw error;
    });
    await sleep(0);
    if (got === undefined) continue;
    reads += 1;
    assert.ok(isWhole(Buffer.from(got.content).toString()), `version ${got.version} is whole`);
    if (got.version < last) {
      wentBack += 1;
      for (let version = got.version + 1; version <= last; version += 1) {
        const isThere =
          !named.has(version) && (await workspace.versions("a")).versions.some((v) => v.version === version);
        assert.ok(!isThere, `${version} is there, and ${got.version} was shown as the newest after ${last}`);
      }
    }
    last = got.version;
  }
  await deleting;
  assert.ok(reads > 50 && wentBack > 0, `${reads} reads saw ${wentBack} deletes`);
});
