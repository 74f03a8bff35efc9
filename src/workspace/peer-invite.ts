// The invite of a peer that is passed on: an address of it, and behind the `#` the workspace's key. Whoever joins by one needs no hub
// (join-peers.ts).

import { HoldfastError } from "../errors.ts";
import { bestInvite } from "../peers/workspace-key.ts";
import type { Layout } from "../store/index.ts";
import { requirePeersNow } from "./peer-record.ts";
import type { PeeringShown } from "./peering.ts";

/** An invite by whoever takes part for this folder: `shown`, or its daemon. Throws `NOT_UP`. */
export function peerInvite(layout: Layout, shown?: PeeringShown): { invite: string } {
  const invite = bestInvite((shown ?? requirePeersNow(layout)).invites);
  if (invite !== undefined) return { invite };
  throw new HoldfastError("NOT_UP", `what keeps ${layout.folder} listens at no address`, {
    hint: "Start it with `--listen`, such as `--listen /ip4/0.0.0.0/tcp/0`.",
  });
}
