import { Layout } from "../../store/index.ts";
import { requirePeersNow } from "../../workspace/peer-record.ts";
import type { Call, Outcome } from "../call.ts";

export async function run(call: Call): Promise<Outcome> {
  const { id, addresses, invites } = requirePeersNow(new Layout(call.folder()));
  return { json: { id, addresses, invites }, text: () => invites.join("\n") };
}
