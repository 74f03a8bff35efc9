// One process of the parallel figure: saves until its code is compiled, says that it is ready, and at a word saves so many small
// versions in one collection.

import { openWorkspaceRecord } from "../../src/store/open-workspace.ts";
import { Artifacts } from "../../src/workspace/artifacts.ts";

const WARMING_UP = 1_000;

const [folder = "", collection = "", count = "0"] = process.argv.slice(2);
using artifacts = new Artifacts(openWorkspaceRecord(folder));
for (let n = 0; n < WARMING_UP; n += 1) await artifacts.put(`before-${n}`, `content ${n}`, { collection });
process.stdout.write("ready\n");
await new Promise((resolve) => process.stdin.once("data", resolve));
for (let n = 0; n < Number(count); n += 1) await artifacts.put(`a-${n}`, `content ${n}`, { collection });
process.stdout.write("done\n");
process.stdin.pause();
