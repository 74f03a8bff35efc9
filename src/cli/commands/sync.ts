import type { Call, Outcome } from "../call.ts";
import { openCalled } from "../open.ts";

export async function run(call: Call): Promise<Outcome> {
  await using workspace = openCalled(call);
  const result = await workspace.sync();
  return {
    json: result,
    text: () => `in step with the hub at ${result.sequence}: ${result.pulled} in, ${result.pushed} out`,
  };
}
