import { resolve } from "node:path";
import { openWorkspaceRecord } from "../../store/open-workspace.ts";
import { stopDaemon } from "../../workspace/down.ts";
import type { Call, Outcome } from "../call.ts";

export async function run(call: Call): Promise<Outcome> {
  const [named] = call.args;
  const folder = named === undefined ? call.folder() : resolve(call.chosenFolder ?? call.cwd, named);
  const result = await stopDaemon(openWorkspaceRecord(folder).layout, call.signal);
  return {
    json: result,
    text: () => (result.stopped ? `process ${result.pid} has ended` : `nothing was running in ${folder}`),
  };
}
