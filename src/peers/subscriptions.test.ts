import assert from "node:assert/strict";
import { test } from "node:test";
import type { Message } from "./messages.ts";
import { DEBOUNCE_MS, Subscriptions } from "./subscriptions.ts";
import { ScriptedPeer } from "./testing/scripted-peer.ts";
import { type SimulatedPeer, Simulation } from "./testing/simulated-peers.ts";
import { SimulatedTime } from "./testing/simulated-time.ts";
import { TopicKey } from "./topic-key.ts";

const SELF = "aa".repeat(32);
const PEER = "bb".repeat(32);
const keyOf = (number: number): TopicKey => new TopicKey(Buffer.alloc(32, number));

function subscriptions(): {
  readonly time: SimulatedTime;
  readonly own: Subscriptions;
  readonly sent: Message[];
  readonly events: string[];
} {
  const time = new SimulatedTime();
  const sent: Message[] = [];
  const events: string[] = [];
  const own = new Subscriptions({
    self: SELF,
    time,
    send: (_peer, message) => sent.push(message),
    connected: () => [PEER],
    events: {
      onSubscribed: (_topic, _peer, session) => events.push(`on ${session}`),
      onUnsubscribed: (_topic, _peer, session) => events.push(`off ${session}`),
    },
  });
  return { time, own, sent, events };
}

test("PEER-16 a subscription counts at once, and two topics within the debounce are one message", async () => {
  const { time, own, sent } = subscriptions();
  own.subscribe(keyOf(1), 1);
  own.subscribe(keyOf(2), 2);
  assert.deepEqual(own.topics, [keyOf(1).topic, keyOf(2).topic]);
  assert.deepEqual([own.pending, sent.length], [2, 0]);
  await time.pass(DEBOUNCE_MS);
  assert.equal(own.pending, 0);
  assert.equal(sent.length, 1);
  const [message] = sent;
  assert.ok(message?.t === "subscribe");
  assert.deepEqual(
    message.topics.map(({ topic, session }) => [topic, session]),
    [
      [keyOf(1).topic, 1],
      [keyOf(2).topic, 2],
    ],
  );
  own.close();
});

test("PEER-17 unsubscribed before it was told: false, nothing is left, and nothing is told", async () => {
  const { time, own, sent } = subscriptions();
  own.subscribe(keyOf(1), 1);
  assert.equal(own.unsubscribe(keyOf(1).topic), false);
  await time.pass(10 * DEBOUNCE_MS);
  assert.deepEqual([own.topics, own.pending, sent], [[], 0, []]);
  own.subscribe(keyOf(1), 2);
  await time.pass(DEBOUNCE_MS);
  assert.equal(own.unsubscribe(keyOf(1).topic), true);
  assert.deepEqual(
    sent.map(({ t }) => t),
    ["subscribe", "unsubscribe"],
  );
  own.close();
});

test("PEER-17 one of two is taken back before the flush: the other is told, alone", async () => {
  const { time, own, sent } = subscriptions();
  own.subscribe(keyOf(1), 1);
  own.subscribe(keyOf(2), 2);
  own.unsubscribe(keyOf(1).topic);
  await time.pass(DEBOUNCE_MS);
  const [message] = sent;
  assert.ok(message?.t === "subscribe");
  assert.deepEqual(
    message.topics.map(({ topic }) => topic),
    [keyOf(2).topic],
  );
  own.close();
});

test("PEER-17 ten thousand cycles leave nothing behind", async () => {
  const { time, own, sent } = subscriptions();
  for (let cycle = 0; cycle < 10_000; cycle += 1) {
    own.subscribe(keyOf(cycle % 50), cycle);
    own.unsubscribe(keyOf(cycle % 50).topic);
  }
  assert.deepEqual([own.topics, own.pending], [[], 0]);
  assert.equal(time.pending, 0, "and no alarm");
  await time.pass(DEBOUNCE_MS);
  assert.deepEqual(sent, []);
  own.close();
});

test("PEER-18 a pending subscription is in the answer to a request", async () => {
  const { own, sent } = subscriptions();
  own.subscribe(keyOf(1), 1);
  own.onSubscribe(PEER, { t: "subscribe", topics: [], ask: true });
  const [message] = sent;
  assert.ok(message?.t === "subscribe");
  assert.deepEqual(message.topics[0]?.topic, keyOf(1).topic);
  // Whoever was told hears of the end, though the others never heard of the beginning.
  assert.equal(own.unsubscribe(keyOf(1).topic), true);
  assert.equal(sent.at(-1)?.t, "unsubscribe");
  own.close();
});

