import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { describe, test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { ScenarioError } from "../scenario-error.ts";
import type { InstanceOptions } from "./instance.ts";
import type { Namespace } from "./interop.ts";
import { moduleBuiltin } from "./module-builtin.ts";
import { Modules } from "./modules.ts";
import { REAL, writeFiles } from "./testing/real-node.ts";

function load(files: Readonly<Record<string, string>>, options: Partial<InstanceOptions> = {}): Namespace {
  const [main = ""] = Object.keys(files);
  return new Modules().instance({ ...REAL, ...options }).load(`${writeFiles(files)}/${main}`);
}

function loadingFails(files: Readonly<Record<string, string>>, message: RegExp): void {
  assert.throws(
    () => load(files),
    (error) => {
      assert.ok(error instanceof ScenarioError, String(error));
      assert.equal(error.code, "SCENARIO");
      assert.match(error.message, message);
      assert.ok(error.hint !== undefined && error.hint.length > 10);
      return true;
    },
  );
}

describe("RACE-18 what cannot be loaded is a fault of the scenario, told with its place:", () => {
  test("a module that is not there, by specifier and importer", () => {
    loadingFails({ "a.mjs": `import "./b.mjs"`, "b.mjs": `import "absent"` }, /'absent', imported by .*\/b\.mjs/);
    loadingFails({ "a.cjs": `require("./absent.js")` }, /'\.\/absent\.js', required by .*\/a\.cjs/);
    loadingFails({ "a.cjs": `require("node:absent")` }, /node:absent, required by .*\/a\.cjs/);
  });
  test("the file itself that is not there", () => {
    assert.throws(() => new Modules().instance(REAL).load("/absent/x.race.ts"), {
      code: "SCENARIO",
      message: "Cannot find the file /absent/x.race.ts",
    });
  });
  test("a syntax error, by line and column", () => {
    loadingFails({ "a.ts": `const a: number = 1;\nexport const b = ;` }, /\/a\.ts:2:18: .*: export const b = ;/);
    loadingFails({ "a.mjs": `export const a = 1;\n  const b = (;` }, /\/a\.mjs:2:14: .*: const b = \(;/);
    loadingFails({ "a.cjs": `\n\nconst b = ];` }, /\/a\.cjs:3:11: .*: const b = \];/);
    loadingFails({ "a.mjs": `import "./x.json"`, "x.json": `{ "a": ]` }, /\/x\.json: /);
  });
  test("top-level await, by line", () => {
    loadingFails({ "a.mjs": `export {};\nawait 1;` }, /\/a\.mjs:2:1: top-level await cannot be simulated: await 1;/);
  });
  test("compiled code", () => {
    loadingFails({ "a.cjs": `require("./x.node")`, "x.node": "" }, /\/x\.node.*compiled code/);
    loadingFails({ "a.mjs": `import "./x.wasm"`, "x.wasm": "" }, /\/x\.wasm.*compiled code/);
  });
  test("a name that is not exported", () => {
    loadingFails(
      { "a.mjs": `import { b, c } from "./b.mjs"; console.log(b, c)`, "b.mjs": "export const b = 1" },
      /\/a\.mjs: The requested module '\.\/b\.mjs' does not provide an export named 'c'/,
    );
    load({
      "a.ts": `import { b, T } from "./b.ts"; export { T } from "./b.ts"; b as T`,
      "b.ts": "export const b = 1; export type T = 1",
    });
    load({ "a.mjs": `import * as b from "./b.mjs"; b.absent; b["absent"]`, "b.mjs": "export const b = 1" });
  });
});

test("the code under test can catch what Node would throw", async () => {
  const seen = load({
    "a.mjs": `import { createRequire } from "node:module"; const require = createRequire(import.meta.url);
      export const codes = [];
      for (const name of ["fsevents", "./x.node"]) try { require(name) } catch (error) { codes.push(error.code, error.name) }
      export const later = import("absent").catch((error) => [error.code, error instanceof Error]);`,
    "x.node": "",
  });
  assert.deepEqual(seen.codes, ["MODULE_NOT_FOUND", "Error", "ERR_DLOPEN_FAILED", "Error"]);
  assert.deepEqual(await seen.later, ["ERR_MODULE_NOT_FOUND", true]);
});

test("a builtin that is refused says who asked for it, and the refusal passes through", () => {
  const refusal = new ScenarioError("node:net is real", { hint: "Use fetch." });
  const builtin = (): never => {
    throw refusal;
  };
  assert.throws(() => load({ "a.mjs": `import "node:net"` }, { builtin }), refusal);
  assert.match(refusal.message, /^node:net is real \("net", imported by .*\/a\.mjs\)$/);
});

test("builtins are asked for once, without node:, and holdfast/explorer is one wherever the file lies", () => {
  const asked: string[] = [];
  const builtin = (name: string) => {
    asked.push(name);
    return { name, race: (x: unknown) => x };
  };
  const seen = load(
    {
      "a.race.ts": `import { name } from "node:fs"; import fs from "fs"; import { race } from "holdfast/explorer"; import "./b.cjs";
        export const all = [name, fs.name]; export default race(5);`,
      "b.cjs": `require("fs"); require("node:fs/promises"); require("holdfast/explorer")`,
    },
    { builtin },
  );
  assert.deepEqual([seen.all, seen.default], [["fs", "fs"], 5]);
  assert.deepEqual(asked.toSorted(), ["fs", "fs/promises", "holdfast/explorer"]);
});

test("holdfast itself is found where it is not installed", () => {
  const seen = load({ "a.mjs": `export * as coordination from "holdfast/coordination";` });
  assert.ok(Object.keys(seen.coordination as object).length > 3);
});

const COUNTING = {
  "a.race.ts": `import { next } from "./esm.mjs"; import pkg from "pkg"; import data from "./data.json" with { type: "json" };
    globalThis.runs = (globalThis.runs ?? 0) + 1; data.list.push(1);
    export const counts = () => [next(), pkg.next(), data.list.length, globalThis.runs, process.pid, globalThis.process.pid];`,
  "esm.mjs": `let count = 0; export const next = () => ++count;`,
  "data.json": `{ "list": [] }`,
  "node_modules/pkg/index.js": `let count = 0; exports.next = () => ++count;`,
};

test("every instance has modules, globals and data of its own, packages included", () => {
  const modules = new Modules();
  const file = `${writeFiles(COUNTING)}/a.race.ts`;
  for (let pid = 1; pid < 4; pid++) {
    const instance = modules.instance({ ...REAL, globals: { ...REAL.globals, process: { pid } } });
    const { counts } = instance.load(file) as { counts: () => number[] };
    assert.deepEqual(counts(), [1, 1, 1, 1, pid, pid]);
    assert.equal(instance.load(file).counts, counts, "loaded once in an instance");
    assert.deepEqual(counts(), [2, 2, 1, 1, pid, pid]);
  }
  assert.equal("runs" in globalThis, false);
});

test("what is imported of a builtin is shared by instances until one of them was given the builtin itself", () => {
  const made = { read: () => "made" };
  let face: { read: () => string } = { ...made };
  const given = new Set<string>();
  const options: InstanceOptions = {
    ...REAL,
    builtin: (name, instance) => {
      if (name === "module") return moduleBuiltin(instance);
      if (name === "fs") given.add(name);
      return name === "fs" ? face : REAL.builtin(name, instance);
    },
    pristine: (name) => (name !== "fs" || given.has(name) ? undefined : face),
  };
  const folder = writeFiles({
    "reads.mjs": `import { read } from "node:fs"; export { read }; export const sees = () => read();`,
    "patches.mjs": `import fs from "node:fs"; import { syncBuiltinESMExports } from "node:module";
      fs.read = () => "patched"; export const sync = syncBuiltinESMExports;`,
  });
  const modules = new Modules();
  const load = () => {
    given.clear();
    const instance = modules.instance(options);
    const { sees } = instance.load(`${folder}/reads.mjs`) as { sees: () => string };
    return { instance, sees };
  };
  const [first, second] = [load(), load()];
  assert.deepEqual([first.sees(), second.sees(), given.size], ["made", "made", 0], "names alone give nothing out");
  const { sync } = second.instance.load(`${folder}/patches.mjs`) as { sync: () => void };
  assert.deepEqual([second.sees(), given.has("fs")], ["made", true], "as in Node, names stay what they were");
  sync();
  assert.equal(second.sees(), "patched", "until they are brought up to date");
  face = { ...made };
  assert.equal(load().sees(), "made", "another process has a builtin of its own");
});

test("what was compiled can be sent to a thread, which then reads no files", () => {
  const modules = new Modules();
  const folder = writeFiles(COUNTING);
  modules.instance(REAL).load(`${folder}/a.race.ts`);
  const sent = structuredClone(modules.export());
  rmSync(folder, { recursive: true });
  const { counts } = new Modules(sent).instance(REAL).load(`${folder}/a.race.ts`) as { counts: () => number[] };
  assert.deepEqual(counts().slice(0, 4), [1, 1, 1, 1]);
});

test("an instance that is done with leaves nothing behind", async () => {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  const modules = new Modules();
  const file = `${writeFiles(COUNTING)}/a.race.ts`;
  const run = (): WeakRef<object> => {
    const instance = modules.instance(REAL);
    (instance.load(file).counts as () => void)();
    return new WeakRef(instance.global);
  };
  const ended = Array.from({ length: 5 }, run);
  run();
  // What a WeakRef was made of stays until the job has ended.
  await new Promise((resolve) => setImmediate(resolve));
  collect();
  assert.equal(ended.filter((reference) => reference.deref() !== undefined).length, 0);
});

test("this project's own sources run in it", async () => {
  const instance = new Modules().instance(REAL);
  const coordination = instance.load(new URL("../../coordination/index.ts", import.meta.url));
  const real: Namespace = await import("../../coordination/index.ts");
  assert.deepEqual(Object.keys(coordination), Object.keys(real));
  const store = instance.load(new URL("../../store/index.ts", import.meta.url));
  assert.deepEqual(Object.keys(store), Object.keys(await import("../../store/index.ts")));
});
