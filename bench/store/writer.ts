// One process of the parallel figure: says that it is ready, and at a word saves so many small versions in one collection.

import { openWorkspaceRecord } from "../../src/store/open-workspace.ts";
import { Artifacts } from "../../src/workspace/artifacts.ts";

const [folder = "", collection = "", count = "0"] = process.argv.slice(2);
using artifacts = new Artifacts(openWorkspaceRecord(folder));
await artifacts.put("first", "the first one opens everything", { collection });
process.stdout.write("ready\n");
await new Promise((resolve) => process.stdin.once("data", resolve));
for (let n = 0; n < Number(count); n += 1) await artifacts.put(`a-${n}`, `content ${n}`, { collection });
process.stdout.write("done\n");
process.stdin.pause();
