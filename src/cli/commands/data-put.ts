import { HoldfastError } from "../../errors.ts";
import { openWorkspaceRecord } from "../../store/open-workspace.ts";
import { Artifacts } from "../../workspace/artifacts.ts";
import type { Call, Outcome } from "../call.ts";
import { openSource } from "../open-source.ts";
import { Progress } from "../progress.ts";
import { printable, sizeText } from "../text.ts";
import { waitLine } from "../wait-line.ts";

export async function run(call: Call): Promise<Outcome> {
  const [collection, type] = [call.text("in"), call.text("type")];
  const [keep, maxAge] = [call.text("keep"), call.text("maxAge")];
  const tags = tagsOf(call.list("tag"));
  using artifacts = new Artifacts(openWorkspaceRecord(call.folder()), call.signal, waitLine(call));
  const source = openSource(call, call.args[1], {
    what: "save",
    hint: "Name a file, or pipe the content: `date | holdfast data put NAME`.",
  });
  using progress = new Progress(call, { label: "saving", totalBytes: source.size });
  const result = await artifacts.put(call.arg(0), source.chunks, {
    ...(collection === undefined ? {} : { collection }),
    ...(type === undefined ? {} : { type }),
    ...(keep === undefined ? {} : { keep }),
    ...(maxAge === undefined ? {} : { maxAge }),
    ...(call.flag("force") ? { takeOver: "allow" } : {}),
    tags,
    onProgress: (bytes) => progress.update({ bytes }),
  });
  return {
    json: result,
    text: () => `${printable(result.name)} version ${result.version}, ${sizeText(result.size)}, sha256 ${result.hash}`,
  };
}

function tagsOf(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf("=");
      if (at > 0) return [pair.slice(0, at), pair.slice(at + 1)];
      throw new HoldfastError("USAGE", `--tag ${JSON.stringify(pair)} is not KEY=VALUE`, {
        hint: "For example: --tag owner=ann --tag kind=report",
      });
    }),
  );
}
