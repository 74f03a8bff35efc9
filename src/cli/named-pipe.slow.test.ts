// Named pipes where files are named.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, lstatSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { holdfast, holdfastJson, PROJECT, Running, TestFolder } from "./testing/holdfast.ts";

const SOME = "a line of some length\n".repeat(20_000);

async function workspaceWithPipe(folder: TestFolder): Promise<{ here: string[]; pipe: string }> {
  await holdfastJson(["init", folder.at("w")]);
  const pipe = folder.at("pipe");
  execFileSync("mkfifo", [pipe]);
  return { here: ["-C", folder.at("w")], pipe };
}

describe("a named pipe", { skip: process.platform !== "linux" && "it looks into /proc" }, () => {
  test("is saved from and written to, whoever comes first, and stays a pipe", async () => {
    using folder = new TestFolder();
    const { here, pipe } = await workspaceWithPipe(folder);
    const some = folder.write("some", SOME);
    {
      await using put = new Running([...here, "data", "put", "a", pipe]);
      execFileSync("sh", ["-c", `cat '${some}' >'${pipe}'`]);
      assert.equal((await put.finished).code, 0);
    }
    assert.equal((await holdfast([...here, "data", "get", "a"])).stdout, SOME);
    const cat = spawn("sh", ["-c", `cat '${pipe}' >'${folder.at("out")}'`]);
    const ended = new Promise((resolve) => cat.once("close", resolve));
    assert.equal((await holdfast([...here, "data", "get", "a", "--out", pipe])).code, 0);
    await ended;
    assert.equal(readFileSync(folder.at("out"), "utf8"), SOME);
    assert.equal(lstatSync(pipe).isFIFO(), true);
    // One without a name has its other end already, and may be empty.
    for (const [command, size] of [
      [`cat '${some}'`, SOME.length],
      ["true", 0],
    ] as const) {
      const line = `'${join(PROJECT, "bin/holdfast")}' --json -C '${folder.at("w")}' data put b <(${command})`;
      const put = JSON.parse(execFileSync("bash", ["-c", line], { encoding: "utf8" })) as { size: number };
      assert.equal(put.size, size);
    }
  });

  for (const verb of ["put", "get"]) {
    test(`STORE-36 Ctrl-C at \`data ${verb}\` with a pipe to which nobody comes: 130, at once, no debris`, async () => {
      using folder = new TestFolder();
      const { here, pipe } = await workspaceWithPipe(folder);
      await holdfastJson([...here, "data", "put", "a"], { input: "x" });
      const args = verb === "put" ? ["put", "b", pipe] : ["get", "a", "--out", pipe];
      await using running = new Running([...here, "data", ...args]);
      await untilIdle(running.pid);
      const startedMs = performance.now();
      assert.equal((await running.end("SIGINT")).code, 130);
      assert.ok(performance.now() - startedMs < 5_000);
      const staging = folder.at("w/.holdfast/staging");
      assert.deepEqual(existsSync(staging) ? readdirSync(staging) : [], []);
      assert.deepEqual(readdirSync(folder.path).sort(), ["pipe", "w"]);
    });
  }
});

/** Waits until the process does next to nothing any more: it has come to where it waits. */
async function untilIdle(pid: number): Promise<void> {
  const deadline = performance.now() + 20_000;
  for (let before = -1; performance.now() < deadline; ) {
    const ticks = cpuTicks(pid);
    if (ticks > 5 && ticks - before <= 1) return;
    before = ticks;
    await sleep(300);
  }
  throw new Error(`process ${pid} never came to rest`);
}

/** Hundredths of a second of the processor that it has used. */
function cpuTicks(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
  return Number(fields[11]) + Number(fields[12]);
}
