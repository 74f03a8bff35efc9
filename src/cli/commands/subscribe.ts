import type { Call, Outcome } from "../call.ts";
import { openCalled } from "../open.ts";

export async function run(call: Call): Promise<Outcome> {
  await using workspace = openCalled(call);
  const result = await workspace.subscribe(call.rest(0));
  return {
    json: result,
    text: () => `subscribed to ${result.topics.includes("*") ? "all topics" : result.topics.join(", ")}`,
  };
}
