import { resolve, sep } from "node:path";
import { HoldfastError } from "../../errors.ts";
import { HOLDFAST_DIR } from "../../store/layout.ts";
import { openWorkspaceRecord } from "../../store/open-workspace.ts";
import { Artifacts } from "../../workspace/artifacts.ts";
import type { Call, Outcome } from "../call.ts";
import { writeStdout } from "../output.ts";
import { Progress } from "../progress.ts";
import { counted, printable, sizeText } from "../text.ts";
import { writeWhole } from "../write-whole.ts";

export async function run(call: Call): Promise<Outcome | undefined> {
  const collection = call.text("in");
  const file = call.args[0];
  using artifacts = new Artifacts(openWorkspaceRecord(call.folder()), call.signal);
  using progress = new Progress(call, { label: "writing" });
  const { archive, counts } = await artifacts.export({
    ...(collection === undefined ? {} : { collection }),
    onProgress: ({ versions, bytes }) => progress.update({ files: versions, bytes }),
  });
  if (file === undefined || file === "-") {
    if (call.json || process.stdout.isTTY) throw needsFile(call.json);
    for await (const chunk of archive) await writeStdout(chunk, call.signal);
    return undefined;
  }
  const path = resolve(call.cwd, file);
  if (path.split(sep).includes(HOLDFAST_DIR)) {
    throw new HoldfastError("USAGE", `${path} is inside ${HOLDFAST_DIR}, which holds the workspace itself`, {
      hint: "Name a file outside of it.",
    });
  }
  await writeWhole(path, archive, call.signal);
  return {
    json: { ...counts, out: path },
    text: () =>
      `${printable(path)}: ${counted(counts.versions, "version")} of ${counted(counts.artifacts, "artifact")}, ${sizeText(counts.bytes)}`,
  };
}

function needsFile(json: boolean): HoldfastError {
  const why = json ? "with --json, stdout is for one JSON document" : "stdout is a terminal";
  return new HoldfastError("USAGE", `the archive has nowhere to go: ${why}`, {
    hint: "Name a file: `holdfast data export reports.tar`.",
  });
}
