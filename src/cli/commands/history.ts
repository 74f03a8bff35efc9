import type { Call, Outcome } from "../call.ts";
import { pathInFolder } from "../folder-path.ts";
import { openCalled } from "../open.ts";
import { columns, sizeText } from "../text.ts";

export async function run(call: Call): Promise<Outcome> {
  await using workspace = openCalled(call);
  const result = await workspace.history(pathInFolder(call, call.arg(0)));
  return {
    json: result,
    text: () =>
      columns([
        ["VERSION", "KIND", "SIZE", "CREATED", "AUTHOR", "ENTRY", "PATH"],
        ...result.versions.map((row) => [
          String(row.version),
          row.kind,
          sizeText(row.size ?? 0),
          row.createdAt,
          row.author.slice(0, 8),
          row.entry,
          row.damaged === undefined ? row.path : `${row.path} (${row.damaged})`,
        ]),
      ]),
  };
}
