import assert from "node:assert/strict";
import { dirname } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { brokenImports, brokenImportsOf } from "./import-direction.ts";

test("imports in src run downward only", () => {
  const broken = brokenImports(dirname(dirname(fileURLToPath(import.meta.url))));
  assert.deepEqual(
    broken.map(({ file, line, rule }) => `${file}:${line}: ${rule}`),
    [],
  );
});

for (const [name, line, isBroken] of [
  ["store/put.ts", 'import { withLock } from "../coordination/index.ts";', false],
  ["store/put.ts", 'import { layout } from "./layout.ts";', false],
  ["store/put.ts", 'import type { Hub } from "../hub/protocol.ts";', true],
  ["coordination/lock.ts", 'export { x } from "../entries/index.ts";', true],
  ["explorer/run.ts", 'import { sleep } from "../coordination/index.ts";', false],
  ["explorer/run.ts", 'const entry = await import("../entries/index.ts");', true],
  ["hub-client/sync.ts", 'import { routes } from "../hub/protocol.ts";', false],
  ["hub-client/sync.ts", 'import { open } from "../hub/storage.ts";', true],
  ["dashboard/page.ts", 'import "../mcp/server.ts";', true],
  ["cli/main.ts", 'import { run } from "../explorer/run.ts";', false],
  ["cli/main.ts", 'import { run } from "../../scripts/run.ts";', true],
  ["index.ts", 'export * from "./workspace/index.ts";', false],
  ["index.ts", 'export * from "./store/index.ts";', true],
  ["cellar/wine.ts", 'import { assert } from "../errors.ts";', true],
  ["store/put.ts", '// import { x } from "../cli/main.ts"', false],
] as const) {
  test(`${name}: ${line} is ${isBroken ? "refused" : "allowed"}`, () => {
    const broken = brokenImportsOf(name, `// first line\n${line}\n`);
    assert.deepEqual(
      broken.map((each) => [each.file, each.line]),
      isBroken ? [[`src/${name}`, 2]] : [],
    );
  });
}
