// Who holds what, and what is told of it: announcements of scripted peers, in every order that matters.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { HoldfastError } from "../errors.ts";
import { RowsInMemory } from "./replicator-rows.ts";
import { type Announcement, Replicators } from "./replicators.ts";
import { MAX_SEGMENTS } from "./segments.ts";
import { ScriptedPeer } from "./testing/scripted-peer.ts";
import { type SimulatedPeer, Simulation, type SimulationOptions } from "./testing/simulated-peers.ts";
import { SimulatedTime } from "./testing/simulated-time.ts";

const SHORT_MS = 100;

interface Scene {
  readonly simulation: Simulation;
  readonly a: SimulatedPeer;
  readonly other: ScriptedPeer;
  /** What A has told of others since the last call, without `mature`. */
  told(): string[];
  pass(ms?: number): Promise<void>;
}

/** A, which holds everything, and a peer of the test's own, subscribed. */
async function scene(options: SimulationOptions = {}): Promise<Scene> {
  const simulation = new Simulation(options);
  const [a] = (await simulation.start(1)) as [SimulatedPeer];
  const other = new ScriptedPeer(simulation);
  await other.start();
  await simulation.time.pass(SHORT_MS);
  other.subscribe(a);
  await simulation.time.pass(SHORT_MS);
  a.events.length = 0;
  return {
    simulation,
    a,
    other,
    told: () =>
      a.events
        .splice(0)
        .filter((event) => !event.startsWith("mature"))
        .map((event) => event.split(" ")[0] ?? ""),
    pass: (ms = SHORT_MS) => simulation.time.pass(ms),
  };
}

test("PEER-01 a full announcement and the answer to a request, arriving together, are one join", async () => {
  const { a, other, told, pass } = await scene();
  other.announce(a, 1, [other.segment(1)]);
  other.announce(a, 1, [other.segment(1)]);
  await pass();
  assert.deepEqual(told(), ["join"]);
  assert.deepEqual(a.log.replicatorPeers, [other.id]);
});

test("PEER-02 a different full announcement is a change, an identical one is nothing", async () => {
  const { a, other, told, pass } = await scene();
  other.announce(a, 1, [other.segment(1)]);
  await pass();
  assert.deepEqual(told(), ["join"]);
  other.announce(a, 2, [other.segment(1)]);
  await pass();
  assert.deepEqual(told(), []);
  other.announce(a, 3, [other.segment(1, { span: 99n })]);
  await pass();
  assert.deepEqual(told(), ["change"]);
  other.announce(a, 4, [other.segment(1, { span: 99n }), other.segment(2)]);
  await pass();
  assert.deepEqual(told(), ["change"]);
});

test("PEER-03 an older announcement is ignored, also when it comes last", async () => {
  const { a, other, told, pass } = await scene();
  other.announce(a, 3, [other.segment(3)]);
  other.announce(a, 2, [other.segment(2)]);
  other.announce(a, 1, []);
  await pass();
  assert.deepEqual(told(), ["join"]);
  const held = a.log.segments.filter(({ owner }) => owner === other.id);
  assert.deepEqual(
    held.map(({ id }) => id),
    [other.segment(3).id],
  );
});

test("PEER-03 whatever the order in which announcements arrive, the newest that was built on all before it stands", () => {
  const peer = "aa".repeat(32);
  const segment = (number: number) => ({
    id: number.toString(16).padStart(32, "0"),
    owner: peer,
    start: 0n,
    span: BigInt(number),
    ageMs: 0,
  });
  const sent: Announcement[] = [1, 2, 3, 4, 5].map((n) => ({ session: 1, n, kind: "full", segments: [segment(n)] }));
  fc.assert(
    fc.property(fc.shuffledSubarray(sent, { minLength: 1 }), (arriving) => {
      const events: string[] = [];
      const replicators = new Replicators({
        time: new SimulatedTime(),
        rows: new RowsInMemory(),
        roleAgeMs: 1,
        sessionOf: () => 1,
        events: {
          onJoin: () => events.push("join"),
          onLeave: () => events.push("leave"),
          onChange: () => events.push("change"),
          onMature: () => {},
          onTable: () => {},
          onError: () => {},
        },
      });
      for (const announcement of arriving) replicators.receive(peer, announcement);
      const newest = Math.max(...arriving.map(({ n }) => n));
      assert.deepEqual(
        replicators.segmentsOf(peer).map(({ span }) => span),
        [BigInt(newest)],
      );
      assert.equal(events.filter((event) => event === "join").length, 1);
      replicators.close();
    }),
  );
});

