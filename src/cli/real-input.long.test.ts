// Real files, real packages, real git. `npm run soak -- real-input` does the same with all of node_modules.

import { test } from "node:test";
import { TestFolder } from "./testing/holdfast.ts";
import { hasRealInput, realInput } from "./testing/real-input.ts";

test("a clone of this project with packages, and git at work in it: the other folder, and one that joins later, end byte-identical", {
  timeout: 240_000,
  skip: hasRealInput() ? false : "neither history nor packages are here",
}, async (t) => {
  using folder = new TestFolder();
  await realInput({ root: folder.path, packageFiles: 1_500, patienceMs: 60_000, say: (line) => t.diagnostic(line) });
});
