import { resolve } from "node:path";
import { initWorkspaceRecord } from "../../store/make-workspace.ts";
import type { Call, Outcome } from "../call.ts";

export async function run(call: Call): Promise<Outcome> {
  const folder = resolve(call.chosenFolder ?? call.cwd, call.args[0] ?? ".");
  const { record, created } = initWorkspaceRecord(folder);
  return {
    json: { folder, workspace: record.id, name: record.name, created },
    text: () => (created ? `${folder} is a workspace now` : `${folder} is a workspace already`),
  };
}
