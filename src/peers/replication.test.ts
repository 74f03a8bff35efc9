// Entries between simulated peers: who gets them, how often, and what holds when messages and peers are lost.

import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { test } from "node:test";
import fc from "fast-check";
import { encode } from "../entries/cbor.ts";
import { type Entry, type EntryId, makeEntry, newIdentity, readEntry } from "../entries/index.ts";
import { isHoldfastError } from "../errors.ts";
import { placeOf } from "./entry-index.ts";
import { encodeMessage, type Message } from "./messages.ts";
import { RowsInMemory } from "./replicator-rows.ts";
import { coordinateOf } from "./ring.ts";
import { HoldingsInMemory } from "./testing/holdings-in-memory.ts";
import { ScriptedPeer } from "./testing/scripted-peer.ts";
import { type SimulatedPeer, Simulation } from "./testing/simulated-peers.ts";
import { TopicKey } from "./topic-key.ts";
import { MAX_FRAME_BYTES } from "./transport.ts";

type Two = [SimulatedPeer, SimulatedPeer];
type Three = [SimulatedPeer, SimulatedPeer, SimulatedPeer];
const isLong = process.env.HOLDFAST_TESTS === "long";

/** A workspace in which everybody knows everybody, and every segment counts. */
async function settled(count: number, share = 1, options = {}): Promise<Simulation> {
  const simulation = new Simulation(options);
  await simulation.start(count, share);
  await simulation.time.pass(8_000);
  return simulation;
}

/** How many of `peers` hold each entry. */
function copies(peers: readonly SimulatedPeer[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const peer of peers) for (const id of peer.ids) counts.set(id, (counts.get(id) ?? 0) + 1);
  return counts;
}

test("PEER-21 with two replicas and three peers every entry is on two at least; when one is killed two are restored", async () => {
  const simulation = await settled(3, 0.34);
  const [a, b, c] = simulation.peers as Three;
  a.appendMany(Array.from({ length: 200 }, (_, index) => `entry ${index}`));
  await simulation.converge();
  assert.ok([...copies([a, b, c]).values()].every((count) => count >= 2));
  await b.kill();
  const killedMs = simulation.time.nowMs();
  await simulation.time.until(
    () => copies([a, c]).size === 200 && [...copies([a, c]).values()].every((count) => count === 2),
    "two copies of everything",
    30_000,
  );
  assert.ok(simulation.time.nowMs() - killedMs < 15_000, "within seven beats");
  await simulation.stop();
});

test("PEER-22 an entry is sent once to each peer, and again when the first answer was lost", async () => {
  const simulation = await settled(4);
  const [a] = simulation.peers as Three;
  const came = new Map<string, number>();
  const { block } = a.append("counted", "text of it");
  const needle = Buffer.from(block);
  simulation.network.onDelivered = ({ to, frame }) => {
    if (Buffer.from(frame).includes(needle)) came.set(to, (came.get(to) ?? 0) + 1);
  };
  await simulation.converge();
  await simulation.time.pass(60_000);
  assert.deepEqual([...came.values()], [1, 1, 1]);

  // Every frame is lost for a while: the entry is asked to be taken once more.
  simulation.network.onDelivered = undefined;
  simulation.network.faults = { lost: 1 };
  const entry = a.append("lost at first");
  await simulation.time.pass(1_000);
  simulation.network.faults = {};
  await simulation.converge();
  for (const peer of simulation.peers) assert.ok(peer.ids.includes(entry.id));
  await simulation.stop();
});

