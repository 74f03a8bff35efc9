import { HoldfastError, shellWord } from "../../errors.ts";
import type { Call, Outcome } from "../call.ts";
import { pathInFolder } from "../folder-path.ts";
import { openCalled } from "../open.ts";

export async function run(call: Call): Promise<Outcome> {
  const version = call.text("version");
  const path = pathInFolder(call, call.arg(0));
  if (version === undefined) {
    throw new HoldfastError("USAGE", "--version is missing", {
      hint: `\`holdfast history ${shellWord(call.arg(0))}\` shows them.`,
    });
  }
  await using workspace = openCalled(call);
  const result = await workspace.restore(path, { version });
  return { json: result, text: () => `${path} is as in version ${version} again` };
}
