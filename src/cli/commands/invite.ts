import type { Call, Outcome } from "../call.ts";
import { openCalled } from "../open.ts";

export async function run(call: Call): Promise<Outcome> {
  await using workspace = openCalled(call);
  const result = await workspace.invite();
  return { json: result, text: () => result.invite };
}