test("PEER-18 what is sent to a peer whose subscription is pending reaches it", async () => {
  const simulation = new Simulation();
  const a = simulation.peer();
  const other = new ScriptedPeer(simulation);
  await other.start();
  await a.start();
  // Nothing was told yet: no time has passed.
  assert.equal(a.node.pendingSubscriptions, 1);
  other.subscribe(a);
  other.announce(a, 1, [other.segment(1)]);
  await simulation.time.pass(2);
  assert.equal(a.node.pendingSubscriptions, 1, "still pending");
  assert.ok(a.events.some((event) => event.startsWith("join")));
  await simulation.stop();
});

test("PEER-19 a node that did not subscribe never tracks the topic", () => {
  const { own, events } = subscriptions();
  const [ours, theirs] = [keyOf(1), keyOf(2)];
  own.subscribe(ours, 1);
  const topics = [{ topic: theirs.topic, session: 1, proof: theirs.proof(PEER, SELF) }];
  own.onSubscribe(PEER, { t: "subscribe", topics, ask: false });
  assert.deepEqual([events, own.subscribers(theirs.topic)], [[], []]);
  assert.equal(own.sessionOfPeer(theirs.topic, PEER), undefined);
  own.close();
});

test("PEER-20 subscribing and connecting at once: both discover each other", async () => {
  for (const firstMs of [0, 1, DEBOUNCE_MS - 1, DEBOUNCE_MS, DEBOUNCE_MS + 1]) {
    const simulation = new Simulation();
    const [a, b] = [simulation.peer(), simulation.peer()];
    await a.start();
    await simulation.time.pass(firstMs);
    await b.start();
    await simulation.time.pass(200);
    assert.deepEqual(
      [a.node.subscribers(simulation.key.topic), b.node.subscribers(simulation.key.topic)],
      [[b.id], [a.id]],
    );
    await simulation.stop();
  }
});

test("PEER-20 an unsubscribe of an old session is ignored", () => {
  const { own, events } = subscriptions();
  const key = keyOf(1);
  own.subscribe(key, 1);
  const on = (session: number): void => {
    const topics = [{ topic: key.topic, session, proof: key.proof(PEER, SELF) }];
    own.onSubscribe(PEER, { t: "subscribe", topics, ask: false });
  };
  const off = (session: number): void => {
    own.onUnsubscribe(PEER, { t: "unsubscribe", topics: [{ topic: key.topic, session }] });
  };
  on(5);
  on(4);
  on(9);
  off(5);
  assert.deepEqual(own.subscribers(key.topic), [PEER]);
  off(9);
  off(9);
  assert.deepEqual([events, own.subscribers(key.topic)], [["on 5", "on 9", "off 9"], []]);
  own.close();
});

test("PEER-36 whoever has not the key, or shows a proof that was made for another, is no member", async () => {
  const { own, events } = subscriptions();
  const key = keyOf(1);
  own.subscribe(key, 1);
  const third = "cc".repeat(32);
  const show = (peer: string, proof: Uint8Array): void =>
    own.onSubscribe(peer, { t: "subscribe", topics: [{ topic: key.topic, session: 1, proof }], ask: false });
  show(PEER, Buffer.alloc(32));
  show(PEER, keyOf(2).proof(PEER, SELF));
  show(third, key.proof(PEER, SELF));
  show(PEER, key.proof(PEER, third));
  show(PEER, key.proof(SELF, PEER));
  assert.deepEqual(events, []);
  show(PEER, key.proof(PEER, SELF));
  assert.deepEqual(events, ["on 1"]);
  own.close();
});

test("PEER-36 a stranger on the same network hears a topic and a proof, and no entry, announcement or name", async () => {
  const simulation = new Simulation();
  const [a, b] = (await simulation.start(2)) as [SimulatedPeer, SimulatedPeer];
  const stranger = new ScriptedPeer(simulation);
  await stranger.start();
  await simulation.time.pass(1_000);
  a.append("a very secret name", "a very secret text");
  // It knows how to speak, and the topic, which it has heard; not the key.
  const topics = [{ topic: a.log.topic, session: 1, proof: Buffer.alloc(32, 1) }];
  stranger.send(a, { t: "subscribe", topics, ask: true });
  stranger.announce(a, 1, [stranger.segment(1)]);
  stranger.beat(a, 1);
  const all = { call: "page", from: "", to: "", after: "", maxBytes: 1_000_000 } as const;
  stranger.send(a, { t: "call", topic: a.log.topic, id: 1, call: all });
  stranger.send(a, { t: "announce?", topic: a.log.topic });
  await simulation.time.pass(60_000);
  assert.deepEqual([...new Set(stranger.heard.map(({ t }) => t))], ["subscribe"]);
  assert.deepEqual(a.log.replicatorPeers, [b.id]);
  assert.ok(!JSON.stringify(stranger.heard).includes("secret"));
  await simulation.stop();
});
