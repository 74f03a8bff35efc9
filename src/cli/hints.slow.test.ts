// Hints name commands: run as they are printed, from where the failure was met, they do what the hint says.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { shellWord } from "../errors.ts";
import { startHub } from "../hub/index.ts";
import { holdfast, holdfastFailure, holdfastJson, PROJECT, TestFolder } from "./testing/holdfast.ts";

interface Failure {
  readonly code: string;
  readonly hint: string;
}

/** The commands that a hint names. */
function commandsOf({ hint }: Failure): string[] {
  return [...hint.matchAll(/`(holdfast [^`]+)`/g)].map((match) => match[1] ?? "");
}

/** Runs `line` in a shell, as somebody would who copies it. */
async function shell(line: string, cwd: string): Promise<{ status: number | null; stdout: string; stderr: string }> {
  const PATH = `${join(PROJECT, "bin")}:${process.env.PATH}`;
  const child = spawn("sh", ["-c", line], { cwd, env: { ...process.env, PATH }, stdio: ["ignore", "pipe", "pipe"] });
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  if (child.exitCode === null) await once(child, "exit");
  return { status: child.exitCode, stdout, stderr };
}

test("a word for a shell is the text it was made of", async () => {
  for (const word of ["plain", "/a/b.c", "a b", "it's", '"', "$HOME", "`id`", "a\\b", "", "*", "-x", "é"]) {
    assert.equal((await shell(`printf %s ${shellWord(word)}`, "/")).stdout, word);
  }
});

test("a version that is not there: the hint's command lists those that are, of that artifact in that collection", async () => {
  using folder = new TestFolder();
  await holdfastJson(["init", folder.path]);
  for (const [name, collection] of [
    ["plan", "data"],
    ["it's a plan", "more of it"],
    ["-x", "data"],
  ] as const) {
    const where = ["--in", collection, "--", name];
    await holdfastJson(["-C", folder.path, "data", "put", ...where], { input: "text" });
    for (const verb of ["get", "delete"]) {
      const failure = await holdfastFailure(["-C", folder.path, "data", verb, "--version", "9", ...where]);
      assert.equal(failure.code, "NOT_FOUND");
      const [command = "", ...others] = commandsOf(failure);
      assert.deepEqual(others, []);
      const run = await shell(`${command.replace("data versions", "data versions --json")}`, folder.path);
      assert.equal(JSON.parse(run.stdout).versions.length, 1, `${command}: ${run.stderr}`);
    }
  }
});

test("restore of a version that is not there speaks of history, not of data", async () => {
  using folder = new TestFolder();
  await using stack = new AsyncDisposableStack();
  const hub = await startHub({ dir: folder.at("hub"), port: 0, workspace: { id: "w", name: "shared" } });
  stack.defer(() => hub.close());
  const { token } = await hub.storage.tokens.create("member");
  const work = folder.at("work");
  mkdirSync(join(work, "deep"), { recursive: true });
  writeFileSync(join(work, "deep/my plan"), "text");
  await holdfastJson(["join", `${hub.url}/#${token}`, work]);
  const within = { cwd: join(work, "deep") };
  for (const version of ["9", "bafynone"]) {
    const failure = await holdfastFailure(["restore", "my plan", "--version", version], within);
    assert.equal(failure.code, "NOT_FOUND");
    const [first = "", ...others] = commandsOf(failure);
    for (const command of [first.replace("PATH", "'my plan'"), ...others]) {
      const run = await shell(command, within.cwd);
      assert.ok(run.status === 0 && run.stdout.includes("my plan"), `${command}: ${run.stdout}${run.stderr}`);
    }
  }
  const [missing = ""] = commandsOf(await holdfastFailure(["restore", "my plan"], within));
  assert.equal((await shell(missing, within.cwd)).status, 0, missing);
  const unknown = await holdfastFailure(["history", "nothing"], within);
  for (const command of commandsOf(unknown)) assert.equal((await shell(command, within.cwd)).status, 0, command);
});

test("a daemon that runs, or does not: the hint's command names the folder, wherever one stands", async () => {
  using folder = new TestFolder();
  await using stack = new AsyncDisposableStack();
  const work = folder.at("ann's work");
  await holdfastJson(["up", work, "--port", "0", "--detach"]);
  stack.defer(async () => void (await holdfast(["down", work])));
  const [down = ""] = commandsOf(await holdfastFailure(["up", work], { cwd: "/" }));
  assert.match((await shell(down, "/")).stdout, /has ended/, down);
  const notUp = await holdfastFailure(["-C", work, "invite"], { cwd: "/" });
  assert.equal(notUp.code, "NOT_UP");
  const [up = ""] = commandsOf(notUp);
  assert.equal((await shell(up, "/")).status, 0, up);
  await holdfastJson(["-C", work, "invite"]);
  const [init = ""] = commandsOf(await holdfastFailure(["-C", folder.at("new one"), "data", "list"], { cwd: "/" }));
  assert.equal((await shell(init, "/")).status, 0, init);
  assert.ok(existsSync(folder.at("new one/.holdfast")));
});
