import { resolve, sep } from "node:path";
import { HoldfastError } from "../../errors.ts";
import { HOLDFAST_DIR } from "../../store/layout.ts";
import { openWorkspaceRecord } from "../../store/workspace-record.ts";
import { openVersion } from "../../workspace/read-version.ts";
import type { Call, Outcome } from "../call.ts";
import { writeStdout } from "../output.ts";
import { Progress } from "../progress.ts";
import { printable, sizeText } from "../text.ts";

export async function run(call: Call): Promise<Outcome | undefined> {
  const [collection, version, out] = [call.text("in"), call.text("version"), call.text("out")];
  const { layout } = openWorkspaceRecord(call.folder());
  const found = openVersion(layout, call.arg(0), {
    ...(collection === undefined ? {} : { collection }),
    ...(version === undefined ? {} : { version }),
  });
  using progress = new Progress(call, { label: "reading", totalBytes: found.size });
  const watched = progress.watch(found.content);
  if (out === undefined || out === "-") {
    if (call.json) {
      // The first piece comes only when all of it was found undamaged: what is described can be got.
      for await (const _ of watched) break;
      return { json: found.info, text: () => "" };
    }
    for await (const chunk of watched) await writeStdout(chunk, call.signal);
    return undefined;
  }
  const path = resolve(call.cwd, out);
  if (path.split(sep).includes(HOLDFAST_DIR)) {
    throw new HoldfastError("USAGE", `${path} is inside ${HOLDFAST_DIR}, which holds the workspace itself`, {
      hint: "Name a file outside of it.",
    });
  }
  const { writeWhole } = await import("../write-whole.ts");
  await writeWhole(path, watched, call.signal);
  const { info } = found;
  return {
    json: { ...info, out: path },
    text: () => `${printable(`${path}: ${info.name}`)} version ${info.version}, ${sizeText(info.size)}`,
  };
}
