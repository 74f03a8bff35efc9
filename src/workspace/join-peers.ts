// Joining without a hub: a folder becomes a copy of what a peer takes part in.

import { HoldfastError, shellWord, toHoldfastError } from "../errors.ts";
import { parsePeerInvite } from "../peers/workspace-key.ts";
import { initWorkspaceRecord, refuseNoFolder } from "../store/index.ts";
import { startDaemon } from "./daemon.ts";

/** How long a peer is tried to be reached, ms. */
const REACH_MS = 30_000;

export interface JoinedPeers {
  readonly folder: string;
  readonly workspace: string;
  readonly name: string;
  /** Their keys. */
  readonly peers: readonly string[];
}

/** Makes `folder` a copy of the workspace of an invite: takes part until it has all that the peers that are there have, and tells what
 *  stands in the way of that. Throws `PEER_UNREACHABLE`, `BAD_INVITE`, `BAD_ADDRESS`, `NESTED_WORKSPACE`, `ALREADY_UP`, `NOT_A_FOLDER`. */
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
