// How much is measured, and where.

import { mkdtempSync, rmSync } from "node:fs";
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

/** Runs `body` with a new folder, which is gone after it. */
export async function inFolder<T>({ root }: Settings, body: (dir: string) => Promise<T>): Promise<T> {
  const dir = mkdtempSync(join(root, "part-"));
  try {
    return await body(dir);
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

/** Why a peer is not measured; undefined when it is. */
export function whyNot(peer: Peer, { withPeers }: Settings): string | undefined {
  if (!withPeers) return "left out";
  return peer.isInstalled() ? undefined : "not installed";
}
