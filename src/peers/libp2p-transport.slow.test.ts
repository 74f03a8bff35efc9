import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { type Author, newIdentity } from "../entries/index.ts";
import { Libp2pTransport } from "./libp2p-transport.ts";

const PATIENCE_MS = 20_000;

/** Started; `connected` is whom it is told of. */
async function started(isMember: (peer: Author) => boolean, onFrame = (_frame: Uint8Array): void => {}) {
  const connected = new Set<Author>();
  const transport = new Libp2pTransport({ identity: newIdentity().identity, listen: ["/ip4/127.0.0.1/tcp/0"] });
  await transport.start({
    onConnected: (peer) => connected.add(peer),
    onDisconnected: (peer) => connected.delete(peer),
    onFrame: (_peer, frame) => onFrame(frame),
    isMember,
  });
  return { transport, connected };
}

async function until(isSo: () => boolean, what: string): Promise<void> {
  const lateMs = performance.now() + PATIENCE_MS;
  while (!isSo()) {
    assert.ok(performance.now() < lateMs, what);
    await pause(20);
  }
}

const throughOthers = (transport: Libp2pTransport): string | undefined =>
  transport.addresses().find((address) => address.includes("/p2p-circuit"));

test("who is stopped has said all that it was to say, also behind much that waits to be sent", {
  timeout: 60_000,
}, async () => {
  for (const [frames, bytes] of [
    [0, 0],
    [3, 200_000],
    [100, 50_000],
  ] as const) {
    const read: number[] = [];
    const reader = await started(
      () => true,
      (frame) => read.push(frame.length),
    );
    const sender = await started(() => true);
    await sender.transport.connect(reader.transport.addresses()[0] as string);
    await until(() => sender.connected.has(reader.transport.self), "they are connected");
    for (let index = 0; index < frames; index += 1) sender.transport.send(reader.transport.self, new Uint8Array(bytes));
    assert.ok(sender.transport.send(reader.transport.self, new Uint8Array(7)));
    await sender.transport.stop();
    await until(() => read.length === frames + 1, `all ${frames + 1} are read`);
    assert.equal(read.at(-1), 7);
    await reader.transport.stop();
  }
});

test("members get a place with one that passes connections on, and are reached by it; a stranger gets none", {
  timeout: 60_000,
}, async () => {
  const members = new Set<Author>();
  const relay = await started((peer) => members.has(peer));
  const stranger = await started(() => true);
  const x = await started(() => true);
  const y = await started(() => true);
  const all = [relay, stranger, x, y];
  try {
    members.add(x.transport.self).add(y.transport.self);
    const address = relay.transport.addresses()[0] as string;
    await stranger.transport.connect(address);
    await x.transport.connect(address);
    await until(() => throughOthers(x.transport) !== undefined, "the member has a place");
    assert.equal(throughOthers(stranger.transport), undefined, "who came first and is a stranger has none");
    await y.transport.connect(address);
    // As a third knows it: the path by way of the other, without the id of whom it leads to.
    const path = (throughOthers(x.transport) as string).replace(/\/p2p\/[^/]+$/, "");
    assert.ok(path.endsWith("/p2p-circuit"));
    y.transport.reconnect(x.transport.self, [path]);
    await until(() => y.connected.has(x.transport.self), "they are connected");
  } finally {
    for (const { transport } of all) await transport.stop();
  }
});
