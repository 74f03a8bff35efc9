// The loader against Node itself: the same files print the same.

import assert from "node:assert/strict";
import { before, describe, test } from "node:test";
import { MODULE_FIXTURES } from "./testing/fixtures.ts";
import { mainOf, printedByLoader, printedByNode, writeFiles } from "./testing/real-node.ts";
import { SYNTAX_FIXTURES } from "./testing/syntax-fixtures.ts";

const FIXTURES = [...MODULE_FIXTURES, ...SYNTAX_FIXTURES];

describe("modules do as in Node:", () => {
  const mains = FIXTURES.map((fixture) => mainOf(writeFiles(fixture.files), fixture));
  let byNode: string[][] = [];
  before(() => {
    byNode = printedByNode(mains);
  });

  for (const [index, { about }] of FIXTURES.entries()) {
    test(about, async () => {
      const expected = byNode[index] ?? [];
      assert.ok(expected.length > 0 && !expected.join().includes("failed: "), expected.join("\n"));
      assert.deepEqual(await printedByLoader(mains[index] ?? ""), expected);
    });
  }
});
