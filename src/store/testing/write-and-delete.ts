// A program that saves and deletes versions until it is ended: `write-and-delete.ts FOLDER NAME`. One line a change.

import { Artifacts } from "../../workspace/artifacts.ts";
import { openWorkspaceRecord } from "../open-workspace.ts";

const [folder = "", name = "a"] = process.argv.slice(2);
const artifacts = new Artifacts(openWorkspaceRecord(folder));
for (let n = 0; n < 100_000; n += 1) {
  const artifact = `${name} ${n % 5}`;
  const { version } = await artifacts.put(artifact, "x".repeat(20_000 + n));
  process.stdout.write(`${JSON.stringify({ name: artifact, version })}\n`);
  if (n % 3 !== 2) continue;
  const { deleted } = await artifacts.delete(artifact);
  process.stdout.write(`${JSON.stringify({ name: artifact, deleted })}\n`);
}
