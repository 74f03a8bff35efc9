import { Layout } from "../../store/index.ts";
import type { Call, Outcome } from "../call.ts";
import { openCalled } from "../open.ts";

export async function run(call: Call): Promise<Outcome> {
  if (call.flag("peer")) {
    const { peerInvite } = await import("../../workspace/peer-invite.ts");
    const result = peerInvite(new Layout(call.folder()));
    return { json: result, text: () => result.invite };
  }
  await using workspace = openCalled(call);
  const result = await workspace.invite();
  return { json: result, text: () => result.invite };
}
