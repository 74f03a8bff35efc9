// Peers as people run them: processes of their own, over libp2p, killed with `kill -9`.

import assert from "node:assert/strict";
import { cpSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { test } from "node:test";
import { openWorkspace } from "../workspace/index.ts";
import { holdfast, holdfastFailure, holdfastJson, Running, type RunOptions, TestFolder } from "./testing/holdfast.ts";
import { JumpingClock } from "./testing/jumping-clock.ts";
import { whyNoMulticast } from "./testing/multicast.ts";
import { until } from "./testing/until.ts";

const HERE = "/ip4/127.0.0.1/tcp/0";
const LIMIT_MS = 60_000;

interface Peers {
  readonly id: string;
  readonly peers: readonly { readonly peer: string; readonly replicates: number; readonly converged: boolean }[];
  readonly away: readonly string[];
  readonly converged: boolean;
  readonly entries: number;
}

/** `up --peer` in a process of its own, ready. */
async function up(folder: string, ...options: (string | RunOptions)[]): Promise<Running> {
  const words = options.filter((option) => typeof option === "string");
  const [settings] = options.filter((option) => typeof option !== "string");
  const running = new Running(["up", folder, "--peer", "--port", "0", "--listen", HERE, ...words], settings);
  await running.firstLine();
  return running;
}

async function inviteTo(folder: string): Promise<string> {
  const { invites } = await holdfastJson<{ invites: string[] }>(["-C", folder, "peer", "address"]);
  return invites[0] as string;
}

function peersOf(folder: string): Promise<Peers> {
  return holdfastJson<Peers>(["-C", folder, "peer", "list"]);
}

async function converged(folder: string, count: number): Promise<boolean> {
  const { peers, converged: isEven } = await peersOf(folder);
  return isEven && peers.length === count;
}

function names(folder: string): Promise<string[]> {
  return holdfastJson<{ artifacts: { name: string; collection: string }[] }>([
    "-C",
    folder,
    "data",
    "list",
    "--in",
    "data",
  ]).then(({ artifacts }) => artifacts.map(({ name }) => name));
}

test("PEER-35 across networks by an address: a folder that was none becomes a copy, and both go on alike", {
  timeout: LIMIT_MS,
}, async () => {
  using folder = new TestFolder();
  const [a, b] = [folder.at("a"), folder.at("b")];
  mkdirSync(a);
  writeFileSync(folder.at("a/plan.md"), "the plan\n");
  await using upA = await up(a);
  await using upB = await up(b, "--bootstrap", await inviteTo(a));
  await until(() => existsSync(folder.at("b/plan.md")), "the file is there");
  assert.equal(readFileSync(folder.at("b/plan.md"), "utf8"), "the plan\n");
  writeFileSync(folder.at("b/reply.md"), "the reply\n");
  writeFileSync(folder.at("b/plan.md"), "the plan, changed\n");
  await until(() => existsSync(folder.at("a/reply.md")), "the reply is there");
  await until(() => readFileSync(folder.at("a/plan.md"), "utf8") === "the plan, changed\n", "the change is there");
  await holdfastJson(["-C", a, "data", "put", "output"], { input: "of a program" });
  await until(async () => (await names(b)).includes("output"), "the output is there");
  const { status } = { status: await holdfastJson<{ peers: { converged: boolean } }>(["-C", b, "status"]) };
  assert.equal(typeof status.peers.converged, "boolean");
  await until(() => converged(a, 1), "A says that it has converged");
  await until(() => converged(b, 1), "B says so, too");
  // The replicated content lies where a local put would have put it.
  assert.equal(readFileSync(folder.at("b/.holdfast/data/data/output/1/content"), "utf8"), "of a program");
  assert.equal(statSync(folder.at("b/.holdfast/workspace-key")).mode & 0o777, 0o600);
  assert.equal((await upA.end()).code, 0);
  assert.equal((await upB.end()).code, 0);
});

test("PEER-35 `join` by a peer's invite: the folder is a copy when it returns, and is kept one without the invite", {
  timeout: LIMIT_MS,
}, async () => {
  using folder = new TestFolder();
  const [a, b] = [folder.at("a"), folder.at("b")];
  mkdirSync(a);
  writeFileSync(folder.at("a/plan.md"), "the plan\n");
  await using _a = await up(a);
  await holdfastJson(["-C", a, "data", "put", "output"], { input: "of a program" });
  const { invite } = await holdfastJson<{ invite: string }>(["-C", a, "invite", "--peer"]);
  const { id } = await holdfastJson<{ id: string }>(["-C", a, "peer", "address"]);
  const joined = await holdfastJson<{ folder: string; peers: string[] }>(["join", invite, b]);
  assert.deepEqual([joined.folder, joined.peers], [b, [id]]);
  assert.equal(readFileSync(folder.at("b/plan.md"), "utf8"), "the plan\n");
  assert.equal(readFileSync(folder.at("b/.holdfast/data/data/output/1/content"), "utf8"), "of a program");
  // Its addresses are remembered.
  await using _b = await up(b);
  writeFileSync(folder.at("a/later.md"), "later\n");
  await until(() => existsSync(folder.at("b/later.md")), "it is kept in step");
  const running = await holdfastFailure(["join", invite, b]);
  assert.equal(running.code, "ALREADY_UP");
  const bad = await holdfastFailure(["join", `${invite}x`, folder.at("c")]);
  assert.equal(bad.code, "BAD_INVITE");
  assert.equal(existsSync(folder.at("c")), false);
});

test("PEER-35 two peers on one local network find each other without configuration", {
  timeout: LIMIT_MS,
  skip: (await whyNoMulticast()) ?? false,
}, async () => {
  using folder = new TestFolder();
  const [a, b] = [folder.at("a"), folder.at("b")];
  await holdfast(["init", a]);
  const local = async (at: string): Promise<Running> => {
    const running = new Running(["up", at, "--peer", "--port", "0"]);
    await running.firstLine();
    return running;
  };
  await using upA = await local(a);
  await upA.end();
  // A copy of the folder with a key of its own, as from a backup or a stick.
  mkdirSync(folder.at("b/.holdfast"), { recursive: true });
  for (const file of ["workspace.json", "workspace-key"]) {
    cpSync(folder.at(`a/.holdfast/${file}`), folder.at(`b/.holdfast/${file}`));
  }
  await using _a = await local(a);
  await using _b = await local(b);
  await until(() => converged(a, 1), "they have found each other", 40_000);
  writeFileSync(folder.at("a/found.txt"), "found\n");
  await until(() => existsSync(folder.at("b/found.txt")), "the file is there");
});

test("PEER-36 a stranger that connects is no peer, and gets nothing", { timeout: LIMIT_MS }, async () => {
  using folder = new TestFolder();
  const [a, stranger] = [folder.at("a"), folder.at("stranger")];
  mkdirSync(a);
  writeFileSync(folder.at("a/secret.txt"), "a secret\n");
  await using _a = await up(a);
  const [address = ""] = (await inviteTo(a)).split("#");
  await using upStranger = await up(stranger, "--bootstrap", address);
  // Connected: it answers to the name it has there; and a member comes through at the same time.
  await using _b = await up(folder.at("b"), "--bootstrap", await inviteTo(a));
  await until(() => existsSync(folder.at("b/secret.txt")), "a member has it");
  assert.deepEqual((await peersOf(stranger)).peers, []);
  assert.equal((await peersOf(a)).peers.length, 1);
  assert.equal(existsSync(folder.at("stranger/secret.txt")), false);
  assert.equal(upStranger.stdout.includes("secret"), false);
  assert.deepEqual(await names(stranger), []);
});

test("PEER-34 kill -9 right after an acknowledged append: it is there, on both sides, and nothing is there twice", {
  timeout: LIMIT_MS,
}, async () => {
  using folder = new TestFolder();
  const [a, b] = [folder.at("a"), folder.at("b")];
  const peers = { listen: [HERE], mdns: false };
  await using workspace = await openWorkspace(a, { peers });
  const invite = workspace.peers().invites[0] as string;
  const acknowledged: string[] = [];
  for (let round = 0; round < 3; round += 1) {
    const upB = await up(b, "--bootstrap", invite);
    try {
      for (let index = 0; index < 5; index += 1) {
        const name = `${round}-${index}`;
        await workspace.append(name, `text of ${name}`, { minAcks: 1, timeoutMs: 20_000 });
        acknowledged.push(name);
      }
    } finally {
      await upB.end("SIGKILL");
    }
    // Nobody keeps the folder now: what is there is what was written down.
    assert.deepEqual((await names(b)).toSorted(), acknowledged.toSorted());
  }
  for (const name of acknowledged) {
    const { versions } = await holdfastJson<{ versions: unknown[] }>(["-C", b, "data", "versions", name]);
    assert.equal(versions.length, 1);
  }
});

test("PEER-21 three processes, two replicas: every entry is on two; after kill -9 of one, two are restored", {
  timeout: 120_000,
}, async () => {
  using folder = new TestFolder();
  const at = ["a", "b", "c"].map((name) => folder.at(name)) as [string, string, string];
  await using _a = await up(at[0], "--replicate", "0.34");
  const invite = await inviteTo(at[0]);
  await using upB = await up(at[1], "--bootstrap", invite, "--replicate", "0.34");
  await using _c = await up(at[2], "--bootstrap", invite, "--replicate", "0.34");
  await until(
    async () => (await Promise.all(at.map((one) => converged(one, 2)))).every(Boolean),
    "all three know each other",
    30_000,
  );
  const wanted: string[] = [];
  for (let index = 0; index < 24; index += 1) {
    const name = `output ${index}`;
    await holdfastJson(["-C", at[index % 3] as string, "data", "put", name], { input: name });
    wanted.push(name);
  }
  const copies = async (folders: readonly string[]): Promise<number[]> => {
    const held = await Promise.all(folders.map(names));
    return wanted.map((name) => held.filter((those) => those.includes(name)).length);
  };
  await until(async () => (await copies(at)).every((count) => count >= 2), "two copies of everything", 30_000);
  await upB.end("SIGKILL");
  const killedMs = performance.now();
  await until(async () => (await copies([at[0], at[2]])).every((count) => count === 2), "two copies again", 30_000);
  assert.ok(performance.now() - killedMs < 20_000, "within ten beats");
});

test("PEER-30 parted while both sides write: the same when they meet again, and converged only then", {
  timeout: 120_000,
}, async () => {
  using folder = new TestFolder();
  const [a, b] = [folder.at("a"), folder.at("b")];
  mkdirSync(a);
  writeFileSync(folder.at("a/shared.txt"), "one\ntwo\nthree\n");
  await using _a = await up(a);
  const invite = await inviteTo(a);
  const upB = await up(b, "--bootstrap", invite);
  await until(() => existsSync(folder.at("b/shared.txt")), "the file is there");
  await until(() => converged(a, 1), "converged");
  // Stopped as it is: for the other it is a machine that nothing comes from any more.
  upB.child.kill("SIGSTOP");
  writeFileSync(folder.at("a/shared.txt"), "ONE\ntwo\nthree\n");
  writeFileSync(folder.at("a/of-a.txt"), "of a\n");
  await until(async () => (await peersOf(a)).away.length === 1, "B counts as away", 30_000);
  assert.equal((await peersOf(a)).converged, false);
  writeFileSync(folder.at("b/shared.txt"), "one\ntwo\nTHREE\n");
  writeFileSync(folder.at("b/of-b.txt"), "of b\n");
  upB.child.kill("SIGCONT");
  try {
    const merged = "ONE\ntwo\nTHREE\n";
    for (const one of [a, b]) {
      const read = (name: string): string => {
        try {
          return readFileSync(`${one}/${name}`, "utf8");
        } catch {
          return "";
        }
      };
      await until(() => read("shared.txt") === merged, `${one} has both changes`, 60_000);
      await until(
        () => read("of-a.txt") === "of a\n" && read("of-b.txt") === "of b\n",
        `${one} has both files`,
        30_000,
      );
    }
    await until(async () => (await converged(a, 1)) && (await converged(b, 1)), "both say so", 30_000);
  } finally {
    await upB.end();
  }
});

test("PEER-33 peers and a hub serve one workspace together: everything everywhere, no entry twice, one history", {
  timeout: 120_000,
}, async () => {
  using folder = new TestFolder();
  const [a, b, c, d] = ["a", "b", "c", "d"].map((name) => folder.at(name)) as [string, string, string, string];
  await using hub = new Running(["--json", "hub", "start", "--port", "0", "--data", folder.at("hub")]);
  const { url, adminToken } = JSON.parse(await hub.firstLine()) as { url: string; adminToken: string };
  for (const one of [a, b, d]) await holdfastJson(["join", `${url}/#${adminToken}`, one]);
  // A and B are at the hub and among peers, C is only a peer, D is only at the hub.
  await using _a = await up(a);
  const invite = await inviteTo(a);
  await using _b = await up(b, "--bootstrap", invite);
  await using _c = await up(c, "--bootstrap", invite);
  await using upD = new Running(["up", d]);
  await upD.firstLine();
  const all = [a, b, c, d];
  const everywhere = async (name: string, text: string): Promise<void> => {
    for (const one of all) {
      await until(() => readFileSync(`${one}/${name}`, "utf8") === text, `${name} is in ${one}`, 30_000);
    }
  };
  writeFileSync(`${c}/of-c.txt`, "of c\n");
  await everywhere("of-c.txt", "of c\n");
  writeFileSync(`${d}/of-d.txt`, "of d\n");
  await everywhere("of-d.txt", "of d\n");
  writeFileSync(`${b}/of-c.txt`, "of c, changed by b\n");
  await everywhere("of-c.txt", "of c, changed by b\n");
  writeFileSync(`${c}/of-c.txt`, "of c, changed by b and c\n");
  await everywhere("of-c.txt", "of c, changed by b and c\n");
  // One history: the same three versions at all four, each once.
  const histories = await Promise.all(
    all.map(async (one) => {
      const { versions } = await holdfastJson<{ versions: { entry: string }[] }>(["-C", one, "history", "of-c.txt"]);
      return versions.map(({ entry }) => entry).sort();
    }),
  );
  for (const history of histories) {
    assert.equal(history.length, 3);
    assert.deepEqual(history, histories[0]);
  }
});

test("a port in use, an address that is none, and a folder that is up already are told, and nothing is left", {
  timeout: LIMIT_MS,
}, async () => {
  using folder = new TestFolder();
  const [a, b] = [folder.at("a"), folder.at("b")];
  await using _a = await up(a);
  const { addresses } = await holdfastJson<{ addresses: string[] }>(["-C", a, "peer", "address"]);
  const taken = (addresses[0] as string).replace(/\/p2p\/.*$/, "");
  const inUse = await holdfastFailure(["up", b, "--peer", "--port", "0", "--listen", taken]);
  assert.equal(inUse.code, "PORT_IN_USE");
  const noAddress = await holdfastFailure(["up", b, "--peer", "--port", "0", "--listen", "here"]);
  assert.equal(noAddress.code, "BAD_ADDRESS");
  const noInvite = await holdfastFailure(["up", b, "--peer", "--port", "0", "--bootstrap", `${taken}#notakey`]);
  assert.equal(noInvite.code, "BAD_INVITE");
  const share = await holdfastFailure(["up", b, "--peer", "--replicate", "2"]);
  assert.equal(share.code, "BAD_OPTION");
  for (const limits of [
    ["--storage-limit", "lots"],
    ["--storage-limit", "0"],
    ["--load-limit", "-1"],
    ["--storage-limit", "1MB", "--replicate", "all"],
  ]) {
    assert.equal((await holdfastFailure(["up", b, ...limits])).code, "BAD_OPTION", limits.join(" "));
  }
  await assert.rejects(openWorkspace(a, { peers: { mdns: false } }), { code: "ALREADY_UP" });
  for (const peers of [
    { replicate: "auto", limits: { storageBytes: Number.NaN } },
    { replicate: "auto", limits: { load: 0 } },
    { replicate: "all", limits: { load: 1 } },
  ] as const) {
    await assert.rejects(openWorkspace(b, { peers }), { code: "BAD_OPTION" });
  }
  const nobody = await holdfastFailure(["-C", a, "peer", "ping", "00"]);
  assert.equal(nobody.code, "NOT_FOUND");
});

test("an address that does not answer is told, and the rest goes on", { timeout: LIMIT_MS }, async () => {
  using folder = new TestFolder();
  const a = folder.at("a");
  await using upA = await up(a, "--bootstrap", "/ip4/127.0.0.1/tcp/9");
  writeFileSync(folder.at("a/kept.txt"), "kept\n");
  await until(async () => (await holdfast(["-C", a, "history", "kept.txt"])).code === 0, "it is kept all the same");
  await until(
    () => readFileSync(folder.at("a/.holdfast/daemon.log"), "utf8").includes("nobody answers at /ip4/127.0.0.1/tcp/9"),
    "it is told",
  );
  assert.equal((await upA.end()).code, 0);
  const { code } = await holdfast(["-C", a, "peer", "list"]);
  assert.equal(code, 1, "nobody to ask");
});

test("a clock that jumps a year ahead, and two back: everything goes on, nothing is lost", {
  timeout: 120_000,
}, async () => {
  using folder = new TestFolder();
  const [a, b] = [folder.at("a"), folder.at("b")];
  mkdirSync(a);
  const clock = new JumpingClock(folder);
  await using _a = await up(a);
  await using _b = await up(b, { env: clock.env }, "--bootstrap", await inviteTo(a));
  const dayMs = 24 * 3_600_000;
  let round = 0;
  for (const jumpMs of [0, 365 * dayMs, -365 * dayMs, 0]) {
    clock.jump(jumpMs);
    round += 1;
    writeFileSync(folder.at("a/of-a.txt"), `of a, ${round}\n`);
    writeFileSync(folder.at("b/of-b.txt"), `of b, ${round}\n`);
    writeFileSync(folder.at(`b/new-${round}.txt`), "new\n");
    const isThere = (file: string, text: string): boolean => {
      return existsSync(folder.at(file)) && readFileSync(folder.at(file), "utf8") === text;
    };
    await until(() => isThere("b/of-a.txt", `of a, ${round}\n`), `what A wrote, with ${jumpMs} ms`, 20_000);
    await until(() => isThere("a/of-b.txt", `of b, ${round}\n`), `what B wrote, with ${jumpMs} ms`, 20_000);
    await until(() => isThere(`a/new-${round}.txt`, "new\n"), "a new file", 20_000);
    await until(async () => (await converged(a, 1)) && (await converged(b, 1)), "both say so", 20_000);
  }
  const { versions } = await holdfastJson<{ versions: { createdAt: string }[] }>(["-C", a, "history", "of-b.txt"]);
  assert.equal(versions.length, 4, "each version is there, once");
  const ahead = versions.filter(({ createdAt }) => Date.parse(createdAt) > Date.now() + 300 * dayMs);
  assert.ok(ahead.length > 0, "the clock did jump");
});

test("two nodes with one identity: the second is told, and neither is harmed", { timeout: LIMIT_MS }, async () => {
  using folder = new TestFolder();
  const [a, twin] = [folder.at("a"), folder.at("twin")];
  await holdfast(["init", a]);
  cpSync(a, twin, { recursive: true });
  await using _a = await up(a);
  const invite = await inviteTo(a);
  await using upTwin = await up(twin, "--bootstrap", invite);
  const log = folder.at("twin/.holdfast/daemon.log");
  await until(() => readFileSync(log, "utf8").includes("is this very identity"), "it is told", 20_000);
  assert.deepEqual((await peersOf(a)).peers, []);
  assert.equal((await upTwin.end()).code, 0);
});
