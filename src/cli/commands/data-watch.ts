import { openWorkspaceRecord } from "../../store/open-workspace.ts";
import { Artifacts, type Change } from "../../workspace/artifacts.ts";
import type { Call } from "../call.ts";
import { writeStdout } from "../output.ts";
import { printable, sizeText } from "../text.ts";

export async function run(call: Call): Promise<undefined> {
  const [collection, prefix] = [call.text("in"), call.text("prefix")];
  using artifacts = new Artifacts(openWorkspaceRecord(call.folder()), call.signal);
  for await (const change of artifacts.watch({
    ...(collection === undefined ? {} : { collection }),
    ...(prefix === undefined ? {} : { prefix }),
    onReady: () => {
      if (!call.json) process.stderr.write("holdfast: watching; Ctrl-C ends it\n");
    },
  })) {
    await writeStdout(`${call.json ? JSON.stringify(change) : lineOf(change)}\n`);
  }
  return undefined;
}

function lineOf({ kind, collection, name, version, deleted, size, createdAt }: Change): string {
  const what =
    version === null
      ? `versions ${deleted.join(", ")}`.replace(/^versions ([0-9]+)$/, "version $1")
      : `version ${version}`;
  return printable(
    `${createdAt} ${kind} ${collection} ${name} ${what}${version === null ? "" : `, ${sizeText(size)}`}`,
  );
}
