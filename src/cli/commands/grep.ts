import type { Call, Outcome } from "../call.ts";
import { pathInFolder } from "../folder-path.ts";
import { openCalled } from "../open.ts";
import { printable } from "../text.ts";

export async function run(call: Call): Promise<Outcome> {
  const [, path] = call.args;
  const limit = call.integer("limit", 1, 1_000);
  await using workspace = openCalled(call);
  const result = await workspace.grep(call.arg(0), {
    ...(path === undefined ? {} : { prefix: pathInFolder(call, path) }),
    ...(limit === undefined ? {} : { limit }),
  });
  // Nothing on stdout means nothing found to a program; a person is told that it was looked for.
  if (result.results.length === 0 && !call.json) process.stderr.write("holdfast: no match\n");
  return {
    json: result,
    text: () => result.results.map(({ name, line, text }) => printable(`${name}:${line}: ${text}`)).join("\n"),
  };
}