test("PEER-23 pruning never goes below the replicas: those that are to hold an entry have to say that they do", async () => {
  const simulation = new Simulation();
  const [a, b, c] = [simulation.peer(), simulation.peer(), simulation.peer()];
  for (const peer of [a, b]) await peer.start(1);
  a.appendMany(Array.from({ length: 60 }, (_, index) => `entry ${index}`));
  await simulation.converge();
  await c.start(1);
  await simulation.converge();
  assert.deepEqual([b.ids.length, c.ids.length], [60, 60]);
  // B is to hold nothing any more. A and C do: it lets go when they have said so.
  let asked = 0;
  simulation.network.onDelivered = ({ from, frame }) => {
    if (from === b.id && Buffer.from(frame).includes("hold")) asked += 1;
  };
  b.log.stopReplicating(b.log.segments.filter(({ owner }) => owner === b.id).map(({ id }) => id));
  await simulation.time.until(() => b.ids.length === 0, "B has let go", 30_000);
  assert.ok(asked > 0);
  assert.deepEqual([a.ids.length, c.ids.length], [60, 60]);
  // C, too, is to hold nothing: A alone is not enough, so it keeps everything.
  c.log.stopReplicating(c.log.segments.filter(({ owner }) => owner === c.id).map(({ id }) => id));
  await simulation.time.pass(60_000);
  assert.equal(c.ids.length, 60);
  await simulation.stop();
});

test("PEER-23 a leader that says it holds what it was not asked about, or under another number, lets nobody let go", async () => {
  const simulation = new Simulation();
  const [a] = (await simulation.start(1, 1)) as Two;
  const [liar, second] = [new ScriptedPeer(simulation), new ScriptedPeer(simulation)];
  for (const peer of [liar, second]) {
    await peer.start();
    await simulation.time.pass(100);
    peer.subscribe(a);
    peer.announce(a, 1, [peer.segment(1, { ageMs: 60_000 })]);
  }
  // Entries of others that A holds.
  const writer = newIdentity().identity;
  const entries = [1, 2, 3].map((n) => entryBy(writer, `theirs ${n}`, n));
  for (const entry of entries) {
    const call = { call: "take", entries: [{ block: entry.block, content: Buffer.alloc(0) }] } as const;
    liar.send(a, { t: "call", topic: liar.topic, id: 1, call: { ...call, entries: [...call.entries] } });
    await simulation.time.pass(100);
  }
  assert.equal(a.ids.length, 3);
  a.log.stopReplicating(a.log.segments.filter(({ owner }) => owner === a.id).map(({ id }) => id));
  for (let round = 0; round < 40; round += 1) {
    await simulation.time.pass(500);
    for (const peer of [liar, second]) {
      peer.beat(a, 1);
      for (const { id, call } of peer.said("call")) {
        if (call.call !== "hold") continue;
        const places = entries.map((entry) => placeOf(coordinateOf(entry), entry.id));
        // The number of another question; and entries that nobody asked about.
        peer.send(a, { t: "answer", topic: peer.topic, id: id + 1_000, result: { call: "hold", places, gone: [] } });
        const never = entryBy(writer, "never made", 9);
        const made = [placeOf(coordinateOf(never), never.id)];
        peer.send(a, { t: "answer", topic: peer.topic, id, result: { call: "hold", places: made, gone: [] } });
      }
      peer.heard.length = 0;
    }
  }
  assert.equal(a.ids.length, 3, "nothing was let go");
  await simulation.stop();
});

test("PEER-24 an observer gets no entries unasked, and what it makes goes to those who hold it", async () => {
  const simulation = await settled(2);
  const [a, b] = simulation.peers as Two;
  const observer = simulation.peer();
  await observer.start(0);
  await simulation.time.pass(8_000);
  a.appendMany(["one", "two", "three"]);
  const mine = observer.append("of the observer");
  await simulation.converge();
  await simulation.time.pass(60_000);
  assert.deepEqual(observer.ids, [mine.id]);
  assert.deepEqual([a.ids.length, b.ids.length], [4, 4]);
  await simulation.stop();
});

