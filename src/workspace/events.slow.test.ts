// What a program hears through the SDK, and in which shape.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { TestFolder } from "../cli/testing/holdfast.ts";
import { until } from "../cli/testing/until.ts";
import { startHub } from "../hub/index.ts";
import { openWorkspace, type Workspace } from "../index.ts";

const PEERS = { listen: ["/ip4/127.0.0.1/tcp/0"], mdns: false };

function heardBy(workspace: Workspace): string[] {
  const heard: string[] = [];
  const nameOf = (peer: string): string => (peer === workspace.author ? "itself" : peer.slice(0, 8));
  workspace.on("replicator:join", (event) => heard.push(`join ${nameOf(event.peer)}`));
  workspace.on("replicator:leave", (event) => heard.push(`leave ${nameOf(event.peer)}`));
  workspace.on("replicator:mature", (event) => {
    assert.match(event.segment, /^[0-9a-f]{32}$/);
    heard.push(`mature ${nameOf(event.peer)}`);
  });
  workspace.on("replication:change", (event) => heard.push(`change ${nameOf(event.peer)}`));
  workspace.on("entry", ({ name, author }) => heard.push(`entry ${name} of ${nameOf(author)}`));
  return heard;
}

test("PEER-01 PEER-06 the SDK tells of joins, leaves and maturing once each, with {peer}; and of entries", {
  timeout: 60_000,
}, async () => {
  using folder = new TestFolder();
  await using a = await openWorkspace(folder.at("a"), { peers: PEERS });
  const heard = heardBy(a);
  const { invite } = await a.invite({ peer: true });
  const peers = { ...PEERS, bootstrap: [invite] };
  const first = await openWorkspace(folder.at("b"), { peers });
  const b = first.author.slice(0, 8);
  await a.waitForReplicator({ peer: first.author, timeoutMs: 20_000 });
  await first.append("report", "of b");
  await until(() => heard.length === 3, "the entry is heard of");
  await first.close();
  // It says so itself, right after it has saved something: nobody has to find out by its silence, which takes seven seconds.
  await until(() => heard.length === 4, "that it left is heard of", 3_000);
  assert.deepEqual(heard, [`join ${b}`, `mature ${b}`, `entry report of ${b}`, `leave ${b}`]);
  await using _again = await openWorkspace(folder.at("b"), { peers });
  await until(() => heard.length > 4, "it is back");
  assert.equal(heard[4], `join ${b}`);
});

test("a text of several lines is as many addresses, as `holdfast peer address` prints them", {
  timeout: 60_000,
}, async () => {
  using folder = new TestFolder();
  await using a = await openWorkspace(folder.at("a"), {
    peers: { ...PEERS, listen: [...PEERS.listen, "/ip4/127.0.0.1/tcp/0/ws"] },
  });
  const { invites } = a.peers();
  assert.equal(invites.length, 2);
  await using b = await openWorkspace(folder.at("b"), { peers: { ...PEERS, bootstrap: [`${invites.join("\n")}\n`] } });
  assert.equal(b.id, a.id);
  assert.equal(await b.waitForReplicator({ timeoutMs: 20_000 }), a.author);
});

test("what of `peers` cannot be is refused before the folder is made a workspace", async () => {
  using folder = new TestFolder();
  const bad: readonly (readonly [string, unknown])[] = [
    ...[0, 1.5, "2", 1e9, Number.NaN].map((replicas) => ["BAD_OPTION", { replicas }] as const),
    ...[2, "some", Number.NaN, "0.5"].map((replicate) => ["BAD_OPTION", { replicate }] as const),
    ...[
      { listen: "x" },
      { mdns: 1 },
      { beatMs: -1 },
      { roleAgeMs: Number.NaN },
      { restartCheckMs: "1" },
      { limits: 5 },
    ].map((peers) => ["BAD_OPTION", peers] as const),
    ...["x", [5]].map((bootstrap) => ["BAD_OPTION", { bootstrap }] as const),
    ...[[""], ["/ip4/127.0.0.1/tcp/1#x"]].map((bootstrap) => ["BAD_INVITE", { bootstrap }] as const),
  ];
  for (const [code, peers] of bad) {
    await assert.rejects(openWorkspace(folder.at("a"), { peers: peers as object }), { code }, JSON.stringify(peers));
  }
  assert.equal(existsSync(folder.at("a")), false);
  for (const address of [{ bootstrap: ["y"] }, { listen: ["y"] }]) {
    await assert.rejects(openWorkspace(folder.at("a"), { peers: { ...PEERS, ...address } }), { code: "BAD_ADDRESS" });
  }
  await using _a = await openWorkspace(folder.at("a"), { peers: PEERS });
});

test("a bootstrap address that does not answer is told to a program by `peer:error`", { timeout: 60_000 }, async () => {
  using folder = new TestFolder();
  await using a = await openWorkspace(folder.at("a"), { peers: { ...PEERS, bootstrap: ["/ip4/127.0.0.1/tcp/1"] } });
  const errors: string[] = [];
  a.on("peer:error", ({ code }) => errors.push(code));
  await until(() => errors.includes("PEER_UNREACHABLE"), "it is told");
});

for (const isAmongPeers of [false, true]) {
  const where = isAmongPeers ? ", also among peers" : "";
  test(
    `a sync tells of entries of others, and of what it keeps beside a file that both sides had changed${where}`,
    {
      timeout: 60_000,
    },
    () => syncTells(isAmongPeers),
  );
}

async function syncTells(isAmongPeers: boolean): Promise<void> {
  using folder = new TestFolder();
  await using undo = new AsyncDisposableStack();
  const hub = await startHub({ dir: folder.at("hub"), port: 0, workspace: { id: "w", name: "shared" } });
  undo.defer(() => hub.close());
  const join = async (name: string, peers?: typeof PEERS): Promise<Workspace> => {
    mkdirSync(folder.at(name));
    return openWorkspace(folder.at(name), {
      hub: hub.url,
      token: (await hub.storage.tokens.create("member")).token,
      ...(peers === undefined ? {} : { peers }),
    });
  };
  await using a = await join("a");
  await using b = await join("b", isAmongPeers ? PEERS : undefined);
  writeFileSync(folder.at("a/plan.bin"), Buffer.of(0, 1));
  await a.sync();
  const entries: string[] = [];
  const conflicts: { path: string; copy: string }[] = [];
  b.on("entry", ({ collection, name, author }) => entries.push(`${collection} ${name} ${author === a.author}`));
  b.on("conflict", (event) => conflicts.push(event));
  await a.put("output", "of a");
  await b.put("own", "of b");
  await a.sync();
  await b.sync();
  assert.deepEqual(entries.sort(), ["data output true", "files plan.bin true"]);
  writeFileSync(folder.at("a/plan.bin"), Buffer.of(0, 1, 2));
  writeFileSync(folder.at("b/plan.bin"), Buffer.of(0, 1, 3));
  await a.sync();
  await b.sync();
  assert.equal(conflicts.length, 1);
  assert.equal(conflicts[0]?.path, "plan.bin");
  assert.match(conflicts[0]?.copy ?? "", /^plan \(conflict .*\)\.bin$/);
  assert.deepEqual(
    (await b.conflicts()).conflicts.map(({ path }) => path),
    ["plan.bin"],
  );
}
