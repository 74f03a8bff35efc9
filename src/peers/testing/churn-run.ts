// Many peers, of which some come and go all the time, half of them without a word, while all of them write. How long an entry has fewer
// copies than it is to have is looked at each second; at the end everybody is back, and everything has to be there.

import assert from "node:assert/strict";
import type { EntryId } from "../../entries/index.ts";
import { assertOnceEach } from "./random-run.ts";
import { type SimulatedPeer, Simulation } from "./simulated-peers.ts";

export interface ChurnOptions {
  readonly peers: number;
  /** Of them, those that come and go. */
  readonly restless: number;
  /** Of the ring, what each holds. */
  readonly share: number;
  readonly durationMs: number;
  readonly seed: number;
  readonly onMinute?: (minute: number, sample: ChurnSample) => void;
}

export interface ChurnSample {
  readonly atMs: number;
  readonly up: number;
  readonly entries: number;
  /** Entries of which one copy can be reached. */
  readonly single: number;
  /** Entries of which none can be reached: all that had them are away. */
  readonly unreachable: number;
}

export interface ChurnResult {
  readonly samples: readonly ChurnSample[];
  readonly entries: number;
  readonly stops: number;
  readonly kills: number;
  /** Joins and leaves told, by all to all. */
  readonly events: number;
  readonly frames: number;
  /** The longest that an entry had a single copy that could be reached, ms. */
  readonly longestSingleMs: number;
  /** The longest that none could be reached, ms: as long as all of its holders were away. */
  readonly longestUnreachableMs: number;
}

const REPLICAS = 2;
const LOOK_MS = 1_000;
const WRITE_MS = 2_000;
/** How long a restless peer is there, and away, ms: from the first to the second. */
const UP_MS = [60_000, 300_000] as const;
const AWAY_MS = [30_000, 180_000] as const;
/** Until what everybody has is even again, at the end. */
const SETTLE_MS = 120_000;

export async function churnRun(options: ChurnOptions): Promise<ChurnResult> {
  const { seed, durationMs, share } = options;
  const faults = { lost: 0.005, doubled: 0.005, reordered: true, delayMs: [5, 60] } as const;
  const simulation = new Simulation({ seed, faults, replicas: REPLICAS });
  const { time, random } = simulation;
  const peers = await simulation.start(options.peers, share);
  await time.pass(30_000);
  const written = new Set<EntryId>();
  const watch = new CopyWatch(peers, written);
  const underWay = new Set<Promise<void>>();
  let isOver = false;
  let [stops, kills] = [0, 0];

  const between = ([least, most]: readonly [number, number]): number => least + random() * (most - least);
  const track = (step: Promise<void>): void => {
    underWay.add(step);
    step.finally(() => underWay.delete(step));
  };
  const leave = async (peer: SimulatedPeer): Promise<void> => {
    if (isOver) return;
    if (random() < 0.5) {
      kills += 1;
      await peer.kill();
    } else {
      stops += 1;
      await peer.stop();
    }
    time.after(between(AWAY_MS), () => track(comeBack(peer)));
  };
  const comeBack = async (peer: SimulatedPeer): Promise<void> => {
    if (isOver) return;
    await peer.start(share);
    time.after(between(UP_MS), () => track(leave(peer)));
  };
  for (const peer of peers.slice(0, options.restless)) time.after(random() * UP_MS[1], () => track(leave(peer)));

  const samples: ChurnSample[] = [];
  for (let atMs = 0; atMs < durationMs; atMs += LOOK_MS) {
    if (atMs % WRITE_MS === 0) {
      const up = peers.filter(({ isUp }) => isUp);
      const writer = up[Math.floor(random() * up.length)] as SimulatedPeer;
      written.add(writer.append(`name ${written.size}`).id);
    }
    await time.pass(LOOK_MS);
    const sample = { atMs: atMs + LOOK_MS, up: peers.filter(({ isUp }) => isUp).length, ...watch.look(time.nowMs()) };
    samples.push(sample);
    if (sample.atMs % 60_000 === 0) options.onMinute?.(sample.atMs / 60_000, sample);
  }
  isOver = true;
  while (underWay.size > 0) await time.pass(1);
  for (const peer of peers) if (!peer.isUp) await peer.start(share);
  await time.pass(SETTLE_MS);
  watch.look(time.nowMs());
  assert.deepEqual(watch.below(REPLICAS), [], "each entry has its copies when everybody is back");
  for (const peer of peers) assertOnceEach(peer.events);
  const events = peers.reduce((sum, peer) => sum + peer.events.filter(isJoinOrLeave).length, 0);
  await simulation.stop();
  const { longestSingleMs, longestUnreachableMs } = watch;
  const { frames } = simulation.network.sent;
  return { samples, entries: written.size, stops, kills, events, frames, longestSingleMs, longestUnreachableMs };
}

function isJoinOrLeave(event: string): boolean {
  return event.startsWith("join ") || event.startsWith("leave ");
}

/** Counts the copies that can be reached, at each look, and for how long there were too few. */
class CopyWatch {
  longestSingleMs = 0;
  longestUnreachableMs = 0;
  private readonly peers: readonly SimulatedPeer[];
  private readonly written: ReadonlySet<EntryId>;
  private copies = new Map<EntryId, number>();
  private readonly singleSince = new Map<EntryId, number>();
  private readonly unreachableSince = new Map<EntryId, number>();

  constructor(peers: readonly SimulatedPeer[], written: ReadonlySet<EntryId>) {
    this.peers = peers;
    this.written = written;
  }

  look(nowMs: number): { entries: number; single: number; unreachable: number } {
    this.copies = new Map();
    for (const peer of this.peers) {
      if (!peer.isUp) continue;
      for (const id of peer.holdings.entries.keys()) this.copies.set(id, (this.copies.get(id) ?? 0) + 1);
    }
    for (const id of this.written) {
      const count = this.copies.get(id) ?? 0;
      this.longestSingleMs = Math.max(this.longestSingleMs, lasting(this.singleSince, id, count === 1, nowMs));
      this.longestUnreachableMs = Math.max(
        this.longestUnreachableMs,
        lasting(this.unreachableSince, id, count === 0, nowMs),
      );
    }
    return { entries: this.written.size, single: this.singleSince.size, unreachable: this.unreachableSince.size };
  }

  below(least: number): EntryId[] {
    return [...this.written].filter((id) => (this.copies.get(id) ?? 0) < least);
  }
}

/** For how long it is so by now. */
function lasting(since: Map<EntryId, number>, id: EntryId, isSo: boolean, nowMs: number): number {
  if (!isSo) {
    since.delete(id);
    return 0;
  }
  const startMs = since.get(id) ?? nowMs;
  since.set(id, startMs);
  return nowMs - startMs;
}