test("PEER-25 waitForReplicator resolves when one counts, or times out", async () => {
  const simulation = new Simulation();
  const [a] = (await simulation.start(1)) as Two;
  const outcome = (work: Promise<string>): { value: string | undefined } => {
    const state: { value: string | undefined } = { value: undefined };
    work.then(
      (peer) => {
        state.value = peer;
      },
      (error) => {
        state.value = isHoldfastError(error) ? error.code : String(error);
      },
    );
    return state;
  };
  const [early, late] = [outcome(a.log.waitForReplicator(1_000)), outcome(a.log.waitForReplicator(20_000))];
  await simulation.time.pass(1_500);
  assert.deepEqual([early.value, late.value], ["PEER_TIMEOUT", undefined]);
  const b = simulation.peer();
  await b.start();
  await simulation.time.pass(1_000);
  assert.equal(late.value, undefined, "its segment is too young to count");
  await simulation.time.pass(3_000);
  assert.equal(late.value, b.id);
  const [known, other] = [
    outcome(a.log.waitForReplicator(1, b.id)),
    outcome(a.log.waitForReplicator(500, "00".repeat(32))),
  ];
  const closed = outcome(a.log.waitForReplicator(1e6, "00".repeat(32)));
  await simulation.time.pass(600);
  assert.deepEqual([known.value, other.value], [b.id, "PEER_TIMEOUT"]);
  await simulation.stop();
  await simulation.time.pass(1);
  assert.equal(closed.value, "INTERRUPTED");
});

for (const size of isLong ? [1, 400, 500, 50_000] : [1, 400, 500, 5_000]) {
  test(`PEER-26 a batch of ${size} entries arrives whole`, async () => {
    const simulation = await settled(2);
    const [a, b] = simulation.peers as Two;
    a.appendMany(Array.from({ length: size }, (_, index) => `entry ${index}`));
    await simulation.converge();
    assert.equal(b.ids.length, size);
    await simulation.stop();
  });
}

test("PEER-27 the join of logs is associative, commutative and idempotent", async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.tuple(fc.nat(2), fc.nat(4), fc.nat(20)), { maxLength: 14 }),
      fc.nat(5),
      async (writes, order) => {
        const ends = new Set<string>();
        // Three logs are joined in different orders, and some of them twice.
        const orders = [
          [0, 1, 2],
          [2, 1, 0],
          [1, 0, 2],
          [0, 2, 1, 0],
          [2, 2, 0, 1],
          [1, 2, 0, 2, 1],
        ];
        const entries = written(writes);
        for (const steps of [orders[0] as number[], orders[order] as number[]]) {
          const simulation = new Simulation();
          const joined = simulation.peer();
          await joined.start();
          await simulation.time.pass(100);
          for (const step of steps) {
            const source = new ScriptedPeer(simulation);
            await source.start();
            source.subscribe(joined);
            await simulation.time.pass(5);
            const theirs = entries.filter(({ writer }) => writer === step).map(({ entry }) => entry);
            for (const entry of theirs) take(source, joined, [entry]);
            await simulation.time.pass(5);
            serve(source, joined, theirs);
            await simulation.time.pass(200);
            await source.transport.stop();
          }
          await simulation.time.pass(30_000);
          ends.add(JSON.stringify([joined.ids, joined.heads]));
          await simulation.stop();
        }
        assert.equal(ends.size, 1);
      },
    ),
    { numRuns: isLong ? 100 : 20 },
  );
});

test("PEER-27 a missing parent holds back its own descendants, and nothing else", async () => {
  const simulation = new Simulation();
  const [a] = (await simulation.start(1)) as Two;
  const source = new ScriptedPeer(simulation);
  await source.start();
  await simulation.time.pass(100);
  source.subscribe(a);
  await simulation.time.pass(5);
  const writer = newIdentity().identity;
  const parent = entryBy(writer, "chain", 1);
  const child = entryBy(writer, "chain", 2, [parent.id]);
  const grandchild = entryBy(writer, "chain", 3, [child.id]);
  const unrelated = entryBy(writer, "unrelated", 4);
  take(source, a, [grandchild, child, unrelated]);
  await simulation.time.pass(50);
  assert.deepEqual(a.ids, [unrelated.id]);
  assert.equal(a.log.status().waiting, 2);
  assert.equal(a.log.status().converged, false);
  take(source, a, [parent]);
  await simulation.time.pass(50);
  assert.deepEqual(a.ids, [parent, child, grandchild, unrelated].map(({ id }) => id).sort());
  // In the order in which they were made: version numbers follow it.
  const order = a.holdings.order.filter((id) => id !== unrelated.id);
  assert.deepEqual(order, [parent.id, child.id, grandchild.id]);
  await simulation.stop();
});

