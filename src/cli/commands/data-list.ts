import { openWorkspaceRecord } from "../../store/open-workspace.ts";
import { Artifacts } from "../../workspace/artifacts.ts";
import type { Call, Outcome } from "../call.ts";
import { columns, sizeText } from "../text.ts";

export async function run(call: Call): Promise<Outcome> {
  const [collection, prefix] = [call.text("in"), call.text("prefix")];
  using artifacts = new Artifacts(openWorkspaceRecord(call.folder()), call.signal);
  const result = await artifacts.list({
    ...(collection === undefined ? {} : { collection }),
    ...(prefix === undefined ? {} : { prefix }),
  });
  return {
    json: result,
    text: () =>
      result.artifacts.length === 0
        ? "nothing is saved here yet"
        : columns([
            ["COLLECTION", "NAME", "VERSION", "SIZE", "CREATED", "OWNER"],
            ...result.artifacts.map((row) => [
              row.collection,
              row.name,
              String(row.version),
              sizeText(row.size),
              row.createdAt,
              row.damaged === undefined ? (row.owner ?? "") : `(${row.damaged})`,
            ]),
          ]),
  };
}
