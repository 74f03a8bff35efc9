import { openWorkspaceRecord } from "../../store/open-workspace.ts";
import { Artifacts } from "../../workspace/artifacts.ts";
import type { Call, Outcome } from "../call.ts";
import { printable } from "../text.ts";

export async function run(call: Call): Promise<Outcome> {
  const [collection, version] = [call.text("in"), call.text("version")];
  using artifacts = new Artifacts(openWorkspaceRecord(call.folder()), call.signal);
  const result = await artifacts.delete(call.arg(0), {
    ...(collection === undefined ? {} : { collection }),
    ...(version === undefined ? {} : { version }),
  });
  return {
    json: result,
    text: () =>
      `deleted ${printable(result.name)}: version${result.deleted.length === 1 ? "" : "s"} ${result.deleted.join(", ")}`,
  };
}
