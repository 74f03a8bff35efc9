// A program that saves versions until it is ended: `save-loop.ts FOLDER NAME`. One JSON line an acknowledged save.

import { openWorkspace } from "../../index.ts";
import { savedContent } from "./saved-content.ts";

const [folder = "", name = "a"] = process.argv.slice(2);
const workspace = await openWorkspace(folder);
for (let n = 0; n < 100_000; n += 1) {
  const { version, hash } = await workspace.put(name, savedContent(process.pid, n));
  process.stdout.write(`${JSON.stringify({ version, hash })}\n`);
}
