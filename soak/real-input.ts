// Soak: a clone of this project, all of node_modules and, if named, any other folder, kept in step between two folders while
// git works in one of them; a third folder joins at the end. Prints how long each step took.
//
//   npm run soak -- real-input [--tree DIR] [--in DIR]
//
// --tree copies any folder in as well, such as /usr/share; --in names the folder to work in (default: the system's for
// temporary files), which holds every file several times.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { hasRealInput, realInput } from "../src/cli/testing/real-input.ts";

const { values } = parseArgs({ options: { tree: { type: "string" }, in: { type: "string" } } });
if (!hasRealInput()) throw new Error("this needs a clone with its history, and installed packages");
const root = mkdtempSync(join(values.in ?? tmpdir(), "holdfast-real-"));
try {
  await realInput({
    root,
    ...(values.tree === undefined ? {} : { tree: values.tree }),
    patienceMs: 900_000,
    say: (line) => console.log(line),
  });
  console.log("all folders are byte-identical");
} finally {
  rmSync(root, { recursive: true, force: true, maxRetries: 5 });
}
