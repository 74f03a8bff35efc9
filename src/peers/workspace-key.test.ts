import assert from "node:assert/strict";
import { test } from "node:test";
import { bestInvite, formatPeerInvite, parsePeerInvite, parsePeerInvites } from "./workspace-key.ts";

const ID = "01234567-89ab-cdef-0123-456789abcdef";
const KEY = Buffer.alloc(32, 7);

test("an invite has the address, the key and the workspace in it; several may stand in one text", () => {
  const invite = formatPeerInvite("/ip4/10.0.0.1/tcp/4001", ID, KEY);
  const { address, workspace } = parsePeerInvite(` ${invite}\n`);
  assert.deepEqual([address, workspace?.id, Buffer.from(workspace?.key ?? [])], ["/ip4/10.0.0.1/tcp/4001", ID, KEY]);
  const texts = [`${invite}\n/ip4/10.0.0.2/tcp/1\n`, "/ip4/10.0.0.3/tcp/1"];
  assert.deepEqual(
    parsePeerInvites(texts).map((one) => [one.address.slice(5, 13), one.workspace?.id]),
    [
      ["10.0.0.1", ID],
      ["10.0.0.2", undefined],
      ["10.0.0.3", undefined],
    ],
  );
  for (const bad of [`${invite} ${invite}x`, "", " \n"]) {
    assert.throws(() => parsePeerInvites([bad]), { code: "BAD_INVITE" }, bad);
  }
});

test("the address to pass on is one that others can reach, over the least", () => {
  const all = [
    "/ip4/127.0.0.1/tcp/1",
    "/ip4/10.0.0.1/tcp/2/ws",
    "/ip6/fd00::1/tcp/3",
    "/ip4/10.0.0.1/tcp/4/p2p/12D3/p2p-circuit/p2p/12D3",
    "/ip4/10.0.0.1/tcp/5",
  ].map((address) => formatPeerInvite(address, ID, KEY));
  const order: (string | undefined)[] = [];
  for (let left = all; left.length > 0; left = left.filter((one) => one !== order.at(-1))) order.push(bestInvite(left));
  assert.deepEqual(
    order.map((one) => /tcp\/(\d)/.exec(one ?? "")?.[1]),
    ["5", "2", "3", "4", "1"],
  );
  assert.equal(bestInvite([]), undefined);
});
