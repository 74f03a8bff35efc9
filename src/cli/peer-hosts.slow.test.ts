// Peers on hosts of their own, with networks between them.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { holdfastJson, Running, TestFolder } from "./testing/holdfast.ts";
import { type Host, Hosts, whyNoHosts } from "./testing/hosts.ts";
import { until } from "./testing/until.ts";

const OPTIONS = { timeout: 120_000, skip: whyNoHosts() ?? false };

async function up(host: Host, folder: string, ...options: string[]): Promise<Running> {
  const running = new Running(["up", folder, "--peer", "--port", "0", ...options], host);
  await running.firstLine();
  return running;
}

/** How another host joins, at `address`. */
async function inviteTo(host: Host, folder: string, address: string): Promise<string> {
  const { invites } = await holdfastJson<{ invites: string[] }>(["-C", folder, "peer", "address"], host);
  const invite = invites.find((one) => one.includes(`/${address}/`));
  assert.ok(invite, `an invite to ${address}: ${invites}`);
  return invite;
}

async function isEven(host: Host, folder: string, count: number): Promise<boolean> {
  const { peers, converged } = await peersOf(host, folder);
  return converged && peers.length === count;
}

function peersOf(
  host: Host,
  folder: string,
): Promise<{ peers: { peer: string }[]; away: string[]; converged: boolean }> {
  return holdfastJson(["-C", folder, "peer", "list"], host);
}

function read(file: string): string {
  return existsSync(file) ? readFileSync(file, "utf8") : "";
}

test(
  "PEER-30 two hosts, the cable cut while both write and put back: the same heads, and converged only then",
  OPTIONS,
  async () => {
    using hosts = new Hosts();
    using folder = new TestFolder();
    const [one, other] = [hosts.host(), hosts.host()];
    const cable = hosts.connect(one, other);
    const [a, b] = [folder.at("a"), folder.at("b")];
    mkdirSync(a);
    writeFileSync(folder.at("a/shared.txt"), "one\ntwo\nthree\n");
    await using _a = await up(one, a);
    await using _b = await up(other, b, "--bootstrap", await inviteTo(one, a, cable.addresses[0]));
    await until(() => existsSync(folder.at("b/shared.txt")), "the file is there");
    await until(() => isEven(one, a, 1), "converged");
    cable.cut();
    writeFileSync(folder.at("a/shared.txt"), "ONE\ntwo\nthree\n");
    writeFileSync(folder.at("b/shared.txt"), "one\ntwo\nTHREE\n");
    writeFileSync(folder.at("a/of-a.txt"), "of a\n");
    writeFileSync(folder.at("b/of-b.txt"), "of b\n");
    for (const [host, at] of [
      [one, a],
      [other, b],
    ] as const) {
      await until(async () => (await peersOf(host, at)).away.length === 1, "the other counts as away", 30_000);
      assert.equal((await peersOf(host, at)).converged, false);
    }
    cable.mend();
    for (const at of [a, b]) {
      await until(() => read(`${at}/shared.txt`) === "ONE\ntwo\nTHREE\n", `${at} has both changes`, 60_000);
      await until(
        () => read(`${at}/of-a.txt`) + read(`${at}/of-b.txt`) === "of a\nof b\n",
        `${at} has both files`,
        30_000,
      );
    }
    await until(async () => (await isEven(one, a, 1)) && (await isEven(other, b, 1)), "both say so", 30_000);
  },
);

test("PEER-35 two hosts on one network find each other without configuration", OPTIONS, async () => {
  using hosts = new Hosts();
  using folder = new TestFolder();
  const [one, other] = [hosts.host(), hosts.host()];
  const cable = hosts.connect(one, other);
  const [a, b] = [folder.at("a"), folder.at("b")];
  mkdirSync(a);
  await using _a = await up(one, a);
  const upB = await up(other, b, "--bootstrap", await inviteTo(one, a, cable.addresses[0]));
  await until(() => isEven(one, a, 1), "they know each other");
  await upB.end();
  // Nothing is left here that says where the other is.
  for (const file of ["peers.db", "peers.db-wal", "peers.db-shm", "peers.json"]) {
    rmSync(folder.at(`b/.holdfast/${file}`), { force: true });
  }
  await using _b = await up(other, b);
  await until(() => isEven(other, b, 1), "they have found each other", 40_000);
  writeFileSync(folder.at("b/found.txt"), "found\n");
  await until(() => read(folder.at("a/found.txt")) === "found\n", "the file is there");
});

test(
  "two hosts that reach a third only are connected through it, which sees nothing of what they say",
  OPTIONS,
  async () => {
    using hosts = new Hosts();
    using folder = new TestFolder();
    const [one, middle, other] = [hosts.host(), hosts.host(), hosts.host()];
    const first = hosts.connect(one, middle);
    const second = hosts.connect(other, middle);
    const [a, m, b] = [folder.at("a"), folder.at("m"), folder.at("b")];
    mkdirSync(a);
    // It holds nothing: what gets from one to the other is not through its store.
    await using _m = await up(middle, m, "--replicate", "none");
    await using _a = await up(one, a, "--bootstrap", await inviteTo(middle, m, first.addresses[1]));
    await using _b = await up(other, b, "--bootstrap", await inviteTo(middle, m, second.addresses[1]));
    await until(async () => (await peersOf(one, a)).peers.length === 2, "each sees the other", 60_000);
    writeFileSync(folder.at("a/plan.md"), "the plan\n");
    await until(() => read(folder.at("b/plan.md")) === "the plan\n", "the file is there", 30_000);
    assert.equal(existsSync(folder.at("m/plan.md")), false);
    await until(() => isEven(one, a, 2), "converged", 30_000);
  },
);
