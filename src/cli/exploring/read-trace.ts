import { readFile, stat } from "node:fs/promises";
import { parseTrace } from "../../explorer/engine/replay.ts";
import { ScenarioError, type Trace } from "../../explorer/index.ts";

/** Longer than any trace can be. */
const MAX_BYTES = 256 * 1_024 * 1_024;

/** Throws `SCENARIO` for what is no trace, or cannot be read. */
export async function readTrace(path: string): Promise<Trace> {
  const hint = "Give a file that `holdfast explore` wrote.";
  let text: string;
  try {
    const status = await stat(path);
    // A pipe that nobody writes to would be waited for, for ever.
    if (!status.isFile()) throw new Error("it is not a regular file");
    if (status.size > MAX_BYTES) throw new Error("it is too large to be a trace");
    text = await readFile(path, "utf8");
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new ScenarioError(`${path} cannot be read: ${why}`, { hint, cause });
  }
  return parseTrace(text);
}
