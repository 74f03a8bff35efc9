// A run of some peers as a seed has it: writes, deletes, kills, stops, partitions, segments that move, and a network that loses, doubles, delays and
// reorders. Then all of that ends, and what must hold is looked at. What must hold whenever all say that they have converged is looked
// at all the time. Keys, and with them places on the ring, follow from the seed, so a run can be made again.

import assert from "node:assert/strict";
import type { Entry, EntryId } from "../../entries/index.ts";
import { isPlainDelete } from "../held-entries.ts";
import { randomFrom, type SimulatedPeer, Simulation } from "./simulated-peers.ts";

export interface RandomRunOptions {
  readonly seed: number;
  /** Every peer holds everything. Else each its own share, or nothing. */
  readonly isWhole?: boolean;
}

const STEPS = 24;
const SHARES = [0, 0.2, 0.3, 0.5, 1, 1] as const;
const REPLICAS = 2;
/** Simulated time between two looks at what must hold all the time, ms. */
const LOOK_MS = 250;

/** Throws with the seed when something does not hold. */
export async function randomRun({ seed, isWhole = false }: RandomRunOptions): Promise<void> {
  const random = randomFrom(seed * 7_919 + 1);
  const delayMs = [1, 1 + 500 * random()] as const;
  const faults = { lost: 0.2 * random(), doubled: 0.2 * random(), reordered: true, delayMs };
  const simulation = new Simulation({ seed, faults, replicas: REPLICAS });
  const shares = new Map<SimulatedPeer, number>();
  const count = 2 + Math.floor(random() * (isWhole ? 3 : 5));
  for (let index = 0; index < count; index += 1) {
    const peer = simulation.peer();
    shares.set(peer, isWhole ? 1 : (SHARES[Math.floor(random() * SHARES.length)] as number));
    await peer.start(shares.get(peer));
  }
  const written: Entry[] = [];
  const deleted = new Set<string>();
  for (let step = 0; step < STEPS; step += 1) await oneStep();
  simulation.network.part();
  for (const peer of simulation.peers) if (!peer.isUp) await peer.start(shares.get(peer));
  await passLooking(30_000);
  await simulation.converge();
  sayItOnlyWhenSo(simulation, seed);
  // Whoever has come to lead something has had time to get it, and what others hold was let go.
  simulation.network.faults = {};
  await passLooking(90_000);
  await simulation.converge();
  try {
    holds(simulation, written, deleted, shares);
  } catch (error) {
    throw new Error(`seed ${seed}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
  await simulation.stop();

  async function oneStep(): Promise<void> {
    const peer = simulation.peers[Math.floor(random() * count)] as SimulatedPeer;
    const what = random();
    if (what < 0.45 && peer.isUp) {
      const parents = peer.heads.slice(0, 2) as EntryId[];
      written.push(peer.append(`name ${Math.floor(random() * 8)}`, `text ${random()}`, random() < 0.7 ? parents : []));
    } else if (what < 0.6 && peer.isUp) {
      const mine = [...peer.holdings.entries.values()].filter((entry) => !isPlainDelete(entry));
      const victim = mine[Math.floor(random() * mine.length)];
      if (victim !== undefined) {
        written.push(peer.deleteVersions([victim]));
        deleted.add(victim.id);
      }
    } else if (what < 0.68 && peer.isUp) await peer.kill();
    else if (what < 0.72 && peer.isUp) await peer.stop();
    else if (what < 0.82 && !peer.isUp) await peer.start(shares.get(peer));
    else if (what < 0.86 && peer.isUp && !isWhole) {
      const share = 0.2 + 0.6 * random();
      shares.set(peer, share);
      peer.stopReplicating();
      peer.log.replicate(peer.place, share);
    } else if (what < 0.91) {
      const ids = simulation.peers.map(({ id }) => id);
      simulation.network.part(ids.slice(0, 1), ids.slice(1));
    } else if (what < 0.96) simulation.network.part();
    await passLooking(random() * 3_000);
  }

  async function passLooking(ms: number): Promise<void> {
    for (let left = ms; left > 0; left -= LOOK_MS) {
      await simulation.time.pass(Math.min(left, LOOK_MS));
      sayItOnlyWhenSo(simulation, seed);
    }
  }
}

/** PEER-30: when all that are up see each other and say that they have converged, whatever any of them holds is held by each of its
 *  leaders, whoever's view of the ring one takes. */
function sayItOnlyWhenSo({ peers }: Simulation, seed: number): void {
  const up = peers.filter(({ isUp }) => isUp);
  const sayIt = up.every(({ id, log }) => {
    const { converged, peers: seen } = log.status();
    const others = new Set(seen.map(({ peer }) => peer));
    return converged && others.size === up.length - 1 && up.every((other) => other.id === id || others.has(other.id));
  });
  if (!sayIt) return;
  const byId = new Map(peers.map((peer) => [peer.id, peer]));
  const entries = new Map(up.flatMap((peer) => [...peer.holdings.entries]));
  // A delete that is not told yet is known to nobody else.
  const deletes = peers.flatMap((peer) => [...peer.holdings.entries.values()].filter(isPlainDelete));
  for (const { parents } of deletes) for (const parent of parents) entries.delete(parent);
  for (const entry of entries.values()) {
    for (const viewer of up) {
      for (const leader of viewer.log.leadersOf(entry)) {
        if (byId.get(leader)?.holdings.has(entry.id) === true) continue;
        assert.fail(`seed ${seed}: all say that they have converged, and the leader ${leader} has not got ${entry.id}`);
      }
    }
  }
}

function holds(
  simulation: Simulation,
  written: readonly Entry[],
  deleted: ReadonlySet<string>,
  shares: ReadonlyMap<SimulatedPeer, number>,
): void {
  const { peers } = simulation;
  const replicators = peers.filter((peer) => (shares.get(peer) ?? 0) > 0).length;
  for (const entry of written) {
    const holders = peers.filter((peer) => peer.holdings.has(entry.id));
    if (deleted.has(entry.id)) {
      assert.equal(holders.length, 0, `${entry.id} was deleted, and is there`);
      continue;
    }
    assert.ok(holders.length >= Math.min(REPLICAS, replicators), `${entry.id} is on ${holders.length} peers`);
    for (const [peer, share] of shares)
      if (share === 1) assert.ok(peer.holdings.has(entry.id), `${entry.id} is everywhere`);
  }
  for (const peer of peers) {
    assert.equal(peer.log.status().entries, peer.ids.length, "what is told of is what is there");
    assertOnceEach(peer.events);
  }
}

/** Join and leave of one peer take turns, between two starts of who tells them. */
export function assertOnceEach(events: readonly string[]): void {
  const there = new Set<string>();
  for (const event of events) {
    const [what, who = ""] = event.split(" ");
    if (what === "up") there.clear();
    if (what === "join") assert.ok(!there.has(who), `${who} joins twice: ${events.join(", ")}`);
    if (what === "leave") assert.ok(there.has(who), `${who} leaves and was not there: ${events.join(", ")}`);
    if (what === "join") there.add(who);
    if (what === "leave") there.delete(who);
  }
}
