import { openWorkspaceRecord } from "../../store/open-workspace.ts";
import { Artifacts } from "../../workspace/artifacts.ts";
import type { Call, Outcome } from "../call.ts";
import { columns, sizeText } from "../text.ts";

export async function run(call: Call): Promise<Outcome> {
  const [collection, prefix, where] = [call.text("in"), call.text("prefix"), call.text("where")];
  using artifacts = new Artifacts(openWorkspaceRecord(call.folder()), call.signal);
  const result = await artifacts.list({
    ...(collection === undefined ? {} : { collection }),
    ...(prefix === undefined ? {} : { prefix }),
    ...(where === undefined ? {} : { where }),
  });
  return {
    json: result,
    text: () =>
      result.artifacts.length === 0
        ? nothingText([collection, prefix, where])
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

function nothingText(asked: readonly (string | undefined)[]): string {
  return asked.every((option) => option === undefined)
    ? "nothing is saved here yet"
    : "nothing that is saved here is such";
}
