// What the daemon's log tells, and how often.

import assert from "node:assert/strict";
import { readFileSync, symlinkSync } from "node:fs";
import { test } from "node:test";
import { until } from "../hub/testing/wait-until.ts";
import { fewWatches } from "./testing/few-watches.ts";
import { Running, TestFolder } from "./testing/holdfast.ts";
import { LineChooser } from "./worth-a-line.ts";

const notice = (message: string): { kind: "notice"; message: string } => ({ kind: "notice", message });

test("a merge, a conflict and a notice are lines; what came as it should, and progress, are not", () => {
  const lines = new LineChooser();
  for (const outcome of ["merged", "conflicted"] as const) {
    assert.ok(lines.isWorthALine({ kind: "outcome", outcome, path: "f" }));
    assert.ok(lines.isWorthALine({ kind: "outcome", outcome, path: "f" }), "each time: it is another one");
  }
  assert.ok(!lines.isWorthALine({ kind: "outcome", outcome: "created", path: "f" }));
  assert.ok(!lines.isWorthALine({ kind: "progress", phase: "pull", files: 1, bytes: 1 }));
  assert.ok(lines.isWorthALine({ kind: "conflict", path: "f", copy: "g" }));
});

test("a notice is a line once an hour, however often it comes, and of however many there are", () => {
  let nowMs = 0;
  const lines = new LineChooser(() => nowMs);
  const told: number[] = [];
  for (; nowMs < 7_300_000; nowMs += 2_000) if (lines.isWorthALine(notice("f is not synced"))) told.push(nowMs);
  assert.deepEqual(told, [0, 3_600_000, 7_200_000]);
  assert.ok(lines.isWorthALine(notice("g is not synced")));
  for (let n = 0; n < 120_000; n += 1) assert.ok(lines.isWorthALine(notice(`${n} is not synced`)));
});

test("a file that is left alone is one line in the log of a daemon that scans every few seconds", {
  timeout: 60_000,
}, async () => {
  using folder = new TestFolder();
  symlinkSync("/etc/hostname", folder.at("link"));
  using watches = new TestFolder();
  await using up = new Running(
    ["up", folder.path, "--port", "0"],
    { env: fewWatches(watches.write("limit", "0")) },
    "ignore",
  );
  await up.firstLine();
  const log = (): string => readFileSync(folder.at(".holdfast/daemon.log"), "utf8");
  // Links that come one after the other, each found by a scan of its own.
  for (let n = 0; n < 3; n += 1) {
    symlinkSync("/etc/hostname", folder.at(`later ${n}`));
    await until(() => log().includes(`later ${n} is not synced`), 20_000);
  }
  assert.equal(log().match(/"link is not synced/g)?.length, 1, log());
});
