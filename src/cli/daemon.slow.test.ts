// `up`, `down`, `join` and `invite` as people use them, with what goes wrong.

import assert from "node:assert/strict";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { holdfast, holdfastFailure, holdfastJson, Running, TestFolder } from "./testing/holdfast.ts";

interface Up {
  readonly pid: number;
  readonly url: string;
  readonly folder: string;
}

/** Also false for one that has ended and that nobody has taken note of yet. */
function isAlive(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

async function until(condition: () => boolean, what: string): Promise<void> {
  const deadline = performance.now() + 30_000;
  while (!condition()) {
    assert.ok(performance.now() < deadline, `never happened: ${what}`);
    await sleep(10);
  }
}

/** A daemon in the background, ended at the end of the test. */
class Kept implements AsyncDisposable {
  readonly up: Up;
  private constructor(up: Up) {
    this.up = up;
  }
  static async start(folder: string, ...args: string[]): Promise<Kept> {
    return new Kept(await holdfastJson<Up>(["up", folder, "--detach", ...args]));
  }
  async [Symbol.asyncDispose](): Promise<void> {
    if (isAlive(this.up.pid)) process.kill(this.up.pid, "SIGKILL");
    await until(() => !isAlive(this.up.pid), "the daemon is gone");
  }
}

test("up --detach returns when the hub answers and saves are seen; down returns when the process is gone", async () => {
  using folder = new TestFolder();
  await using a = await Kept.start(folder.at("a"), "--port", "0");
  assert.equal(a.up.folder, folder.at("a"));
  assert.equal((await fetch(`${a.up.url}/healthz`)).status, 200);
  const { invite } = await holdfastJson<{ invite: string }>(["-C", folder.at("a"), "invite"]);
  assert.match(invite, /^http:\/\/127\.0\.0\.1:\d+\/#[A-Za-z0-9_-]{43}$/);
  assert.equal(
    (await holdfast(["-C", folder.at("a"), "invite"])).stdout.trim().split("#").length,
    2,
    "the invite alone",
  );
  await holdfastJson(["join", invite, folder.at("b")]);
  await using b = await Kept.start(folder.at("b"));
  assert.equal(b.up.url, a.up.url, "a joined folder serves no hub of its own");
  assert.ok(!existsSync(folder.at("b/.holdfast/hub")));
  writeFileSync(folder.at("a/one"), "from a");
  await until(
    () => existsSync(folder.at("b/one")) && readFileSync(folder.at("b/one"), "utf8") === "from a",
    "it travels",
  );
  const down = await holdfastJson<{ pid: number }>(["down", folder.at("a")]);
  assert.deepEqual(down, { stopped: true, pid: a.up.pid });
  assert.throws(() => process.kill(a.up.pid, 0), { code: "ESRCH" });
  assert.deepEqual(await holdfastJson(["down", folder.at("a")]), { stopped: false, pid: null });
  assert.ok(!existsSync(folder.at("a/.holdfast/daemon.json")));
});

test("a second up of one folder fails with ALREADY_UP, in the foreground and detached, and names the first", async () => {
  using folder = new TestFolder();
  await using first = await Kept.start(folder.path, "--port", "0");
  for (const args of [
    ["up", folder.path],
    ["up", folder.path, "--detach"],
  ]) {
    const failure = await holdfastFailure(args);
    assert.equal(failure.code, "ALREADY_UP");
    assert.deepEqual([failure.details?.pid, failure.details?.url], [first.up.pid, first.up.url]);
  }
  assert.ok(isAlive(first.up.pid));
});

test("what a killed daemon leaves behind fools nobody", async () => {
  using folder = new TestFolder();
  {
    await using killed = await Kept.start(folder.path, "--port", "0");
    process.kill(killed.up.pid, "SIGKILL");
    await until(() => !isAlive(killed.up.pid), "it is gone");
    assert.ok(existsSync(folder.at(".holdfast/daemon.json")));
    assert.equal((await holdfastJson<{ pid: number | null }>(["-C", folder.path, "status"])).pid, null);
    assert.equal((await holdfastFailure(["-C", folder.path, "invite"])).code, "NOT_UP");
    assert.deepEqual(await holdfastJson(["down", folder.path]), { stopped: false, pid: null });
  }
  await using again = await Kept.start(folder.path, "--port", "0");
  assert.equal((await holdfastJson<{ pid: number | null }>(["-C", folder.path, "status"])).pid, again.up.pid);
});

test("a taken port is stepped over, unless --port names it", async () => {
  using folder = new TestFolder();
  const taken = createServer();
  // Somebody else may have it for a moment, and give it back when we rely on it: it has to be ours.
  const listens = (): Promise<boolean> =>
    new Promise((resolve) => {
      taken.removeAllListeners("error");
      taken.once("error", () => resolve(false));
      taken.listen(7_460, "127.0.0.1", () => resolve(true));
    });
  const deadline = performance.now() + 60_000;
  while (!(await listens())) {
    assert.ok(performance.now() < deadline, "port 7460 is never free");
    await sleep(50);
  }
  try {
    const failure = await holdfastFailure(["up", folder.path, "--detach", "--port", "7460"]);
    assert.deepEqual([failure.code, failure.exitCode], ["PORT_IN_USE", 1]);
    await using stepped = await Kept.start(folder.path);
    const port = Number(new URL(stepped.up.url).port);
    assert.ok(port > 7_460 && port <= 7_560, stepped.up.url);
  } finally {
    taken.close();
  }
});

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  test(`up in the foreground prints its URL on a line of its own, and exits 0 on ${signal}`, async () => {
    using folder = new TestFolder();
    await using up = new Running(["up", folder.at("new"), "--port", "0"]);
    const url = await up.firstLine();
    assert.equal((await fetch(`${url}/healthz`)).status, 200);
    const done = await up.end(signal);
    assert.deepEqual([done.code, done.stderr], [0, ""]);
    assert.ok(!existsSync(folder.at("new/.holdfast/daemon.json")));
  });
}

test("a folder that cannot be kept is refused with one coded error, also when detached", async () => {
  using folder = new TestFolder();
  const file = folder.write("file", "x");
  await holdfastJson(["init", folder.at("outer")]);
  mkdirSync(folder.at("outer/inner"));
  for (const more of [[], ["--detach"]]) {
    assert.equal((await holdfastFailure(["up", file, ...more])).code, "NOT_A_FOLDER");
    assert.equal((await holdfastFailure(["up", folder.at("outer/inner"), ...more])).code, "NESTED_WORKSPACE");
  }
  assert.deepEqual(readdirSync(folder.at("outer/inner")), []);
});

test("a join that fails leaves no trace in the folder", async () => {
  using folder = new TestFolder();
  await using a = await Kept.start(folder.at("a"), "--port", "0");
  const wrong = `${a.up.url}/#${"x".repeat(43)}`;
  assert.equal((await holdfastFailure(["join", wrong, folder.at("b")])).code, "UNAUTHORIZED");
  assert.equal(
    (await holdfastFailure(["join", `http://127.0.0.1:1/#${"x".repeat(43)}`, folder.at("b")])).code,
    "HUB_UNREACHABLE",
  );
  for (const invite of ["", "nonsense", a.up.url, `${a.up.url}/path#${"x".repeat(43)}`, `ftp://h/#${"x".repeat(43)}`]) {
    assert.equal((await holdfastFailure(["join", invite, folder.at("b")])).code, "BAD_INVITE", invite);
  }
  assert.ok(!existsSync(folder.at("b")));
  const { invite } = await holdfastJson<{ invite: string }>(["-C", folder.at("a"), "invite"]);
  await holdfastJson(["init", folder.at("other")]);
  assert.equal((await holdfastFailure(["join", invite, folder.at("other")])).code, "NESTED_WORKSPACE");
  assert.ok(!existsSync(folder.at("other/.holdfast/hub-link.json")));
});

test("up --hub INVITE joins a new folder; hub and token are kept for their owner's eyes only", async () => {
  using folder = new TestFolder();
  await using a = await Kept.start(folder.at("a"), "--port", "0");
  writeFileSync(folder.at("a/one"), "1");
  const { invite } = await holdfastJson<{ invite: string }>(["-C", folder.at("a"), "invite"]);
  await using b = await Kept.start(folder.at("b"), "--hub", invite);
  assert.equal(b.up.url, a.up.url);
  await until(() => existsSync(folder.at("b/one")), "the file comes");
  for (const secret of ["b/.holdfast/hub-link.json", "b/.holdfast/identity.json", "a/.holdfast/hub/own-token.json"]) {
    assert.equal(statSync(folder.at(secret)).mode & 0o777, 0o600, secret);
  }
  assert.equal((await holdfastFailure(["-C", folder.at("b"), "invite"])).code, "UNAUTHORIZED");
});

test("status tells hub, cursor, lag and queue, and that a hub does not answer", async () => {
  using folder = new TestFolder();
  let a: Kept | undefined = await Kept.start(folder.at("a"), "--port", "0");
  const { invite } = await holdfastJson<{ invite: string }>(["-C", folder.at("a"), "invite"]);
  await holdfastJson(["join", invite, folder.at("b")]);
  writeFileSync(folder.at("a/one"), "1");
  interface Status {
    readonly pid: number | null;
    readonly hub: { url: string; epoch: string; reachable: boolean };
    readonly cursor: number;
    readonly lag: number;
    readonly queue: number;
  }
  const statusOf = (name: string): Promise<Status> => holdfastJson<Status>(["-C", folder.at(name), "status"]);
  let seen = await statusOf("a");
  for (const deadline = performance.now() + 10_000; seen.cursor !== 1 && performance.now() < deadline; ) {
    seen = await statusOf("a");
  }
  assert.deepEqual([seen.pid, seen.cursor, seen.lag], [a.up.pid, 1, 0]);
  const behind = await statusOf("b");
  assert.deepEqual([behind.pid, behind.cursor, behind.lag, behind.hub.reachable], [null, 0, 1, true]);
  assert.equal(behind.hub.epoch, seen.hub.epoch);
  await a[Symbol.asyncDispose]();
  a = undefined;
  const alone = await statusOf("b");
  assert.deepEqual([alone.hub.reachable, alone.hub.epoch, alone.cursor], [false, seen.hub.epoch, 0]);
});
