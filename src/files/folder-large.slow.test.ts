// A file as large as a hub takes by default, through two daemons, within a bound of memory.

import assert from "node:assert/strict";
import { createHash, randomBytes } from "node:crypto";
import { appendFileSync, createReadStream, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { holdfastJson, Running } from "../cli/testing/holdfast.ts";
import { until } from "../hub/testing/wait-until.ts";

const MIB = 1_024 * 1_024;
const FILE_MIB = 100;
const BOUND_MIB = 128;
const PATIENCE_MS = 60_000;

/** The most memory that a process has had, and has now, MiB. */
function memoryMiB(pid: number, what: "VmHWM" | "VmRSS"): number {
  const kib = new RegExp(`${what}:\\s+(\\d+) kB`).exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1];
  return Number(kib) / 1_024;
}

async function hashOf(path: string): Promise<string> {
  const digest = createHash("sha256");
  for await (const chunk of createReadStream(path)) digest.update(chunk as Uint8Array);
  return digest.digest("hex");
}

test("FILE-22 100 MiB stream through a hub into another folder within 128 MiB of memory", async (t) => {
  const root = mkdtempSync(join(tmpdir(), "holdfast-large-"));
  const [one, other, hub] = [join(root, "one"), join(root, "other"), join(root, "hub")];
  {
    await using server = new Running(["--json", "hub", "start", "--data", hub, "--port", "0"]);
    const { url, adminToken } = JSON.parse(await server.firstLine()) as { url: string; adminToken: string };
    for (const folder of [one, other]) {
      mkdirSync(folder);
      await holdfastJson(["join", `${url}/#${adminToken}`, folder]);
    }
    await using sender = new Running(["up", one]);
    await using receiver = new Running(["up", other]);
    const running = { sender, receiver, hub: server };
    await sender.firstLine();
    await receiver.firstLine();
    const before = Object.values(running).map(({ pid }) => memoryMiB(pid, "VmRSS"));
    const file = join(one, "large");
    for (let written = 0; written < FILE_MIB; written += 10) appendFileSync(file, randomBytes(10 * MIB));
    const arrived = join(other, "large");
    await until(() => statSync(arrived, { throwIfNoEntry: false })?.size === FILE_MIB * MIB, PATIENCE_MS);
    assert.equal(await hashOf(arrived), await hashOf(file));
    for (const [index, [name, { pid }]] of Object.entries(running).entries()) {
      const most = memoryMiB(pid, "VmHWM");
      const grown = most - (before[index] ?? 0);
      t.diagnostic(`${name}: ${most.toFixed(0)} MiB at the most, ${grown.toFixed(0)} more than before`);
      assert.ok(grown <= BOUND_MIB, `${name} grew by ${grown.toFixed(0)} MiB`);
    }
  }
  rmSync(root, { recursive: true, force: true });
});
