// Invites of peers: an address of a peer, and behind the `#` the workspace's key. Whoever joins by one needs no hub.

import { HoldfastError, shellWord, toHoldfastError } from "../errors.ts";
import { bestInvite, parsePeerInvite } from "../peers/workspace-key.ts";
import { initWorkspaceRecord, type Layout, refuseNoFolder } from "../store/index.ts";
import { startDaemon } from "./daemon.ts";
import { requirePeersNow } from "./peer-record.ts";
import type { PeeringShown } from "./peering.ts";

/** How long a peer is tried to be reached, ms. */
const REACH_MS = 30_000;

export interface JoinedPeers {
  readonly folder: string;
  readonly workspace: string;
  readonly name: string;
  /** Their keys. */
  readonly peers: readonly string[];
}

/** An invite by whoever takes part for this folder: `shown`, or its daemon. Throws `NOT_UP`. */
export function peerInvite(layout: Layout, shown?: PeeringShown): { invite: string } {
  const invite = bestInvite((shown ?? requirePeersNow(layout)).invites);
  if (invite !== undefined) return { invite };
  throw new HoldfastError("NOT_UP", `what keeps ${layout.folder} listens at no address`, {
    hint: "Start it with `--listen`, such as `--listen /ip4/0.0.0.0/tcp/0`.",
  });
}

/** True for what `peerInvite` gives: an address and a key. Throws `BAD_INVITE` for an address whose key is damaged. */
export function isPeerInvite(text: string): boolean {
  return text.trim().startsWith("/") && parsePeerInvite(text).workspace !== undefined;
}

/** Makes `folder` a copy of the workspace of an invite: takes part until it has all that the peers that are there have, and tells what
 *  stands in the way of that. Throws
 *  `PEER_UNREACHABLE`, `BAD_INVITE`, `BAD_ADDRESS`, `NESTED_WORKSPACE`, `ALREADY_UP`, `NOT_A_FOLDER`. */
export async function joinPeers(
  folder: string,
  invite: string,
  { signal, onNotice = () => {} }: { signal?: AbortSignal | undefined; onNotice?: (message: string) => void } = {},
): Promise<JoinedPeers> {
  const { workspace } = parsePeerInvite(invite);
  refuseNoFolder(folder);
  const { record } = initWorkspaceRecord(folder, workspace === undefined ? {} : { id: workspace.id });
  let last = "";
  // What is tried again and again fails with the same words.
  const tell = (message: string): void => {
    if (message !== last) onNotice(message);
    last = message;
  };
  const daemon = await startDaemon(folder, {
    port: 0,
    peers: { bootstrap: [invite] },
    onEvent: (event) => {
      if (event.kind === "notice") tell(event.message);
    },
    onError: (error) => tell(toHoldfastError(error).message),
    ...(signal === undefined ? {} : { signal }),
  });
  try {
    const peers = await Promise.race([daemon.caughtUp(REACH_MS), daemon.lost]);
    if (peers.length > 0) return { folder, workspace: record.id, name: record.name, peers };
  } finally {
    await daemon.stop();
  }
  throw new HoldfastError("PEER_UNREACHABLE", `no peer answered within ${REACH_MS / 1_000} s`, {
    hint: `${folder} belongs to the workspace from now on. It goes on trying with \`holdfast up ${shellWord(folder)} --bootstrap INVITE\`.`,
    details: { folder },
  });
}
