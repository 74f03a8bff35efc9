// Holdfast's side: workspaces of the SDK, over TCP on loopback.

import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openWorkspace, type Workspace } from "../../src/index.ts";
import { ENTRY_BYTES, type PairFigures, type PairSizes, percentile } from "./pair-sizes.ts";

const HERE = { listen: ["/ip4/127.0.0.1/tcp/0"], mdns: false };
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

/** Appends a second with nobody else there: one at a time, and a hundred at once. */
export async function measureAppends(
  workspace: Workspace,
  count: number,
): Promise<{ readonly one: number; readonly hundred: number }> {
  const one = await perSecond(count, async () => {
    for (let index = 0; index < count; index += 1) await put(workspace, `alone ${index}`);
  });
  return { one, hundred: await perSecond(count, () => putByHundreds(workspace, "at once", count)) };
}

async function measurePair(root: string, sizes: PairSizes): Promise<Omit<PairFigures, "cold">> {
  await using a = await openWorkspace(join(root, "a"), { peers: HERE });
  const { one: appends, hundred: appendsOfHundred } = await measureAppends(a, sizes.appends);
  await using b = await openWorkspace(join(root, "b"), { peers: { ...HERE, bootstrap: [inviteTo(a)] } });
  const seen = seenBy(b);
  await seen.count(2 * sizes.appends);
  await a.waitForReplicator({ timeoutMs: PATIENCE_MS });
  const times: number[] = [];
  for (let index = 0; index < sizes.visible; index += 1) {
    const startedMs = performance.now();
    const { entry } = await a.append(`visible ${index}`, randomBytes(ENTRY_BYTES), { minAcks: 0 });
    times.push((await seen.entry(entry)) - startedMs);
  }
  const sustained = await perSecond(sizes.sustained, async () => {
    for (let index = 0; index < sizes.sustained; index += 1) await put(a, `both ${index}`);
    await seen.count(2 * sizes.appends + sizes.visible + sizes.sustained);
  });
  const sustainedOfHundred = await perSecond(sizes.sustained, async () => {
    await putByHundreds(a, "both at once", sizes.sustained);
    await seen.count(2 * sizes.appends + sizes.visible + 2 * sizes.sustained);
  });
  const rates = { appends, appendsOfHundred, sustained, sustainedOfHundred };
  return { ...rates, visibleMedianMs: percentile(times, 0.5), visibleP99Ms: percentile(times, 0.99) };
}

/** A workspace of so many entries. */
export async function makeEntries(folder: string, count: number): Promise<void> {
  await using workspace = await openWorkspace(folder);
  await putByHundreds(workspace, "entry", count);
}

export interface Cold {
  readonly perSecond: number;
  /** Of this process, with both nodes in it, at the most. */
  readonly peakMiB: number;
}

/** How fast a new node gets what is in `folder`, which has `count` entries. */
export async function measureFirstSync(folder: string, newFolder: string, count: number): Promise<Cold> {
  await using a = await openWorkspace(folder, { peers: HERE });
  await untilHeld(a, count);
  let peakBytes = 0;
  const sampling = setInterval(() => {
    peakBytes = Math.max(peakBytes, process.memoryUsage.rss());
  }, 50);
  try {
    const startedMs = performance.now();
    await using b = await openWorkspace(newFolder, { peers: { ...HERE, bootstrap: [inviteTo(a)] } });
    await received(b, count);
    return { perSecond: (count / (performance.now() - startedMs)) * 1_000, peakMiB: Math.round(peakBytes / 2 ** 20) };
  } finally {
    clearInterval(sampling);
  }
}

/** Entries a second that a new node gets, right after they were made. */
async function measureCold(root: string, count: number): Promise<number> {
  await using a = await openWorkspace(join(root, "a"), { peers: HERE });
  await putByHundreds(a, "entry", count);
  await untilHeld(a, count);
  const startedMs = performance.now();
  await using b = await openWorkspace(join(root, "b"), { peers: { ...HERE, bootstrap: [inviteTo(a)] } });
  await seenBy(b).count(count);
  return (count / (performance.now() - startedMs)) * 1_000;
}

async function putByHundreds(workspace: Workspace, name: string, count: number): Promise<void> {
  for (let index = 0; index < count; index += 100) {
    await Promise.all(Array.from({ length: 100 }, (_, at) => put(workspace, `${name} ${index + at}`)));
  }
}

/** Entries a second until both of two nodes have them. */
export async function measurePairSustained(count: number): Promise<{ readonly one: number; readonly hundred: number }> {
  const root = mkdtempSync(join(tmpdir(), "holdfast-bench-sustained-"));
  const { sustained, sustainedOfHundred } = await measurePair(root, {
    appends: 100,
    visible: 1,
    sustained: count,
    cold: [],
  });
  return { one: sustained, hundred: sustainedOfHundred ?? Number.NaN };
}

/** Eight nodes that hold everything: entries a second until all have them, put one by one. */
export async function measureEight(count: number): Promise<number> {
  const root = mkdtempSync(join(tmpdir(), "holdfast-bench-eight-"));
  await using nodes = new AsyncDisposableStack();
  const first = nodes.use(await openWorkspace(join(root, "0"), { peers: HERE }));
  const others: Workspace[] = [];
  for (let index = 1; index < 8; index += 1) {
    others.push(
      nodes.use(await openWorkspace(join(root, `${index}`), { peers: { ...HERE, bootstrap: [inviteTo(first)] } })),
    );
  }
  const all = [first, ...others];
  while (!all.every((one) => one.peers().peers.length === 7 && one.peers().converged)) await passMs(20);
  const seen = others.map(seenBy);
  // Awaited here: they are closed when this returns.
  return await perSecond(count, async () => {
    for (let index = 0; index < count; index += 1) await put(first, `eight ${index}`);
    await Promise.all(seen.map((one) => one.count(count)));
  });
}

function passMs(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function put(workspace: Workspace, name: string): Promise<unknown> {
  return workspace.put(name, randomBytes(ENTRY_BYTES));
}

function inviteTo(workspace: Workspace): string {
  return workspace.peers().invites[0] as string;
}

/** What was put has been noticed, and is told of. */
async function untilHeld(workspace: Workspace, count: number): Promise<void> {
  while (workspace.peers().entries < count) await passMs(5);
}

/** So many entries of others have come. Nothing of them is kept. */
function received(workspace: Workspace, count: number): Promise<void> {
  let seen = 0;
  return new Promise((resolve) => {
    workspace.on("entry", () => {
      seen += 1;
      if (seen === count) resolve();
    });
  });
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
