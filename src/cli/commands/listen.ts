import type { Call } from "../call.ts";
import { openCalled } from "../open.ts";
import { writeStdout } from "../output.ts";
import { printable } from "../text.ts";

export async function run(call: Call): Promise<undefined> {
  const since = call.integer("since", 0, Number.MAX_SAFE_INTEGER);
  const topics = call.list("topic");
  await using workspace = openCalled(call);
  for await (const entry of workspace.listen({
    ...(since === undefined ? {} : { since }),
    ...(topics.length === 0 ? {} : { topics }),
  })) {
    const { sequence, time, author, kind, collection, name, text } = entry;
    const what = text === undefined ? `${kind} ${collection} ${name}` : `${collection}: ${text}`;
    const line = call.json
      ? JSON.stringify(entry)
      : `${sequence} ${time} ${author.slice(0, 8)} ${printable(what.replaceAll(/\r?\n/g, " "))}`;
    await writeStdout(`${line}\n`);
  }
  return undefined;
}
