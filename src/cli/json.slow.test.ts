// Every command, in success and in failure, with --json.

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { COMMANDS } from "./command-table.ts";
import { holdfast, holdfastFailure, holdfastJson, oneDocument, Running, TestFolder } from "./testing/holdfast.ts";
import { APART, GUARDED, LOST_UPDATE } from "./testing/races.ts";

/** The keys that each command's document has at least, on a workspace where there is something to tell. */
interface Case {
  readonly args: readonly string[];
  readonly keys: readonly string[];
  readonly input?: string;
}

/** Without looking around on the machine's networks. */
const AMONG_PEERS = ["--peer", "--listen", "/ip4/127.0.0.1/tcp/0"];
const folder = new TestFolder();
const [main, copy] = [folder.at("main"), folder.at("copy")];
let daemonPid = 0;
const here = (...args: string[]): string[] => ["-C", main, ...args];

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("STORE-33 --json prints exactly one document", { timeout: 120_000 }, () => {
  before(async () => {
    mkdirSync(main);
    writeFileSync(folder.at("main/plan.md"), "the first plan\n");
    const { pid } = await holdfastJson<{ pid: number }>(["up", main, "--port", "0", ...AMONG_PEERS, "--detach"]);
    daemonPid = pid;
    await holdfastJson(here("data", "put", "a"), { input: "one" });
    await holdfastJson(here("data", "put", "a"), { input: "two" });
  });
  after(async () => {
    await holdfast(["down", main]);
    await holdfast(["down", folder.at("peer")]);
    folder[Symbol.dispose]();
  });

  // In this order: later ones need what earlier ones did.
  const SUCCESSES: Readonly<Record<string, () => Promise<Case> | Case>> = {
    init: () => ({ args: ["init", folder.at("fresh")], keys: ["folder", "workspace", "name", "created"] }),
    "data put": () => ({
      args: here("data", "put", "b"),
      input: "x",
      keys: ["collection", "name", "version", "hash", "size", "entry"],
    }),
    "data get": () => ({
      args: here("data", "get", "a", "--version", "1"),
      keys: ["collection", "name", "version", "hash", "size", "entry", "type", "author", "createdAt", "tags"],
    }),
    "data list": () => ({ args: here("data", "list"), keys: ["artifacts"] }),
    "data versions": () => ({ args: here("data", "versions", "a"), keys: ["versions"] }),
    "data delete": () => ({
      args: here("data", "delete", "a", "--version", "1"),
      keys: ["collection", "name", "deleted"],
    }),
    "data grep": () => ({ args: here("data", "grep", "two"), keys: ["matches", "unread"] }),
    "data export": () => ({
      args: here("data", "export", folder.at("data.tar")),
      keys: ["collection", "artifacts", "versions", "bytes", "out"],
    }),
    "data import": () => ({
      args: ["-C", folder.at("fresh"), "data", "import", folder.at("data.tar")],
      keys: ["collection", "artifacts", "versions", "skipped", "bytes"],
    }),
    "data verify": () => ({ args: here("data", "verify"), keys: ["checked", "damaged", "catalog"] }),
    "data rename": () => ({ args: here("data", "rename", "b", "b2"), keys: ["collection", "from", "to", "versions"] }),
    "data gc": () => ({ args: here("data", "gc", "--dry-run"), keys: ["removed", "bytes"] }),
    "data compact": () => ({ args: here("data", "compact"), keys: ["contents", "bytes"] }),
    "lock list": () => ({ args: here("lock", "list"), keys: ["locks"] }),
    "lock run": () => ({
      args: here("lock", "run", "mine", "--", "echo", "said"),
      keys: ["scope", "command", "exitCode", "signal"],
    }),
    invite: () => ({ args: here("invite"), keys: ["invite"] }),
    join: async () => {
      const { invite } = await holdfastJson<{ invite: string }>(here("invite"));
      return { args: ["join", invite, copy], keys: ["folder", "workspace", "hub", "pulled", "pushed", "sequence"] };
    },
    sync: () => ({ args: ["-C", copy, "sync"], keys: ["pulled", "pushed", "sequence"] }),
    status: () => ({
      args: here("status"),
      keys: ["pid", "hub", "cursor", "lag", "queue", "conflicts", "lastError", "peers"],
    }),
    publish: () => ({ args: here("publish", "builds", "green"), keys: ["sequence", "entry"] }),
    subscribe: () => ({ args: here("subscribe", "builds"), keys: ["topics"] }),
    conflicts: () => ({ args: here("conflicts"), keys: ["conflicts"] }),
    history: () => ({ args: here("history", "plan.md"), keys: ["path", "versions"] }),
    restore: () => ({ args: here("restore", "plan.md", "--version", "1"), keys: [] }),
    retry: () => ({ args: here("retry"), keys: ["retried"] }),
    grep: () => ({ args: here("grep", "plan"), keys: ["results"] }),
    "hub token create": () => ({ args: here("hub", "token", "create"), keys: ["id", "token"] }),
    "hub token list": () => ({ args: here("hub", "token", "list"), keys: ["tokens"] }),
    "hub token revoke": async () => {
      const { id } = await holdfastJson<{ id: string }>(here("hub", "token", "create"));
      return { args: here("hub", "token", "revoke", id), keys: ["id"] };
    },
    "lock release": async () => {
      return { args: here("lock", "release", "daemon", "--force"), keys: ["scope", "generation", "released"] };
    },
    explore: () => ({
      args: ["explore", folder.write("apart.race.ts", APART)],
      keys: [
        ...["verdict", "runs", "traces", "interleavings", "interleavings_at_least"],
        ...["elapsed_ms", "cut_off_by", "within", "seed"],
      ],
    }),
    replay: async () => {
      const trace = folder.at("lost.json");
      await holdfast(["explore", folder.write("lost.race.ts", LOST_UPDATE), "--trace", trace], { cwd: folder.path });
      folder.write("lost.race.ts", GUARDED);
      return { args: ["replay", trace], keys: ["same", "violated", "differs_from"] };
    },
    completion: () => ({ args: ["completion", "bash"], keys: ["shell", "script"] }),
    "peer start": () => ({
      args: ["peer", "start", folder.at("peer"), "--port", "0", ...AMONG_PEERS.slice(1), "--detach"],
      keys: ["pid", "url", "folder"],
    }),
    "peer list": () => ({ args: here("peer", "list"), keys: ["id", "peers", "away", "converged", "entries"] }),
    "peer address": () => ({ args: here("peer", "address"), keys: ["id", "addresses", "invites"] }),
    "peer ping": () => ({ args: here("peer", "ping"), keys: ["peers"] }),
    "peer segments": () => ({ args: here("peer", "segments"), keys: ["segments"] }),
    up: () => ({ args: ["up", folder.at("other"), "--port", "0", "--detach"], keys: ["pid", "url", "folder"] }),
    down: () => ({ args: ["down", folder.at("other")], keys: ["stopped", "pid"] }),
  };

  for (const [path, makeCase] of Object.entries(SUCCESSES)) {
    if (path === "lock release") continue; // last: it takes the daemon's lock from it
    test(`STORE-33 ${path} succeeds with one document`, async () => {
      const { args, keys, input } = await makeCase();
      const document = await holdfastJson(args, input === undefined ? {} : { input });
      for (const key of keys) assert.ok(key in document, `${path} tells ${key}: ${JSON.stringify(document)}`);
    });
  }

  test("STORE-33 commands that are ended by a signal print their document when they are ready", async () => {
    await using hub = new Running(["--json", "hub", "start", "--port", "0", "--data", folder.at("hub")]);
    await hub.firstLine();
    const document = oneDocument((await hub.end()).stdout) as Record<string, unknown>;
    assert.deepEqual(Object.keys(document).sort(), ["adminToken", "url"]);

    await using listen = new Running(["--json", ...here("listen", "--since", "0")]);
    const line = JSON.parse(await listen.firstLine()) as Record<string, unknown>;
    for (const key of ["sequence", "id", "collection", "name", "kind", "author", "time"]) assert.ok(key in line, key);
    assert.equal((await listen.end("SIGINT")).code, 0);

    await using watch = new Running(["--json", ...here("data", "watch", "--prefix", "watched")]);
    // It says nothing before the first change: one is made until it tells of one.
    const saving = async (): Promise<void> => {
      for (let n = 0; n < 100 && watch.stdout === ""; n += 1) await holdfastJson(here("data", "put", `watched ${n}`));
    };
    const [told] = await Promise.all([watch.firstLine(), saving()]);
    const change = JSON.parse(told) as Record<string, unknown>;
    for (const key of ["kind", "collection", "name", "version", "deleted", "entry", "hash", "size"])
      assert.ok(key in change);
    assert.equal((await watch.end("SIGINT")).code, 0);
  });

  const FAILURES: Readonly<Record<string, { args: string[]; code: string; exitCode: number }>> = {
    init: { args: ["init", folder.write("file", "x")], code: "NOT_A_FOLDER", exitCode: 1 },
    up: { args: ["up", main, "--detach"], code: "ALREADY_UP", exitCode: 1 },
    down: { args: ["down", folder.at("nowhere")], code: "NO_WORKSPACE", exitCode: 1 },
    invite: { args: ["-C", folder.at("fresh"), "invite"], code: "NOT_JOINED", exitCode: 1 },
    join: { args: ["join", "http://127.0.0.1:7460/", folder.at("j")], code: "BAD_INVITE", exitCode: 1 },
    status: { args: ["-C", folder.at("nowhere"), "status"], code: "NO_WORKSPACE", exitCode: 1 },
    sync: { args: here("sync"), code: "SYNC_RUNNING", exitCode: 75 },
    listen: { args: here("listen", "--since", "minus one"), code: "USAGE", exitCode: 2 },
    publish: { args: here("publish", "../up", "text"), code: "BAD_NAME", exitCode: 1 },
    subscribe: { args: here("subscribe", "/absolute"), code: "BAD_NAME", exitCode: 1 },
    conflicts: { args: here("conflicts", "resolve", "plan.md"), code: "NOT_FOUND", exitCode: 1 },
    history: { args: here("history", "nothing"), code: "NOT_FOUND", exitCode: 1 },
    restore: { args: here("restore", "plan.md"), code: "USAGE", exitCode: 2 },
    retry: { args: here("retry", "/etc/passwd"), code: "USAGE", exitCode: 2 },
    grep: { args: here("grep"), code: "USAGE", exitCode: 2 },
    "data put": { args: here("data", "put", "a", folder.at("nowhere")), code: "NOT_FOUND", exitCode: 1 },
    "data get": { args: here("data", "get", "nothing"), code: "NOT_FOUND", exitCode: 1 },
    "data list": { args: here("data", "list", "--in", "../x"), code: "BAD_NAME", exitCode: 1 },
    "data versions": { args: here("data", "versions", "nothing"), code: "NOT_FOUND", exitCode: 1 },
    "data delete": { args: here("data", "delete", "a", "--version", "77"), code: "NOT_FOUND", exitCode: 1 },
    "data grep": { args: here("data", "grep", "two", "--limit", "0"), code: "USAGE", exitCode: 2 },
    "data watch": { args: here("data", "watch", "--in", "../x"), code: "BAD_NAME", exitCode: 1 },
    "data export": { args: here("data", "export"), code: "USAGE", exitCode: 2 },
    "data import": { args: here("data", "import", folder.write("no.tar", "x")), code: "CORRUPT", exitCode: 1 },
    "data verify": { args: here("data", "verify", "--in", "../x"), code: "BAD_NAME", exitCode: 1 },
    "data rename": { args: here("data", "rename", "a", "a"), code: "BAD_OPTION", exitCode: 2 },
    "data gc": { args: here("data", "gc", "--in", "../x"), code: "BAD_NAME", exitCode: 1 },
    "data compact": { args: ["-C", folder.at("nowhere"), "data", "compact"], code: "NO_WORKSPACE", exitCode: 1 },
    "lock list": { args: ["-C", folder.at("nowhere"), "lock", "list"], code: "NO_WORKSPACE", exitCode: 1 },
    "lock run": { args: here("lock", "run", "mine"), code: "USAGE", exitCode: 2 },
    "lock release": { args: here("lock", "release", "daemon"), code: "USAGE", exitCode: 2 },
    "hub start": { args: ["hub", "start", "--host", "0.0.0.0", "--port", "0"], code: "TLS_REQUIRED", exitCode: 1 },
    "hub token create": { args: here("hub", "token", "create", "--role", "king"), code: "USAGE", exitCode: 2 },
    "hub token list": { args: ["hub", "token", "list", "--data", folder.path], code: "NOT_FOUND", exitCode: 1 },
    "hub token revoke": { args: here("hub", "token", "revoke", "nothing"), code: "NOT_FOUND", exitCode: 1 },
    explore: { args: ["explore", folder.at("nowhere.race.ts")], code: "SCENARIO", exitCode: 2 },
    replay: { args: ["replay", folder.at("nowhere.json")], code: "SCENARIO", exitCode: 2 },
    "peer start": { args: ["peer", "start", main, "--replicate", "lots"], code: "BAD_OPTION", exitCode: 2 },
    "peer list": { args: ["-C", folder.at("fresh"), "peer", "list"], code: "NOT_UP", exitCode: 1 },
    "peer address": { args: ["-C", folder.at("fresh"), "peer", "address"], code: "NOT_UP", exitCode: 1 },
    "peer ping": { args: here("peer", "ping", "nobody"), code: "NOT_FOUND", exitCode: 1 },
    "peer segments": { args: ["-C", folder.at("fresh"), "peer", "segments"], code: "NOT_UP", exitCode: 1 },
    completion: { args: ["completion", "tcsh"], code: "USAGE", exitCode: 2 },
  };

  for (const [path, { args, code, exitCode }] of Object.entries(FAILURES)) {
    test(`STORE-33 ${path} fails with one document: ${code}`, async () => {
      const failure = await holdfastFailure(args, { cwd: folder.path });
      assert.deepEqual([failure.code, failure.exitCode], [code, exitCode], failure.error);
      assert.ok(failure.error.length > 0 && failure.hint.length > 0, "it says what happened and what to do");
    });
  }

  test("STORE-33 wrong usage fails with one document and exit code 2", async () => {
    for (const args of [
      [],
      ["nonsense"],
      ["data"],
      ["data", "get"],
      ["data", "get", "a", "b"],
      ["status", "--nonsense"],
    ]) {
      const failure = await holdfastFailure(args, { cwd: main });
      assert.deepEqual([failure.code, failure.exitCode], ["USAGE", 2], args.join(" "));
    }
  });

  test("STORE-33 --help and --version are one document too, and each command's help has an example", async () => {
    assert.deepEqual(Object.keys(await holdfastJson(["--version"])), ["version"]);
    await Promise.all(
      COMMANDS.map(async ({ path }) => {
        const { help } = await holdfastJson<{ help: string }>([...path.split(" "), "--help"]);
        assert.match(help, new RegExp(`Usage: holdfast ${path}`));
        assert.match(help, /\nExample:\n {2}.*holdfast/);
      }),
    );
  });

  test("STORE-33 no command is left out of these tests", () => {
    const paths = COMMANDS.map(({ path }) => path);
    assert.deepEqual(
      paths.filter((path) => !(path in FAILURES)),
      [],
    );
    assert.deepEqual(
      paths.filter((path) => !(path in SUCCESSES) && !["hub start", "listen", "data watch"].includes(path)),
      [],
    );
  });

  test("STORE-33 lock release succeeds with one document", async () => {
    const released = await holdfastJson(here("lock", "release", "daemon", "--force"));
    assert.equal(released.released, true);
    // The daemon notices at its next heartbeat and ends: nobody keeps a folder without its lock.
    const deadline = performance.now() + 20_000;
    while (isAlive(daemonPid)) {
      assert.ok(performance.now() < deadline, "the daemon ends");
      await sleep(20);
    }
  });
});

test("STORE-34 no command asks anything: with nothing on stdin each ends by itself", { timeout: 60_000 }, async () => {
  using empty = new TestFolder();
  await holdfastJson(["init", empty.path]);
  await holdfastJson(["-C", empty.path, "data", "put", "a"], { input: "x" });
  const ended = COMMANDS.filter(({ endedBySignal }) => endedBySignal !== true);
  for (const { path, args = [] } of ended) {
    const words = args.filter(([usage]) => usage.startsWith("<")).map(() => "a");
    // stdin stays open and silent: a command that asked would wait for ever.
    await using running = new Running(["-C", empty.path, ...path.split(" "), ...words], { cwd: empty.path }, "ignore");
    const { code } = await running.finished;
    assert.notEqual(code, null, path);
    assert.doesNotMatch(running.stdout + running.stderr, /\?\s*$|\[y\/n\]/i, path);
  }
});
