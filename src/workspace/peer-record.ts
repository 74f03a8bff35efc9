// What a running daemon says of its peers, for the other commands: `.holdfast/peers.json`. Written when it changes; a file that a
// daemon left behind which runs no longer fools nobody.

import { readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { HoldfastError, shellWord } from "../errors.ts";
import { type Layout, replaceFile } from "../store/index.ts";
import { runningDaemon } from "./daemon-record.ts";
import type { PeeringShown } from "./peering.ts";

interface PeerRecord extends PeeringShown {
  readonly pid: number;
}

/** How often it is looked whether something has changed, ms. */
const EVERY_MS = 200;

/** Keeps the file in step with `shown`. Returns what ends it. */
export function keepPeerRecord(layout: Layout, shown: () => PeeringShown): () => void {
  let written = "";
  const write = (): void => {
    const text = `${JSON.stringify({ pid: process.pid, ...shown() } satisfies PeerRecord, null, 2)}\n`;
    if (text === written) return;
    try {
      // It has the workspace's key in its invites.
      replaceFile(recordFile(layout), text, { durable: false, mode: 0o600 });
      written = text;
    } catch {
      // A full disk, or a folder that is gone: what is shown then is old.
    }
  };
  write();
  const timer = setInterval(write, EVERY_MS);
  timer.unref();
  return () => {
    clearInterval(timer);
    rmSync(recordFile(layout), { force: true });
  };
}

/** What the daemon that keeps this folder says; undefined when none does, or without peers. */
export function peersNow(layout: Layout): PeeringShown | undefined {
  const running = runningDaemon(layout);
  if (running === undefined) return undefined;
  let record: PeerRecord;
  try {
    record = JSON.parse(readFileSync(recordFile(layout), "utf8")) as PeerRecord;
  } catch {
    return undefined; // not among peers, or not yet
  }
  if (record.pid !== running.owner.pid) return undefined;
  const { pid: _pid, ...shown } = record;
  return shown;
}

/** As `peersNow`. Throws `NOT_UP` when there is nobody to ask. */
export function requirePeersNow(layout: Layout): PeeringShown {
  const shown = peersNow(layout);
  if (shown !== undefined) return shown;
  throw new HoldfastError("NOT_UP", `${layout.folder} does not take part among peers now`, {
    hint: `Start it with \`holdfast up ${shellWord(layout.folder)} --peer\`.`,
    details: { folder: layout.folder },
  });
}

function recordFile(layout: Layout): string {
  return join(layout.root, "peers.json");
}
