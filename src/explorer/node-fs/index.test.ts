import assert from "node:assert/strict";
import real from "node:fs";
import { test } from "node:test";
import { makeFs } from "./index.ts";
import { RecordingEffects } from "./testing/real-kernel.ts";

const effects = new RecordingEffects();
const fs = makeFs(() => effects);

type Module = Record<string, unknown>;
const asModule = (module: object): Module => module as Module;

test("RACE-13 Every name of node:fs and node:fs/promises is there, as the same kind of property", () => {
  for (const [ours, nodes] of [
    [asModule(fs), asModule(real)],
    [asModule(fs.promises), asModule(real.promises)],
  ] as const) {
    assert.deepEqual(Reflect.ownKeys(ours).sort(), Reflect.ownKeys(nodes).sort());
    for (const key of Object.keys(nodes)) {
      const own = Object.getOwnPropertyDescriptor(ours, key);
      const nodesOwn = Object.getOwnPropertyDescriptor(nodes, key);
      assert.equal(own?.enumerable, nodesOwn?.enumerable, key);
      assert.equal(own?.writable, nodesOwn?.writable, key);
      assert.equal(own?.get === undefined, nodesOwn?.get === undefined, key);
      assert.equal(typeof ours[key], typeof nodes[key], key);
    }
  }
});

test("Functions have the name and the number of parameters of Node's", () => {
  for (const [ours, nodes] of [
    [asModule(fs), asModule(real)],
    [asModule(fs.promises), asModule(real.promises)],
  ] as const) {
    for (const [key, value] of Object.entries(nodes)) {
      // Node's is a wrapper that warns.
      if (typeof value !== "function" || key === "Stats") continue;
      const own = ours[key] as { name: string; length: number };
      assert.deepEqual([own.name, own.length], [value.name, value.length], key);
    }
  }
});

test("What is not simulated says so, and what to do instead", () => {
  const refused = [
    () => fs.openAsBlob("/a"),
    () => new fs.Utf8Stream({ dest: "/a", periodicFlush: 9 }),
    () => fs.watchFile("/a", {}, () => {}),
  ];
  for (const ask of refused) {
    assert.throws(ask, { code: "ERR_NOT_SIMULATED", message: /^fs\.\w+.* is not simulated by .*: (use|read|call)/ });
  }
});

test("Each call of makeFs gives objects of its own: what one process patches, another does not see", () => {
  const current = (): RecordingEffects => effects;
  const [one, other] = [makeFs(current), makeFs(current)];
  one.openSync = () => 7;
  one.promises.unlink = async () => {};
  class Patched extends real.ReadStream {}
  Object.assign(one, { ReadStream: Patched });
  assert.equal(one.openSync("/a", "r"), 7);
  assert.notEqual(other.openSync, one.openSync);
  assert.notEqual(other.promises.unlink, one.promises.unlink);
  assert.equal(one.ReadStream, Patched);
  assert.notEqual(other.ReadStream, Patched);
});

test("A module cloned by its descriptors works, as graceful-fs clones it", () => {
  const clone = Object.create(Object.getPrototypeOf(fs)) as typeof fs;
  for (const key of Object.getOwnPropertyNames(fs)) {
    Object.defineProperty(clone, key, Object.getOwnPropertyDescriptor(fs, key) as PropertyDescriptor);
  }
  assert.ok(clone.statSync("/").isDirectory());
  assert.equal(clone.constants, fs.constants);
  assert.equal(clone.promises, fs.promises);
});

test("Outside of a simulated process every form is refused by the one who knows", async () => {
  const outside = makeFs(() => {
    throw new Error("no process runs");
  });
  assert.throws(() => outside.statSync("/"), /no process runs/);
  assert.throws(() => outside.stat("/", () => {}), /no process runs/);
  await assert.rejects(outside.promises.stat("/"), /no process runs/);
});
