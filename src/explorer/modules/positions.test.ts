import assert from "node:assert/strict";
import { test } from "node:test";
import { Modules } from "./modules.ts";
import { REAL, writeFiles } from "./testing/real-node.ts";

const FILES = {
  "lock.race.ts": `import { lock } from "locks";
import { inner } from "./inner (copy)/inner.ts";
enum Kind { A }
export interface Long {
  readonly a: string;
}
export function fails(): never {
  const kind: Kind = Kind.A;
  throw new Error(\`kind \${kind}\`);
}
export const locks = (): string => lock() as string;
export const deep = async (): Promise<string> => inner();
`,
  "inner (copy)/inner.ts": `type T = string;

export const inner = async (): Promise<T> => {
  await 1; return new Error("inner").stack as T;
};
`,
  "node_modules/locks/index.js": `
exports.lock = () => new Error("locked").stack;
`,
};

function loaded(): { folder: string; modules: Modules; exports: Record<string, () => string | Promise<string>> } {
  const folder = writeFiles(FILES);
  const modules = new Modules();
  const exports = modules.instance(REAL).load(`${folder}/lock.race.ts`);
  return { folder, modules, exports: exports as Record<string, () => string | Promise<string>> };
}

test("places in a stack are those of the TypeScript source", () => {
  const { folder, modules, exports } = loaded();
  assert.throws(
    () => exports.fails?.(),
    (error: Error) => {
      const stack = modules.positions.mapStack(error.stack ?? "");
      assert.match(stack, /^Error: kind 0\n/);
      assert.ok(stack.includes(`(${folder}/lock.race.ts:9:9)`), stack);
      assert.equal(modules.positions.siteOf(error.stack ?? "", folder), "lock.race.ts:9:9");
      // All other lines are as they were.
      const changed = stack.split("\n").filter((line) => !error.stack?.includes(line));
      assert.equal(changed.length, 1);
      return true;
    },
  );
});

test("the site is in the code under test, before the packages that it calls", async () => {
  const { folder, modules, exports } = loaded();
  const locked = String(await exports.locks?.());
  assert.match(modules.positions.mapStack(locked), /node_modules\/locks\/index\.js:2:22/);
  assert.equal(modules.positions.siteOf(locked, folder), "lock.race.ts:11:36");
  const onlyPackage = locked.split("\n").slice(0, 2).join("\n");
  assert.equal(modules.positions.siteOf(onlyPackage, folder), "node_modules/locks/index.js:2:22");
});

test("a frame after an await, in a folder with brackets and a space in its name, is found", async () => {
  const { folder, modules, exports } = loaded();
  const stack = String(await exports.deep?.());
  assert.equal(modules.positions.siteOf(stack, folder), "inner (copy)/inner.ts:4:19");
  assert.ok(modules.positions.siteOf(stack, "/elsewhere")?.startsWith(folder));
});

test("a stack without code under test has no site and stays as it is", () => {
  const stack = new Error("here").stack ?? "";
  const { modules } = loaded();
  assert.equal(modules.positions.siteOf(stack), undefined);
  assert.equal(modules.positions.mapStack(stack), stack);
});