test("PEER-28 what is forged, damaged or too large is refused, nothing of it is stored, and the rest goes on", async () => {
  const simulation = new Simulation();
  const [a] = (await simulation.start(1)) as Two;
  const source = new ScriptedPeer(simulation);
  await source.start();
  await simulation.time.pass(100);
  source.subscribe(a);
  await simulation.time.pass(5);
  const writer = newIdentity().identity;
  const good = entryBy(writer, "good", 1);
  const bent = Buffer.from(good.block);
  bent.writeUInt8(bent.readUInt8(bent.length - 1) ^ 1, bent.length - 1);
  const renamed = Buffer.from(good.block);
  const at = renamed.indexOf("good");
  renamed.write("evil", at);
  const stolen = Buffer.from(good.block);
  const author = stolen.indexOf(Buffer.from(writer.author, "hex"));
  Buffer.from(newIdentity().identity.author, "hex").copy(stolen, author);
  for (const [block, code] of [
    [bent, "BAD_SIGNATURE"],
    [renamed, "BAD_SIGNATURE"],
    [stolen, "BAD_SIGNATURE"],
    [good.block.subarray(0, good.block.length - 9), "BAD_ENTRY"],
    [Buffer.alloc(0), "BAD_ENTRY"],
    [Buffer.from(encode({ no: "entry" })), "BAD_ENTRY"],
  ] as const) {
    takeBlocks(source, a, [{ block, content: null }]);
    await simulation.time.pass(20);
    assert.equal(a.errors.pop()?.code, code);
    assert.equal(source.said("refused").pop()?.error.code, code);
  }
  // Content that is not what was signed.
  const withText = entryBy(writer, "with text", 2, [], "the text");
  takeBlocks(source, a, [{ block: withText.block, content: Buffer.from("the TEXT") }]);
  await simulation.time.pass(20);
  assert.equal(a.errors.pop()?.code, "VERIFY_FAILED");
  assert.deepEqual(a.ids, []);
  // Frames that are no messages.
  const errors = a.errors.length;
  const calls: unknown[] = [
    { t: "call", topic: source.topic, id: 1, call: { call: "page", from: "zz", to: "", after: "", maxBytes: 1 } },
    { t: "call", topic: source.topic, id: -1, call: { call: "hold", places: [] } },
    { t: "announce", topic: "short", session: 1, n: 1, kind: "full", segments: [] },
    { t: "unknown" },
    ["not", "a", "map"],
    null,
  ];
  for (const message of calls) source.sendBytes(a, encode(message));
  source.sendBytes(a, Buffer.from("no CBOR at all"));
  source.sendBytes(a, encodeMessage({ t: "announce?", topic: source.topic }).subarray(0, 9));
  assert.equal(source.transport.send(a.id, Buffer.alloc(MAX_FRAME_BYTES + 1)), false);
  await simulation.time.pass(20);
  assert.deepEqual(
    a.errors.slice(errors).map(({ code }) => code),
    Array.from({ length: calls.length + 2 }, () => "BAD_MESSAGE"),
  );
  // One bad entry among good ones keeps none of them out.
  takeBlocks(source, a, [
    { block: bent, content: null },
    { block: good.block, content: Buffer.alloc(0) },
  ]);
  await simulation.time.pass(20);
  assert.deepEqual(a.ids, [good.id]);
  await simulation.stop();
});