test("PEER-04 an announcement that cannot be written down does not hold up the next; other peers do not wait", async () => {
  const { simulation, a, other, told, pass } = await scene();
  const third = new ScriptedPeer(simulation);
  await third.start();
  third.subscribe(a);
  await pass();
  const put = a.rows.put.bind(a.rows);
  a.rows.put = (row) => {
    if (row.peer === other.id && row.n === 1) throw new HoldfastError("DISK_FULL", "no room");
    put(row);
  };
  other.announce(a, 1, [other.segment(1)]);
  third.announce(a, 1, [third.segment(1)]);
  other.announce(a, 2, [other.segment(1), other.segment(2)]);
  await pass();
  assert.deepEqual(told(), ["join", "join"]);
  assert.deepEqual(
    a.errors.map(({ code }) => code),
    ["DISK_FULL"],
  );
  assert.deepEqual([...a.log.replicatorPeers].sort(), [other.id, third.id].sort());
});

test("PEER-05 an empty full announcement is one leave; an added that brings nothing new evicts nobody", async () => {
  const { a, other, told, pass } = await scene();
  other.announce(a, 1, [other.segment(1)]);
  other.announce(a, 2, [other.segment(1)], { kind: "added" });
  await pass();
  assert.deepEqual(told(), ["join"]);
  other.announce(a, 3, []);
  other.announce(a, 4, []);
  await pass();
  assert.deepEqual(told(), ["leave"]);
});

test("PEER-06 unsubscribe and empty announcement at once are one leave; a rejoin is a second join", async () => {
  const { a, other, told, pass } = await scene();
  other.announce(a, 1, [other.segment(1)]);
  await pass();
  other.announce(a, 2, []);
  other.unsubscribe(a);
  await pass();
  assert.deepEqual(told(), ["join", "leave"]);
  other.subscribe(a, 2);
  other.announce(a, 1, [other.segment(1)]);
  await pass();
  assert.deepEqual(told(), ["join"]);
  other.unsubscribe(a);
  other.announce(a, 2, []);
  await pass();
  assert.deepEqual(told(), ["leave"]);
});

test("PEER-07 what is said after an unsubscribe and before the next subscribe is ignored; a stale leave is, too", async () => {
  const { a, other, told, pass } = await scene();
  other.announce(a, 1, [other.segment(1)]);
  other.unsubscribe(a);
  other.announce(a, 2, [other.segment(2)]);
  await pass();
  assert.deepEqual(told(), ["join", "leave"]);
  assert.deepEqual(a.log.replicatorPeers, []);
  other.subscribe(a, 5);
  other.announce(a, 1, [other.segment(1)]);
  // Of the subscription before, told late.
  other.unsubscribe(a, 1);
  other.announce(a, 9, [], { session: 1 });
  await pass();
  assert.deepEqual(told(), ["join"]);
  assert.deepEqual(a.log.replicatorPeers, [other.id]);
});

test("PEER-03 PEER-08 an added on top of what got lost is asked for as a whole", async () => {
  const { a, other, told, pass } = await scene();
  other.announce(a, 1, [other.segment(1)]);
  other.announce(a, 3, [other.segment(3)], { kind: "added" });
  await pass();
  assert.deepEqual(told(), ["join"]);
  assert.equal(other.said("announce?").length, 1, "all of them are asked for");
  other.announce(
    a,
    3,
    [1, 2, 3].map((number) => other.segment(number)),
  );
  await pass();
  assert.deepEqual(told(), ["change"]);
  other.announce(a, 4, [other.segment(2)], { kind: "stopped" });
  await pass();
  assert.deepEqual(told(), ["change"]);
  assert.equal(a.log.segments.filter(({ owner }) => owner === other.id).length, 2);
});

