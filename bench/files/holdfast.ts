// Holdfast: a folder with its own hub, and a second one that joined it.

import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { Pair, Peer } from "./pair.ts";
import { freePort, run, until } from "./programs.ts";

export const BIN = join(import.meta.dirname, "..", "..", "bin", "holdfast");

export interface Started {
  readonly pid: number;
  readonly url: string;
}
interface Status {
  readonly queue: number;
  readonly lag: number;
  readonly cursor: number;
  readonly hub: { readonly reachable: boolean } | null;
}

/** `holdfast ARGS --json`, parsed. */
export async function holdfast<T>(...args: string[]): Promise<T> {
  return JSON.parse(await run(BIN, [...args, "--json"])) as T;
}

export function up(folder: string, ...args: string[]): Promise<Started> {
  return holdfast<Started>("up", folder, "--detach", ...args);
}

export async function down(folder: string): Promise<void> {
  await holdfast("down", "-C", folder);
}

/** Waits until nothing is to be sent from `folders`, nothing to be taken in, and all know the same. */
export async function untilIdle(...folders: string[]): Promise<void> {
  const isIdle = async (): Promise<boolean> => {
    const all = await Promise.all(folders.map((folder) => holdfast<Status>("status", "-C", folder)));
    return (
      all.every(({ queue, lag, hub }) => queue === 0 && lag === 0 && hub?.reachable === true) &&
      new Set(all.map(({ cursor }) => cursor)).size === 1
    );
  };
  await until(`idle: ${folders.join(", ")}`, isIdle, { limitMs: 900_000, everyMs: 300 });
}

export const holdfastPeer: Peer = {
  name: "holdfast",
  isInstalled: () => true,
  async open(root) {
    const [from, to] = [join(root, "from"), join(root, "to")];
    mkdirSync(from, { recursive: true });
    await up(from, "--port", `${await freePort()}`);
    const { invite } = await holdfast<{ invite: string }>("invite", "-C", from);
    await holdfast("join", invite, to);
    await up(to);
    return pairOf(from, to);
  },
};

/** Two folders whose daemons are up. */
export async function pairOf(from: string, to: string): Promise<Pair> {
  const settle = (): Promise<void> => untilIdle(from, to);
  await settle();
  return {
    from,
    to,
    settle,
    async close() {
      await down(to);
      await down(from);
    },
  };
}
