// `holdfast lock run`, each command a process of its own.

import assert from "node:assert/strict";
import { statSync } from "node:fs";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { holdfast, holdfastFailure, holdfastJson, oneDocument, Running, TestFolder } from "./testing/holdfast.ts";

const BIN = fileURLToPath(new URL("../../bin/holdfast", import.meta.url));

interface Lock {
  readonly scope: string;
  readonly holder: string;
  readonly state: string;
}

async function workspace(folder: TestFolder): Promise<string[]> {
  await holdfastJson(["init", folder.path]);
  return ["-C", folder.path];
}

for (const scope of ["data", "structural"]) {
  test(`STORE-19 lock run ${scope}: the command writes at once, a stranger waits, the lock is freed at the end`, async () => {
    using folder = new TestFolder();
    const at = await workspace(folder);
    const script = `echo in; echo one | "$0" -C "$1" data put a && read word && echo two | "$0" -C "$1" data put a`;
    await using running = new Running([...at, "lock", "run", scope, "--", "sh", "-c", script, BIN, folder.path]);
    await running.until(() => running.stdout.includes("version 1"), "the first put");
    const { locks } = await holdfastJson<{ locks: Lock[] }>([...at, "lock", "list"]);
    assert.deepEqual(
      locks.map((lock) => [lock.scope, lock.holder, lock.state]),
      [[scope, "holdfast lock run", "held"]],
    );
    await using stranger = new Running([...at, "data", "put", "a"]);
    stranger.child.stdin?.end("three");
    for (let look = 0; look < 200; look += 1) {
      const listed = await holdfastJson<{ locks: Lock[] }>([...at, "lock", "list"]);
      // Behind a structural holder nobody stands in line: it is waited out.
      if (scope === "structural" ? look === 2 : listed.locks.some((lock) => lock.state === "waiting")) break;
    }
    assert.equal(stranger.stdout, "");
    running.child.stdin?.end("go on\n");
    const done = await running.finished;
    assert.equal(done.code, 0, done.stderr);
    assert.match(done.stdout, /^in\n.*version 1.*\n.*version 2/);
    assert.match((await stranger.finished).stdout, /version 3/);
    assert.deepEqual(await holdfastJson([...at, "lock", "list"]), { locks: [] });
  });
}

test("STORE-19 a stranger cannot claim the hold: forged, stale and foreign ones are refused with a code, and nothing is written", async () => {
  using folder = new TestFolder();
  using other = new TestFolder();
  const at = await workspace(folder);
  await holdfastJson(["init", other.path]);
  const shown = await holdfast([...at, "lock", "run", "structural", "--", "sh", "-c", 'echo "$HOLDFAST_HOLD"']);
  const stale = shown.stdout.trim();
  const put = async (env: string, folderPath = folder.path): Promise<string> => {
    const failure = await holdfastFailure(["-C", folderPath, "data", "put", "a"], {
      input: "x",
      env: { HOLDFAST_HOLD: env },
    });
    assert.ok(failure.hint.length > 20);
    const secret = /\.([\w-]{43})\./.exec(env)?.[1];
    assert.ok(secret === undefined || !JSON.stringify(failure).includes(secret));
    return failure.code;
  };
  assert.equal(await put(stale), "LOCK_LOST");
  assert.equal(await put("nonsense"), "LOCK_NOT_PASSED");
  await using running = new Running([
    ...at,
    "lock",
    "run",
    "structural",
    "--",
    "sh",
    "-c",
    'echo "$HOLDFAST_HOLD"; read word',
  ]);
  const good = await running.firstLine();
  assert.equal(await put(good.replace(/\.[\w-]{43}\./, `.${"b".repeat(43)}.`)), "LOCK_NOT_PASSED");
  assert.equal(await put(good, other.path), "LOCK_NOT_PASSED");
  const listed = await holdfast([...at, "lock", "list", "--json"]);
  assert.ok(!listed.stdout.includes(/\.([\w-]{43})\./.exec(good)?.[1] ?? "?"));
  // Reading needs no lock, and so no hold.
  assert.equal(
    (await holdfastFailure([...at, "data", "get", "a"], { env: { HOLDFAST_HOLD: "nonsense" } })).code,
    "NOT_FOUND",
  );
  assert.equal((await holdfast([...at, "data", "put", "a"], { input: "x", env: { HOLDFAST_HOLD: good } })).code, 0);
  await running.child.kill("SIGKILL");
  await running.finished;
  assert.equal(await put(good), "LOCK_LOST");
  const { versions } = await holdfastJson<{ versions: unknown[] }>([...at, "data", "versions", "a"]);
  assert.equal(versions.length, 1);
});

