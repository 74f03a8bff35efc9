// Holdfast's side: workspaces of the SDK, over TCP on loopback.

import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openWorkspace, type Workspace } from "../../src/index.ts";
import { ENTRY_BYTES, type PairFigures, type PairSizes, percentile } from "./pair-sizes.ts";

const HERE = { listen: ["/ip4/127.0.0.1/tcp/0"], isLocal: false };
const PATIENCE_MS = 60_000;

export async function measureHoldfast(sizes: PairSizes, say: (message: string) => void): Promise<PairFigures> {
  const root = mkdtempSync(join(tmpdir(), "holdfast-bench-peers-"));
  try {
    const { appends, ...pair } = await measurePair(join(root, "pair"), sizes);
    say(`holdfast: ${appends.toFixed(0)} appends a second, ${pair.sustained.toFixed(0)} to both`);
    const cold: number[] = [];
    for (const count of sizes.cold) {
      cold.push(await measureCold(join(root, `cold-${count}`), count));
      say(`holdfast: first sync of ${count}: ${cold.at(-1)?.toFixed(0)} a second`);
    }
    return { appends, ...pair, cold };
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
}

async function measurePair(root: string, sizes: PairSizes): Promise<Omit<PairFigures, "cold">> {
  await using a = await openWorkspace(join(root, "a"), { peers: HERE });
  const appends = await perSecond(sizes.appends, async () => {
    for (let index = 0; index < sizes.appends; index += 1) await put(a, `alone ${index}`);
  });
  await using b = await openWorkspace(join(root, "b"), { peers: { ...HERE, bootstrap: [inviteTo(a)] } });
  const seen = seenBy(b);
  await seen.count(sizes.appends);
  await a.waitForReplicator({ timeoutMs: PATIENCE_MS });
  const times: number[] = [];
  for (let index = 0; index < sizes.visible; index += 1) {
    const startedMs = performance.now();
    const { entry } = await a.append(`visible ${index}`, randomBytes(ENTRY_BYTES), { minAcks: 0 });
    times.push((await seen.entry(entry)) - startedMs);
  }
  const sustained = await perSecond(sizes.sustained, async () => {
    for (let index = 0; index < sizes.sustained; index += 1) await put(a, `both ${index}`);
    await seen.count(sizes.appends + sizes.visible + sizes.sustained);
  });
  return { appends, sustained, visibleMedianMs: percentile(times, 0.5), visibleP99Ms: percentile(times, 0.99) };
}

async function measureCold(root: string, count: number): Promise<number> {
  await using a = await openWorkspace(join(root, "a"), { peers: HERE });
  const puts: Promise<unknown>[] = [];
  for (let index = 0; index < count; index += 1) {
    puts.push(put(a, `entry ${index}`));
    if (puts.length === 64) await Promise.all(puts.splice(0));
  }
  await Promise.all(puts);
  await untilHeld(a, count);
  const startedMs = performance.now();
  await using b = await openWorkspace(join(root, "b"), { peers: { ...HERE, bootstrap: [inviteTo(a)] } });
  await seenBy(b).count(count);
  return (count / (performance.now() - startedMs)) * 1_000;
}

function put(workspace: Workspace, name: string): Promise<unknown> {
  return workspace.put(name, randomBytes(ENTRY_BYTES));
}

function inviteTo(workspace: Workspace): string {
  return workspace.peers().invites[0] as string;
}

/** What was put has been noticed, and is told of. */
async function untilHeld(workspace: Workspace, count: number): Promise<void> {
  while (workspace.peers().entries < count) await new Promise((resolve) => setTimeout(resolve, 5));
}

/** Entries that came to `workspace`, each with when. */
function seenBy(workspace: Workspace): { count(n: number): Promise<void>; entry(id: string): Promise<number> } {
  const times = new Map<string, number>();
  let wake = (): void => {};
  workspace.on("entry", ({ id }) => {
    times.set(id, performance.now());
    wake();
  });
  const until = async (isSo: () => boolean): Promise<void> => {
    while (!isSo()) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return {
    count: (n) => until(() => times.size >= n),
    entry: async (id) => {
      await until(() => times.has(id));
      return times.get(id) as number;
    },
  };
}

async function perSecond(count: number, work: () => Promise<void>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return (count / (performance.now() - startedMs)) * 1_000;
}