test("PEER-29 catching up costs about the same for each entry, however many there are", async () => {
  const bytesPerEntry: number[] = [];
  const frames: number[] = [];
  for (const count of [500, 5_000]) {
    const simulation = new Simulation();
    const a = simulation.peer();
    await a.start();
    a.appendMany(Array.from({ length: count }, (_, index) => `entry ${index}`));
    const b = simulation.peer();
    await b.start();
    const before = { ...simulation.network.sent };
    await simulation.time.until(() => b.ids.length === count, "everything is there");
    bytesPerEntry.push((simulation.network.sent.bytes - before.bytes) / count);
    frames.push(simulation.network.sent.frames - before.frames);
    await simulation.stop();
  }
  const [few, many] = bytesPerEntry as [number, number];
  assert.ok(many < few * 1.1, `${many} bytes for each of many, ${few} of few`);
  assert.ok((frames[1] as number) < 100, "pages, not questions");
});

test("PEER-29 finding one difference among many entries takes a few questions, not a list", async () => {
  const simulation = await settled(2);
  const [a, b] = simulation.peers as Two;
  a.appendMany(Array.from({ length: 5_000 }, (_, index) => `entry ${index}`));
  await simulation.converge();
  simulation.network.part([a.id], [b.id]);
  await simulation.time.pass(60_000);
  a.append("of a");
  b.append("of b");
  const before = { ...simulation.network.sent };
  simulation.network.part();
  await simulation.converge();
  const bytes = simulation.network.sent.bytes - before.bytes;
  assert.ok(bytes < 60_000, `${bytes} bytes`);
  assert.deepEqual(a.ids, b.ids);
  await simulation.stop();
});

test("PEER-30 parted, written to on both sides, healed: the same heads, and converged is said only when it is so", async () => {
  const simulation = await settled(4);
  const [a, b, c, d] = simulation.peers as [SimulatedPeer, SimulatedPeer, SimulatedPeer, SimulatedPeer];
  const first = a.append("shared");
  await simulation.converge();
  simulation.network.part([a.id, b.id], [c.id, d.id]);
  for (const [peer, text] of [
    [a, "left"],
    [c, "right"],
    [d, "right too"],
  ] as const) {
    peer.append("shared", text, [first.id]);
  }
  for (let step = 0; step < 60; step += 1) {
    await simulation.time.pass(500);
    for (const peer of simulation.peers) assert.equal(peer.log.status().converged, false, "somebody is missing");
  }
  simulation.network.part();
  await simulation.time.until(() => {
    const all = new Set(simulation.peers.flatMap(({ ids }) => ids));
    for (const peer of simulation.peers) {
      if (peer.log.status().converged) assert.equal(peer.ids.length, all.size, "it has everything");
    }
    return simulation.peers.every((peer) => peer.log.status().converged);
  }, "all say that they have converged");
  for (const peer of simulation.peers) {
    assert.equal(peer.heads.length, 3);
    assert.deepEqual(peer.heads, a.heads);
  }
  await simulation.stop();
});

test("PEER-32 two workspaces on one node are kept apart", async () => {
  const simulation = await settled(2);
  const [a, b] = simulation.peers as Two;
  const key = new TopicKey(Buffer.alloc(32, 99));
  const logs = await Promise.all(
    [a, b].map(async (peer) => {
      const holdings = new HoldingsInMemory(peer.id);
      const events: string[] = [];
      const log = await peer.node.openLog({
        key,
        holdings,
        rows: new RowsInMemory(),
        incarnation: 1,
        readEntry: async (block) => readEntry(block),
        events: { onJoin: (who) => events.push(`join ${who}`), onLeave: (who) => events.push(`leave ${who}`) },
      });
      log.begin();
      log.replicate(0n, 1);
      return { holdings, log, events };
    }),
  );
  const [ofA, ofB] = logs as [(typeof logs)[number], (typeof logs)[number]];
  await simulation.time.pass(5_000);
  const first = a.append("in the first workspace");
  const second = entryBy(a.identity, "in the second workspace", 1);
  ofA.holdings.put(second, Buffer.alloc(0));
  ofA.log.note([second]);
  await simulation.converge();
  await simulation.time.pass(1_000);
  assert.deepEqual(b.ids, [first.id]);
  assert.deepEqual([...ofB.holdings.entries.keys()], [second.id]);
  // One of them is closed: the other goes on.
  await a.node.closeLog(key.topic);
  await simulation.time.pass(100);
  assert.deepEqual(ofB.events, [`join ${a.id}`, `leave ${a.id}`]);
  assert.deepEqual(b.log.replicatorPeers, [a.id]);
  await simulation.stop();
});

