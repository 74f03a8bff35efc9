// How much is measured, and where.

import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import type { Peer } from "./pair.ts";

export interface Settings {
  readonly isQuick: boolean;
  readonly withPeers: boolean;
  /** A folder of this run; everything made is below it. */
  readonly root: string;
  /** Tells how far it is. */
  readonly say: (message: string) => void;
}

/**
 * Runs `body` with a new folder. It stays until the whole run is over: ext4 does not give the number of a removed file again
 * for minutes and passes over it at each new one, so that removing one measurement's files would slow down the next.
 */
export async function inFolder<T>({ root }: Settings, body: (dir: string) => Promise<T>): Promise<T> {
  return body(mkdtempSync(join(root, "part-")));
}

/** Why a peer is not measured; undefined when it is. */
export function whyNot(peer: Peer, { withPeers }: Settings): string | undefined {
  if (!withPeers) return "left out";
  return peer.isInstalled() ? undefined : "not installed";
}
