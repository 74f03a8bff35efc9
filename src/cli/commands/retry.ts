import type { Call, Outcome } from "../call.ts";
import { pathInFolder } from "../folder-path.ts";
import { openCalled } from "../open.ts";

export async function run(call: Call): Promise<Outcome> {
  const [path] = call.args;
  await using workspace = openCalled(call);
  const result = await workspace.retry(path === undefined ? undefined : pathInFolder(call, path));
  return {
    json: result,
    text: () => (result.retried === 0 ? "nothing was waiting" : `trying ${result.retried} again`),
  };
}
