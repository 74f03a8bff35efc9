import { openWorkspaceRecord } from "../../store/open-workspace.ts";
import { Artifacts } from "../../workspace/artifacts.ts";
import type { Call, Outcome } from "../call.ts";
import { printable } from "../text.ts";

export async function run(call: Call): Promise<Outcome> {
  const collection = call.text("in");
  const limit = call.integer("limit", 1, 1_000);
  using artifacts = new Artifacts(openWorkspaceRecord(call.folder()), call.signal);
  const result = await artifacts.grep(call.arg(0), {
    ...(collection === undefined ? {} : { collection }),
    ...(limit === undefined ? {} : { limit }),
  });
  if (!call.json) {
    for (const { reason } of result.unread) process.stderr.write(`holdfast: not looked into: ${printable(reason)}\n`);
    // Nothing on stdout means nothing found to a program; a person is told that it was looked for.
    if (result.matches.length === 0) process.stderr.write("holdfast: no match\n");
  }
  return {
    json: result,
    text: () =>
      result.matches
        .map(({ collection: where, name, line, text }) => printable(`${where} ${name}:${line}: ${text}`))
        .join("\n"),
  };
}
