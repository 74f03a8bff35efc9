// A version of 1 GiB: in through a pipe, out through a pipe, and out to a file.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { readFileSync, rmSync } from "node:fs";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { test } from "node:test";
import { holdfastJson, Running, TestFolder } from "./testing/holdfast.ts";

const MIB = 1_024 * 1_024;
const TOTAL_MIB = 1_024;
const MAX_MEMORY_KIB = 128 * 1_024;

/** Watches the most memory that a process ever had in use, KiB, as the kernel counts it. */
function watchPeak(pid: number): { peakKib: () => number; stop: () => void } {
  let peak = 0;
  const timer = setInterval(() => {
    try {
      const status = readFileSync(`/proc/${pid}/status`, "utf8");
      peak = Math.max(peak, Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0));
    } catch {
      // It has ended: what was seen last counts.
    }
  }, 10);
  return { peakKib: () => peak, stop: () => clearInterval(timer) };
}

function* mebibytes(): Generator<Buffer> {
  const piece = Buffer.alloc(MIB);
  for (let n = 0; n < TOTAL_MIB; n += 1) {
    piece.writeUInt32LE(n, 0);
    yield Buffer.from(piece);
  }
}

test("STORE-35 a version of 1 GiB is put and got streaming, within 128 MiB of memory", {
  skip: process.platform !== "linux",
}, async () => {
  using folder = new TestFolder();
  await holdfastJson(["init", folder.path]);
  const digest = createHash("sha256");
  for (const piece of mebibytes()) digest.update(piece);
  const hash = digest.digest("hex");

  const put = new Running(["--json", "-C", folder.path, "data", "put", "large"]);
  const putPeak = watchPeak(put.pid);
  assert.ok(put.child.stdin);
  await pipeline(Readable.from(mebibytes()), put.child.stdin);
  const saved = JSON.parse((await put.finished).stdout) as { hash: string; size: number };
  putPeak.stop();
  assert.deepEqual([saved.hash, saved.size], [hash, TOTAL_MIB * MIB]);
  assert.ok(putPeak.peakKib() > 10_000 && putPeak.peakKib() < MAX_MEMORY_KIB, `put used ${putPeak.peakKib()} KiB`);

  const toFile = new Running(["-C", folder.path, "data", "get", "large", "--out", folder.at("out")]);
  const filePeak = watchPeak(toFile.pid);
  assert.equal((await toFile.finished).code, 0);
  filePeak.stop();
  rmSync(folder.at("out"));
  assert.ok(
    filePeak.peakKib() > 10_000 && filePeak.peakKib() < MAX_MEMORY_KIB,
    `get --out used ${filePeak.peakKib()} KiB`,
  );

  const { spawn } = await import("node:child_process");
  const get = spawn(
    new URL("../../bin/holdfast", import.meta.url).pathname,
    ["-C", folder.path, "data", "get", "large"],
    {
      stdio: ["ignore", "pipe", "inherit"],
    },
  );
  const getPeak = watchPeak(get.pid ?? 0);
  const got = createHash("sha256");
  await pipeline(get.stdout, got);
  getPeak.stop();
  assert.equal(got.digest("hex"), hash);
  assert.ok(getPeak.peakKib() > 10_000 && getPeak.peakKib() < MAX_MEMORY_KIB, `get used ${getPeak.peakKib()} KiB`);
});
