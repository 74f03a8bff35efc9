import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Adaptation } from "./adaptation.ts";
import { nextShare } from "./adaptive-share.ts";
import { shareOf } from "./segments.ts";
import { type SimulatedPeer, Simulation } from "./testing/simulated-peers.ts";

/** Peers that adapt to each other, one after the other, until none moves. Returns the rounds that it took. */
function settle(shares: number[]): number {
  for (let round = 1; round <= 500; round += 1) {
    let hasMoved = false;
    for (const [index, share] of shares.entries()) {
      const covered = shares.reduce((sum, one) => sum + one, 0);
      const next = nextShare({ share, replicators: shares.length, covered });
      hasMoved ||= next !== share;
      shares[index] = next;
    }
    if (!hasMoved) return round;
  }
  return Number.POSITIVE_INFINITY;
}

test("adaptive peers come to rest, with the ring covered and about as much each, wherever they began", () => {
  fc.assert(
    fc.property(fc.array(fc.double({ min: 0.001, max: 1, noNaN: true }), { minLength: 1, maxLength: 40 }), (start) => {
      const shares = [...start];
      assert.ok(settle(shares) < 500);
      const covered = shares.reduce((sum, one) => sum + one, 0);
      assert.ok(covered > 0.9 && covered < 1.1, `${covered}`);
      for (const share of shares) assert.ok(Math.abs(share - 1 / shares.length) < 0.5 / shares.length);
    }),
  );
});

test("who is limited holds what its limit allows, and the others the rest", () => {
  const limit = fc.double({ min: 0.02, max: 1, noNaN: true });
  fc.assert(
    fc.property(fc.array(limit, { minLength: 2, maxLength: 20 }), (most) => {
      const shares = most.map(() => 1);
      for (let round = 0; round < 2_000; round += 1) {
        for (const [index, share] of shares.entries()) {
          const covered = shares.reduce((sum, one) => sum + one, 0);
          const limits = [{ used: share, most: most[index] as number }];
          shares[index] = nextShare({ share, replicators: shares.length, covered, limits });
        }
      }
      for (const [index, share] of shares.entries()) assert.ok(share <= (most[index] as number) * 1.01, `${share}`);
      const possible = most.reduce((sum, one) => sum + one * 0.95, 0);
      const covered = shares.reduce((sum, one) => sum + one, 0);
      assert.ok(covered > 0.85 * Math.min(1, possible), `${covered} of ${possible}: ${shares}`);
    }),
  );
});

test("an adaptive peer with little room stays below it, and every entry is on two", async () => {
  const simulation = new Simulation();
  const peers = await simulation.start(4, 0);
  const small = peers[3] as SimulatedPeer;
  peers[0]?.appendMany(
    Array.from({ length: 400 }, (_, index) => `entry ${index}`),
    "some text that takes room".repeat(40),
  );
  const whole = (peers[0] as SimulatedPeer).log.status().bytes;
  assert.ok(whole > 400_000);
  const limits = { storageBytes: whole / 10 };
  const { time, random } = simulation;
  // At equal distances: who stands next above a part of the ring that nobody covers helps out there, whatever its limit.
  const adapting = peers.map((peer, index) => {
    const start = BigInt(index) << 62n;
    return new Adaptation({ log: peer.log, start, time, random, ...(peer === small ? { limits } : {}) });
  });
  await time.pass(600_000);
  assert.ok(small.log.status().bytes <= limits.storageBytes * 1.1, `${small.log.status().bytes / whole}`);
  assert.ok(small.log.status().bytes > limits.storageBytes * 0.3, `${small.log.status().bytes / whole}`);
  for (const id of peers[0]?.ids ?? []) {
    assert.ok(peers.filter(({ holdings }) => holdings.has(id as never)).length >= 2);
  }
  for (const adaptation of adapting) adaptation.close();
  await simulation.stop();
});

test("what nobody else can hold stays, whatever the limit, and that is told once", async () => {
  const simulation = new Simulation();
  const peers = (await simulation.start(2, 0)) as [SimulatedPeer, SimulatedPeer];
  const { time, random } = simulation;
  peers[0].appendMany(
    Array.from({ length: 200 }, (_, index) => `entry ${index}`),
    "text".repeat(500),
  );
  const notices: string[] = [];
  const limits = { storageBytes: peers[0].log.status().bytes / 5 };
  const adapting = peers.map(
    (peer, index) =>
      new Adaptation({
        ...{ log: peer.log, start: peer.place, time, random, onNotice: (message) => notices.push(message) },
        ...(index === 1 ? { limits } : {}),
      }),
  );
  await time.pass(900_000);
  const small = peers[1];
  assert.equal(small.ids.length, 200, "two copies go before the limit");
  const share = shareOf(small.log.segments.filter(({ owner }) => owner === small.id));
  assert.ok(share > 0.01, `it still holds its part of the ring: ${share}`);
  assert.equal(notices.length, 1);
  assert.match(notices[0] ?? "", /nobody else can hold them/);
  for (const adaptation of adapting) adaptation.close();
  await simulation.stop();
});

test("an adaptive peer that is to use little of a processor holds less while it is busy", async () => {
  const simulation = new Simulation();
  const peers = await simulation.start(3, 0);
  const { time, random } = simulation;
  let load = 0.5;
  const adapting = peers.map(
    (peer, index) =>
      new Adaptation({
        ...{ log: peer.log, start: peer.place, time, random },
        ...(index === 2 ? { limits: { load: 0.1 }, load: () => load } : {}),
      }),
  );
  const busy = peers[2] as SimulatedPeer;
  const share = (): number => shareOf(busy.log.segments.filter(({ owner }) => owner === busy.id));
  await time.pass(300_000);
  assert.ok(share() < 0.05, `${share()}`);
  load = 0.01;
  await time.pass(600_000);
  assert.ok(share() > 0.15, `${share()}`);
  for (const adaptation of adapting) adaptation.close();
  await simulation.stop();
});

test("PEER-21 adaptive peers divide the work among them, take over from who leaves, and every entry stays on two", async () => {
  const simulation = new Simulation();
  const peers = await simulation.start(6, 0);
  // At equal distances: where keys fall close together, one of them may have to help out with half of the ring.
  const adapting = peers.map((peer, index) => {
    const { time, random } = simulation;
    return new Adaptation({ log: peer.log, start: (BigInt(index) << 64n) / 6n, time, random });
  });
  await simulation.time.pass(300_000);
  const shares = (): number[] =>
    peers.filter(({ isUp }) => isUp).map(({ id, log }) => shareOf(log.segments.filter(({ owner }) => owner === id)));
  for (const share of shares()) assert.ok(share > 0.1 && share < 0.25, `${shares()}`);
  peers[0]?.appendMany(Array.from({ length: 300 }, (_, index) => `entry ${index}`));
  await simulation.time.pass(60_000);
  adapting[5]?.close();
  await peers[5]?.kill();
  await simulation.time.pass(300_000);
  for (const share of shares()) assert.ok(share > 0.13 && share < 0.3, `${shares()}`);
  const up = peers.slice(0, 5);
  for (const id of peers[0]?.ids ?? []) {
    assert.ok(up.filter(({ holdings }) => holdings.has(id as never)).length >= 2);
  }
  const held = up.map(({ ids }) => ids.length);
  assert.ok(
    held.slice(1).every((count) => count < 250),
    `nobody but the author holds everything: ${held}`,
  );
  for (const adaptation of adapting) adaptation.close();
  await simulation.stop();
});
