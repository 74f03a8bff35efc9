import { HoldfastError } from "../../errors.ts";
import { openWorkspaceRecord } from "../../store/open-workspace.ts";
import { Artifacts, type VerifyResult } from "../../workspace/artifacts.ts";
import type { Call, Outcome } from "../call.ts";
import { Progress } from "../progress.ts";
import { counted, printable, sizeText } from "../text.ts";

export async function run(call: Call): Promise<Outcome> {
  const collection = call.text("in");
  using artifacts = new Artifacts(openWorkspaceRecord(call.folder()), call.signal);
  using progress = new Progress(call, { label: "checking" });
  const result = await artifacts.verify({
    ...(collection === undefined ? {} : { collection }),
    onProgress: ({ versions, bytes }) => progress.update({ files: versions, bytes }),
  });
  const { damaged } = result;
  return {
    json: result,
    text: () => textOf(result),
    ...(damaged.length === 0 ? {} : { failure: failureOf(damaged.length) }),
  };
}

function textOf({ checked, damaged, catalog }: VerifyResult): string {
  const { artifacts, versions, bytes } = checked;
  const lines = damaged.map(
    ({ path, reason, hint }) => printable(`${path}: ${reason}`) + (hint && `\n  ${printable(hint)}`),
  );
  if (catalog === "differs" || catalog === "made anew")
    lines.push(`catalog.db did not say what lies on disk${catalog === "differs" ? "" : "; it was made anew"}`);
  const found = damaged.length === 0 ? "nothing is damaged" : `${damaged.length} damaged`;
  return [
    ...lines,
    `${counted(artifacts, "artifact")}, ${counted(versions, "version")}, ${sizeText(bytes)} checked: ${found}`,
  ].join("\n");
}

function failureOf(count: number): HoldfastError {
  return new HoldfastError("CORRUPT", count === 1 ? "1 file is damaged" : `${count} files are damaged`, {
    hint:
      "Restore them from a backup or another copy. What cannot be restored goes by its number: " +
      "`holdfast data delete NAME --version N`; the other versions are unharmed.",
  });
}