test("PEER-11 mature is told once for each segment; closing calls off what is pending", async () => {
  const { simulation, a, other } = await scene({ roleAgeMs: 1_000 });
  const mature = (): number => a.events.filter((event) => event.startsWith("mature")).length;
  other.announce(a, 1, [other.segment(1), other.segment(2, { ageMs: 600 })]);
  await simulation.time.pass(500);
  assert.equal(mature(), 1, "the one that its owner has had for a while");
  other.announce(a, 2, [other.segment(1), other.segment(2)]);
  other.beat(a, 2);
  await simulation.time.pass(600);
  assert.equal(mature(), 2);
  other.announce(a, 3, [other.segment(1), other.segment(2), other.segment(3)]);
  await simulation.time.pass(100);
  await a.stop();
  await simulation.time.pass(5_000);
  assert.equal(mature(), 2, "nothing is told of a log that was closed");
});

test("PEER-12 foreign, doubled, impossible or too many segments are refused before anything is written", async () => {
  const { a, other, told, pass } = await scene();
  const writes: string[] = [];
  const put = a.rows.put.bind(a.rows);
  a.rows.put = (row) => {
    writes.push(row.peer);
    put(row);
  };
  const foreign = other.segment(1, { owner: a.id });
  for (const segments of [
    [foreign],
    [other.segment(1), other.segment(1)],
    [other.segment(2), other.segment(1, { owner: "00".repeat(32) })],
    Array.from({ length: MAX_SEGMENTS + 1 }, (_, number) => other.segment(number)),
  ]) {
    other.announce(a, 1, segments);
    await pass();
    assert.equal(a.errors.pop()?.code, "BAD_ANNOUNCEMENT");
    assert.equal(other.said("refused").pop()?.error.code, "BAD_ANNOUNCEMENT");
  }
  assert.deepEqual([told(), writes, a.log.replicatorPeers], [[], [], []]);
  // The connection goes on: what is right is taken in, as many as are allowed.
  other.announce(
    a,
    1,
    Array.from({ length: MAX_SEGMENTS }, (_, number) => other.segment(number, { span: 0n })),
  );
  await pass();
  assert.deepEqual(told(), ["join"]);
  // Added one by one they are not more than all at once.
  other.announce(a, 2, [other.segment(MAX_SEGMENTS)], { kind: "added" });
  await pass();
  assert.equal(a.errors.pop()?.code, "BAD_ANNOUNCEMENT");
  assert.equal(a.log.segments.filter(({ owner }) => owner === other.id).length, MAX_SEGMENTS);
});

test("PEER-13 a write that fails in the middle of a reset has changed nothing, and is made good by the next", async () => {
  const { a, other, told, pass } = await scene();
  other.announce(a, 1, [other.segment(1)]);
  await pass();
  assert.deepEqual(told(), ["join"]);
  const { transaction } = a.rows;
  a.rows.transaction = () => {
    throw new HoldfastError("DISK_FULL", "no room");
  };
  other.announce(a, 2, [other.segment(2), other.segment(3)]);
  await pass();
  assert.deepEqual(told(), [], "nothing is told of what was not written");
  assert.deepEqual(
    a.log.segments.filter(({ owner }) => owner === other.id).map(({ id }) => id),
    [other.segment(1).id],
  );
  a.rows.transaction = transaction;
  // Its beat says that there is more than was applied: it is asked for again.
  other.beat(a, 2);
  await pass();
  assert.ok(other.said("announce?").length > 0);
  other.announce(a, 2, [other.segment(2), other.segment(3)]);
  await pass();
  assert.deepEqual(told(), ["change"]);
});

