import { openWorkspaceRecord } from "../../store/open-workspace.ts";
import { Artifacts } from "../../workspace/artifacts.ts";
import type { Call, Outcome } from "../call.ts";
import { sizeText } from "../text.ts";
import { waitLine } from "../wait-line.ts";

export async function run(call: Call): Promise<Outcome> {
  const dryRun = call.flag("dryRun");
  using artifacts = new Artifacts(openWorkspaceRecord(call.folder()), call.signal, waitLine(call));
  const result = await artifacts.compact({ dryRun });
  const { contents, bytes } = result;
  return {
    json: result,
    text: () =>
      contents === 0
        ? "there is nothing to share"
        : `${dryRun ? "would save" : "saved"} ${sizeText(bytes)}: ${contents} content${contents === 1 ? "" : "s"} shared`,
  };
}
