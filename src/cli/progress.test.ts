import assert from "node:assert/strict";
import { test } from "node:test";
import { type PhaseReached, Progress, progressLine, reachedOf } from "./progress.ts";

const GIB = 1_024 ** 3;

function watched(isTTY: boolean, json = false) {
  let nowMs = 0;
  const written: string[] = [];
  const output = { isTTY, write: (text: string) => written.push(text) };
  const progress = new Progress({ json }, { label: "saving", totalBytes: GIB }, output, () => nowMs);
  return {
    written,
    progress,
    at: (ms: number, bytes: number) => {
      nowMs = ms;
      progress.update({ bytes });
    },
  };
}

test("nothing is said of what takes less than a second", () => {
  const { at, written, progress } = watched(false);
  at(999, GIB);
  progress[Symbol.dispose]();
  assert.deepEqual(written, []);
});

test("plain lines come every few seconds, with bytes, rate and time left", () => {
  const { at, written } = watched(false);
  for (let ms = 0; ms <= 8_000; ms += 100) at(ms, (GIB * ms) / 10_000);
  assert.deepEqual(written, [
    "saving: 102 MiB of 1.0 GiB, 102 MiB/s, 9 s left\n",
    "saving: 410 MiB of 1.0 GiB, 102 MiB/s, 6 s left\n",
    "saving: 717 MiB of 1.0 GiB, 102 MiB/s, 3 s left\n",
  ]);
});

test("on a terminal one line rewrites itself and is wiped at the end", () => {
  const { at, written, progress } = watched(true);
  at(1_000, GIB / 4);
  at(1_100, GIB / 3);
  at(1_300, GIB / 2);
  progress[Symbol.dispose]();
  assert.equal(written.length, 3);
  assert.ok(written.every((text) => text.startsWith("\r") && !text.includes("\n")));
  assert.match(written[2] ?? "", /^\r +\r$/);
});

test("with --json nothing is written", () => {
  const { at, written } = watched(true, true);
  at(60_000, GIB / 2);
  assert.deepEqual(written, []);
});

test("files are counted too, and what is unknown is left out", () => {
  assert.equal(
    progressLine({ label: "sending" }, { files: 3, totalFiles: 12 }, 1_000),
    "sending: 3 of 12 files, 3 s left",
  );
  assert.equal(progressLine({ label: "taking in" }, { files: 3 }, 1_000), "taking in: 3 files");
  assert.equal(progressLine({ label: "saving" }, { bytes: 2_048 }, 1_000), "saving: 2.0 KiB, 2.0 KiB/s");
});

test("rate and time left are those of the phase, and a phase that has not said how far it is says so", () => {
  let nowMs = 0;
  const written: string[] = [];
  const output = { write: (text: string) => written.push(text) };
  const progress = new Progress({ json: false }, { label: "syncing" }, output, () => nowMs);
  const at = (ms: number, reached: PhaseReached): void => {
    nowMs = ms;
    progress.update(reachedOf(reached));
  };
  at(0, { phase: "scan", files: 1, bytes: 1_024 });
  at(2_000, { phase: "scan", files: 10, bytes: 4_096 });
  at(3_000, { phase: "push", files: 0, totalFiles: 10, bytes: 0 });
  at(5_000, { phase: "push", files: 5, totalFiles: 10, bytes: 2_048 });
  assert.deepEqual(written, [
    "saving what is new here: 10 files, 4.0 KiB, 2.0 KiB/s\n",
    "sending: 5 of 10 files, 2.0 KiB, 1.0 KiB/s, 2 s left\n",
  ]);
});
