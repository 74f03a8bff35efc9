// What the daemon's log tells, and how often.

import assert from "node:assert/strict";
import { readFileSync, symlinkSync } from "node:fs";
import { createServer } from "node:net";
import { test } from "node:test";
import { type StartedHub, startHub } from "../hub/index.ts";
import { until } from "../hub/testing/wait-until.ts";
import { fewWatches } from "./testing/few-watches.ts";
import { holdfast, holdfastJson, Running, TestFolder } from "./testing/holdfast.ts";
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

test("that the hub is lost is a line when the reason changes, and that it is back, but not a hundred times an hour", () => {
  let nowMs = 0;
  const lines = new LineChooser(() => nowMs);
  const lost = (code: "HUB_UNREACHABLE" | "UNAUTHORIZED"): boolean =>
    lines.isWorthALine({ kind: "hub", state: "lost", code, message: "..." });
  const back = (): boolean => lines.isWorthALine({ kind: "hub", state: "back" });
  assert.ok(!back(), "a daemon that starts finds its hub");
  assert.deepEqual([lost("HUB_UNREACHABLE"), lost("HUB_UNREACHABLE")], [true, false]);
  assert.deepEqual([lost("UNAUTHORIZED"), back(), back()], [true, true, false]);
  let told = 3;
  for (let n = 0; n < 1_000; n += 1) told += Number(lost("HUB_UNREACHABLE")) + Number(back());
  assert.equal(told, 100);
  nowMs = 3_600_000;
  // Whatever was told last is not told again.
  assert.deepEqual([lost("HUB_UNREACHABLE"), back()], [false, true]);
});

test("HUB-38 the daemon's log has one line when the hub is lost, however often it is tried again, and one when it is back", async () => {
  using folder = new TestFolder();
  await using stack = new AsyncDisposableStack();
  let hub: StartedHub | undefined;
  const serve = async (port: number): Promise<StartedHub> => {
    hub = await startHub({ dir: folder.at("hub"), port, workspace: { id: "w", name: "shared" } });
    return hub;
  };
  const { port, url, storage } = await serve(0);
  stack.defer(() => hub?.close());
  const { token } = await storage.tokens.create("member");
  await holdfastJson(["join", `${url}/#${token}`, folder.at("a")]);
  stack.defer(async () => void (await holdfast(["down", folder.at("a")])));
  await holdfastJson(["up", folder.at("a"), "--detach"]);
  const told = (): string[] =>
    readFileSync(folder.at("a/.holdfast/daemon.log"), "utf8")
      .split("\n")
      .flatMap((line) => (line.includes('"kind":"hub"') ? [JSON.parse(line).state] : []));
  for (let round = 1; round <= 2; round += 1) {
    const before = Array.from({ length: round - 1 }, () => ["lost", "back"]).flat();
    assert.deepEqual(told(), before);
    await hub?.close();
    let tries = 0;
    const nothing = createServer((socket) => {
      tries += 1;
      socket.destroy();
    });
    stack.defer(() => void nothing.close());
    await new Promise<void>((resolve) => nothing.listen(port, "127.0.0.1", resolve));
    await until(() => tries >= 3, 20_000);
    assert.deepEqual(told(), [...before, "lost"]);
    await new Promise((resolve) => nothing.close(resolve));
    await serve(port);
    await until(() => told().length === 2 * round, 20_000);
    assert.deepEqual(told(), [...before, "lost", "back"]);
  }
});