test("PEER-14 a silent peer is evicted after two failed pings, one that answers is not", async () => {
  const { simulation, a, other, told } = await scene({ beatMs: 1_000 });
  other.announce(a, 1, [other.segment(1)]);
  const answering = new ScriptedPeer(simulation);
  await answering.start();
  answering.subscribe(a);
  await simulation.time.pass(SHORT_MS);
  answering.announce(a, 1, [answering.segment(1)]);
  const startedMs = simulation.time.nowMs();
  for (let round = 0; round < 60; round += 1) {
    await simulation.time.pass(100);
    if (round % 5 === 0) answering.beat(a, 1);
  }
  const events = told();
  assert.deepEqual(events, ["join", "join", "leave"]);
  assert.deepEqual(a.log.replicatorPeers, [answering.id]);
  assert.deepEqual(a.log.status().away, [other.id], "and is shown as away");
  assert.ok(simulation.time.nowMs() - startedMs < 7_000);
});

test("PEER-14 a stale probe does not evict a peer that came back meanwhile", async () => {
  const { simulation, a, other, told } = await scene({ beatMs: 1_000 });
  other.announce(a, 1, [other.segment(1)]);
  // Two pings are not answered; right before the second has failed it subscribes anew.
  await simulation.time.pass(2_000);
  other.subscribe(a, 7);
  other.announce(a, 1, [other.segment(1)]);
  await simulation.time.pass(1_500);
  assert.deepEqual(told(), ["join"], "it is the same peer with the same segments");
  assert.deepEqual(a.log.replicatorPeers, [other.id]);
});

test("PEER-09 after a restart a replicator that is online joins once, and one that is not is forgotten without a word", async () => {
  const simulation = new Simulation({ restartCheckMs: 5_000 });
  const [a, b, c] = (await simulation.start(3)) as [SimulatedPeer, SimulatedPeer, SimulatedPeer];
  await simulation.time.pass(5_000);
  await a.stop();
  await c.kill();
  a.events.length = 0;
  await a.start();
  assert.deepEqual(a.log.replicatorPeers.toSorted(), [b.id, c.id].toSorted(), "both count at first");
  assert.equal(a.log.status().converged, false, "nobody has been heard of yet");
  await simulation.time.pass(4_000);
  assert.deepEqual(
    a.events.filter((event) => !event.startsWith("mature")),
    ["up", "join B"],
  );
  await simulation.time.pass(2_000);
  assert.deepEqual(a.log.replicatorPeers, [b.id]);
  assert.equal(a.events.filter((event) => event.includes("C")).length, 0, "no leave of whom nobody saw join");
  await simulation.stop();
});

test("PEER-10 segments that changed while we were away are those that count", async () => {
  const simulation = new Simulation();
  const [a, b] = (await simulation.start(2)) as [SimulatedPeer, SimulatedPeer];
  await simulation.time.pass(5_000);
  const [whole] = b.log.segments.filter(({ owner }) => owner === b.id);
  assert.ok(whole);
  await a.stop();
  b.log.replicate(7n, 0.25);
  b.log.stopReplicating([whole.id]);
  await a.start();
  await simulation.time.pass(2_000);
  const seen = a.log.segments.filter(({ owner }) => owner === b.id);
  assert.deepEqual(
    seen.map(({ start }) => start),
    [7n],
  );
  await simulation.stop();
});

test("PEER-08 what arrives while the store is being read is held and taken in, and nothing is asked for again", async () => {
  const simulation = new Simulation();
  const a = simulation.peer();
  const release = Promise.withResolvers<void>();
  a.holdings.all = async function* () {
    await release.promise;
    yield [];
  };
  const starting = a.start();
  const other = new ScriptedPeer(simulation);
  await other.start();
  await simulation.time.pass(SHORT_MS);
  other.subscribe(a);
  other.announce(a, 1, [other.segment(1)]);
  other.announce(a, 2, [other.segment(2)], { kind: "added" });
  await simulation.time.pass(SHORT_MS);
  assert.deepEqual(a.events, ["up"], "not before it is open");
  release.resolve();
  await starting;
  await simulation.time.pass(1);
  assert.deepEqual(
    a.events.filter((event) => !event.startsWith("mature")).map((event) => event.split(" ")[0]),
    ["up", "join", "change"],
  );
  assert.equal(other.said("announce?").length, 0);
  await simulation.stop();
});
