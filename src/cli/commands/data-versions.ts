import { openWorkspaceRecord } from "../../store/open-workspace.ts";
import { Artifacts } from "../../workspace/artifacts.ts";
import type { Call, Outcome } from "../call.ts";
import { tellRenamed } from "../renamed.ts";
import { columns, sizeText } from "../text.ts";

export async function run(call: Call): Promise<Outcome> {
  const collection = call.text("in");
  using artifacts = new Artifacts(openWorkspaceRecord(call.folder()), call.signal);
  const result = await artifacts.versions(call.arg(0), collection === undefined ? {} : { collection });
  tellRenamed(call, result);
  return {
    json: result,
    text: () =>
      columns([
        ["VERSION", "SIZE", "CREATED", "SHA256", ""],
        ...result.versions.map((row) => [
          String(row.version),
          sizeText(row.size),
          row.createdAt,
          row.damaged === undefined ? (row.hash ?? "(deleted)") : `(${row.damaged})`,
          row.latest ? "newest" : "",
        ]),
      ]),
  };
}