test("PEER-32 closing drains before reopening", async () => {
  const simulation = await settled(2);
  const [a, b] = simulation.peers as Two;
  a.appendMany(Array.from({ length: 300 }, (_, index) => `entry ${index}`));
  // Closed while all of that is under way, and opened again at once.
  const closing = a.node.closeLog(simulation.key.topic);
  const reopening = a.open();
  await Promise.all([closing, reopening, simulation.time.pass(100)]);
  await assert.rejects(a.open(), { code: "BAD_OPTION" }, "it is open");
  await simulation.converge();
  assert.deepEqual(a.ids, b.ids);
  assert.equal(b.ids.length, 300);
  assert.deepEqual(
    b.events.filter((event) => !event.startsWith("mature")),
    ["up", "join A", "leave A", "join A"],
  );
  await simulation.stop();
});

function entryBy(
  writer: ReturnType<typeof newIdentity>["identity"],
  name: string,
  n: number,
  parents: readonly EntryId[] = [],
  text = "",
): Entry {
  const content = Buffer.from(text);
  return makeEntry(
    {
      collection: "data",
      name,
      kind: "put",
      content: { hash: hash("sha256", content), size: content.length, type: "text/plain" },
      parents,
      clock: { wallMs: 1_000 + n, counter: 0 },
      tags: {},
      key: { writer: "w", n },
    },
    writer,
  );
}

/** Entries by three writers; each may be made from one written before. */
function written(writes: readonly (readonly [number, number, number])[]): { writer: number; entry: Entry }[] {
  const identities = WRITERS;
  const entries: { writer: number; entry: Entry }[] = [];
  for (const [index, [writer, name, parent]] of writes.entries()) {
    const before = entries.filter((other) => other.writer === writer && other.entry.name === `name ${name}`);
    const from = before[parent % Math.max(1, before.length)];
    const identity = identities[writer] as ReturnType<typeof newIdentity>["identity"];
    const entry = entryBy(identity, `name ${name}`, index, from === undefined ? [] : [from.entry.id]);
    entries.push({ writer, entry });
  }
  return entries;
}

const WRITERS = [0, 1, 2].map(() => newIdentity().identity);
let questions = 1;

function take(from: ScriptedPeer, to: { readonly id: string }, entries: readonly Entry[]): void {
  takeBlocks(
    from,
    to,
    entries.map(({ block, content }) => ({ block, content: content?.size === 0 ? Buffer.alloc(0) : null })),
  );
}

function takeBlocks(
  from: ScriptedPeer,
  to: { readonly id: string },
  entries: readonly { readonly block: Uint8Array; readonly content: Uint8Array | null }[],
): void {
  questions += 1;
  from.send(to, { t: "call", topic: from.topic, id: questions, call: { call: "take", entries: [...entries] } });
}

/** Answers what was asked so far as somebody does who holds `entries` only. */
function serve(source: ScriptedPeer, to: { readonly id: string }, entries: readonly Entry[]): void {
  for (const { id, call } of source.said("call")) {
    let result: Extract<Message, { t: "answer" }>["result"] | undefined;
    if (call.call === "compare") {
      const ids = entries.map((entry) => entry.id);
      result = { call: "compare", answers: call.ranges.map(() => ({ is: "ids", ids })) };
    }
    if (result !== undefined) source.send(to, { t: "answer", topic: source.topic, id, result });
  }
}
