import { addAbortSignal } from "node:stream";
import { buffer } from "node:stream/consumers";
import { HoldfastError } from "../../errors.ts";
import type { Call, Outcome } from "../call.ts";
import { openCalled } from "../open.ts";

export async function run(call: Call): Promise<Outcome> {
  const key = call.text("key");
  const text = await textOf(call);
  await using workspace = openCalled(call);
  const result = await workspace.publish(call.arg(0), text, key === undefined ? {} : { key });
  return { json: result, text: () => `published as ${result.sequence}` };
}

async function textOf(call: Call): Promise<string> {
  const text = call.arg(1);
  if (text !== "-") return text;
  const bytes = await buffer(addAbortSignal(call.signal, process.stdin));
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw new HoldfastError("USAGE", "a note is text, and what is piped in is not UTF-8", {
      hint: "Save other content with `holdfast data put`, or as a file in the folder.",
      cause: error,
    });
  }
}
