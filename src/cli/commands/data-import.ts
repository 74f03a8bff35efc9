import { openWorkspaceRecord } from "../../store/open-workspace.ts";
import { Artifacts } from "../../workspace/artifacts.ts";
import type { Call, Outcome } from "../call.ts";
import { openSource } from "../open-source.ts";
import { Progress } from "../progress.ts";
import { counted, printable, sizeText } from "../text.ts";
import { waitLine } from "../wait-line.ts";

export async function run(call: Call): Promise<Outcome> {
  const collection = call.text("in");
  using artifacts = new Artifacts(openWorkspaceRecord(call.folder()), call.signal, waitLine(call));
  const source = openSource(call, call.args[0], {
    what: "take in",
    hint: "Name an archive, or pipe it: `holdfast data import < reports.tar`.",
  });
  using progress = new Progress(call, { label: "taking in", totalBytes: source.size });
  const result = await artifacts.import(progress.watch(source.chunks), collection === undefined ? {} : { collection });
  return {
    json: result,
    text: () =>
      `${printable(result.collection)}: ${counted(result.versions, "version")} of ${counted(result.artifacts, "artifact")} taken in, ` +
      `${sizeText(result.bytes)}; ${result.skipped} were here already`,
  };
}
