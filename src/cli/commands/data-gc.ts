import { openWorkspaceRecord } from "../../store/open-workspace.ts";
import { Artifacts } from "../../workspace/artifacts.ts";
import type { Call, Outcome } from "../call.ts";
import { columns, sizeText } from "../text.ts";
import { waitLine } from "../wait-line.ts";

export async function run(call: Call): Promise<Outcome> {
  const collection = call.text("in");
  const dryRun = call.flag("dryRun");
  using artifacts = new Artifacts(openWorkspaceRecord(call.folder()), call.signal, waitLine(call));
  const result = await artifacts.gc({ dryRun, ...(collection === undefined ? {} : { collection }) });
  const { removed, bytes } = result;
  const count = `${removed.length} version${removed.length === 1 ? "" : "s"}, ${sizeText(bytes)}`;
  return {
    json: result,
    text: () =>
      removed.length === 0
        ? "nothing is to go"
        : [
            columns([
              ["COLLECTION", "NAME", "VERSION"],
              ...removed.map((row) => [row.collection, row.name, String(row.version)]),
            ]),
            `${dryRun ? "would remove" : "removed"} ${count}`,
          ].join("\n"),
  };
}
