import type { Call, Outcome } from "../call.ts";
import { openCalled } from "../open.ts";
import { Progress, reachedOf } from "../progress.ts";

export async function run(call: Call): Promise<Outcome> {
  await using workspace = openCalled(call);
  using progress = new Progress(call, { label: "syncing" });
  const result = await workspace.sync({
    onProgress: (reached) => progress.update(reachedOf(reached)),
  });
  return {
    json: result,
    text: () => `in step with the hub at ${result.sequence}: ${result.pulled} in, ${result.pushed} out`,
  };
}
