import { resolve, sep } from "node:path";
import { HoldfastError } from "../../errors.ts";
import { HOLDFAST_DIR } from "../../store/layout.ts";
import { recovered } from "../../store/recovery.ts";
import { requireWorkspace } from "../../store/workspace-record.ts";
import { openVersion } from "../../workspace/read-version.ts";
import type { Call, Outcome } from "../call.ts";
import { writeStdout } from "../output.ts";
import type { Progress } from "../progress.ts";
import { tellRenamed } from "../renamed.ts";
import { printable, sizeText } from "../text.ts";

/** From this size on, bytes, reading may take long enough to be told of. */
const WATCHED_BYTES = 1_024 * 1_024;

export async function run(call: Call): Promise<Outcome | undefined> {
  const [collection, version, out] = [call.text("in"), call.text("version"), call.text("out")];
  const { layout } = requireWorkspace(call.folder());
  await recovered(layout, { signal: call.signal });
  const found = openVersion(layout, call.arg(0), {
    ...(collection === undefined ? {} : { collection }),
    ...(version === undefined ? {} : { version }),
  });
  tellRenamed(call, found.info);
  // Loaded only where there is something to watch.
  using progress = found.size < WATCHED_BYTES ? undefined : await progressOf(call, found.size);
  const watched = progress?.watch(found.content) ?? found.content;
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

async function progressOf(call: Call, totalBytes: number): Promise<Progress> {
  const { Progress: Told } = await import("../progress.ts");
  return new Told(call, { label: "reading", totalBytes });
}
