import { openWorkspaceRecord } from "../../store/open-workspace.ts";
import { Artifacts } from "../../workspace/artifacts.ts";
import type { Call, Outcome } from "../call.ts";
import { printable } from "../text.ts";
import { waitLine } from "../wait-line.ts";

export async function run(call: Call): Promise<Outcome> {
  const collection = call.text("in");
  using artifacts = new Artifacts(openWorkspaceRecord(call.folder()), call.signal, waitLine(call));
  const result = await artifacts.rename(call.arg(0), call.arg(1), collection === undefined ? {} : { collection });
  const { from, to, versions } = result;
  return {
    json: result,
    text: () =>
      `${printable(from)} is ${printable(to)} now: version${versions.length === 1 ? "" : "s"} ${versions.join(", ")}`,
  };
}