test("STORE-16 lock run: the exit code is the command's; signals go on to it; the lock is freed", async () => {
  using folder = new TestFolder();
  const at = await workspace(folder);
  const run = [...at, "lock", "run", "data", "--"];
  assert.equal((await holdfast([...run, "sh", "-c", "exit 7"])).code, 7);
  assert.equal((await holdfast([...run, "sh", "-c", "kill -9 $$"])).code, 137);
  const missing = await holdfastFailure([...run, "no-such-command-here"]);
  assert.deepEqual([missing.code, missing.exitCode], ["NOT_FOUND", 1]);
  assert.equal((await holdfastFailure([...at, "lock", "run", "data"])).code, "USAGE");
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    const name = signal.slice(3);
    const script = `trap 'echo got ${name}; exit 9' ${name}; echo ready; while :; do read -t 1 word; done`;
    await using running = new Running([...run, "bash", "-c", script]);
    await running.firstLine();
    const done = await running.end(signal);
    assert.deepEqual([done.code, done.stdout], [9, `ready\ngot ${name}\n`], done.stderr);
  }
  await using ended = new Running([...run, "sh", "-c", "echo in; exec sleep 20"]);
  await ended.firstLine();
  assert.equal((await ended.end("SIGTERM")).code, 143);
  assert.deepEqual(await holdfastJson([...at, "lock", "list"]), { locks: [] });
});

test("lock run --json prints one document; the command's own output goes to stderr", async () => {
  using folder = new TestFolder();
  const at = await workspace(folder);
  const done = await holdfast([...at, "--json", "lock", "run", "data", "--", "sh", "-c", "echo said; exit 3"]);
  assert.equal(done.code, 3);
  assert.deepEqual(oneDocument(done.stdout), {
    scope: "data",
    command: ["sh", "-c", "echo said; exit 3"],
    exitCode: 3,
    signal: null,
  });
  const [said, document] = done.stderr.trim().split("\n");
  assert.equal(said, "said");
  assert.equal((JSON.parse(document ?? "") as { code: string }).code, "COMMAND_FAILED");
});

test("STORE-17 lock run --timeout: exit code 75 on time, naming scope, holder, pid, host and age; bad values are refused", async () => {
  using folder = new TestFolder();
  const at = await workspace(folder);
  await using running = new Running([...at, "lock", "run", "sync", "--", "sh", "-c", "echo in; read word"]);
  await running.firstLine();
  const startedMs = performance.now();
  const failure = await holdfastFailure([...at, "lock", "run", "sync", "--timeout", "300", "--", "true"]);
  assert.ok(performance.now() - startedMs < 3000);
  assert.equal(failure.exitCode, 75);
  assert.match(
    failure.error,
    /^lock sync was not free within \d+ ms: held by holdfast lock run, pid \d+ on \S+, for \d+ ms$/,
  );
  for (const bad of ["-1", "soon", "1.5", "1e3", ""]) {
    const refused = await holdfastFailure([...at, "lock", "run", "sync", `--timeout=${bad}`, "--", "true"]);
    assert.deepEqual([refused.code, refused.exitCode], ["USAGE", 2], bad);
  }
  assert.ok(statSync(folder.at(".holdfast/locks/sync")).isDirectory());
});
