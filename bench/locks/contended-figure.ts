// Eight processes want one lock at the same moment and hold it for 50 ms each: when is the last one done?

import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import type { Settings } from "../explorer/settings.ts";
import type { Line } from "../explorer/table.ts";
import { median } from "../files/table.ts";
import { hasFlock } from "./peers.ts";

const PROCESSES = 8;
const HOLD_MS = 50;
const CONTENDER = fileURLToPath(new URL("./contender.ts", import.meta.url));
const AIM = 1.1; // 0.44 s of 0.40 s

export async function contendedFigure({ isQuick, say }: Settings): Promise<Line[]> {
  const dir = mkdtempSync(join(tmpdir(), "holdfast-bench-contended-"));
  const rounds = isQuick ? 1 : 5;
  const times = new Map<string, number[]>();
  const note = (name: string, ms: number): void => void times.set(name, [...(times.get(name) ?? []), ms]);
  for (let round = 0; round < rounds; round += 1) {
    note("one process, 8 sleeps", await sleeps());
    note("holdfast", await contended("holdfast", join(dir, `holdfast-${round}`)));
    if (hasFlock) note("flock", await flocks(join(dir, `flock-${round}`)));
    // It takes minutes.
    if (round < 2) note("proper-lockfile", await contended("proper-lockfile", join(dir, `proper-${round}`)));
    note("lockfile", await contended("lockfile", join(dir, `lockfile-${round}`)));
  }
  for (const [name, all] of times) say(`${name}: ${all.map((ms) => ms.toFixed(0)).join(", ")} ms`);
  const line = { figure: `${PROCESSES} processes x ${HOLD_MS} ms, last one done`, unit: "ms" } as const;
  const ours = median(times.get("holdfast") ?? []);
  const peers = ["one process, 8 sleeps", "flock", "proper-lockfile", "lockfile"];
  return [
    { ...line, ours, peer: "ideal", theirs: PROCESSES * HOLD_MS, aim: { atMost: AIM } },
    ...peers.map((peer): Line => {
      const theirs = times.get(peer);
      return { ...line, ours, peer, theirs: theirs && median(theirs), note: "not installed" };
    }),
  ];
}

/** What the machine makes of the ideal just now. */
async function sleeps(): Promise<number> {
  const startedMs = performance.now();
  for (let time = 0; time < PROCESSES; time += 1) await pause(HOLD_MS);
  return performance.now() - startedMs;
}

async function contended(kind: string, path: string): Promise<number> {
  const children = Array.from({ length: PROCESSES }, () =>
    spawn(process.execPath, [CONTENDER, kind, path, String(HOLD_MS)], { stdio: ["pipe", "pipe", "inherit"] }),
  );
  await Promise.all(children.map((child) => once(child.stdout, "data")));
  await pause(200); // what starting them leaves to do
  const done = Promise.all(children.map((child) => once(child.stdout, "data")));
  const startedMs = performance.now();
  for (const child of children) child.stdin.write("go\n");
  await done;
  const ms = performance.now() - startedMs;
  await Promise.all(children.map(ended));
  return ms;
}

/** Each is a small program, and its start is in the figure. */
async function flocks(path: string): Promise<number> {
  const startedMs = performance.now();
  await Promise.all(
    Array.from({ length: PROCESSES }, () => ended(spawn("flock", [path, "sleep", String(HOLD_MS / 1_000)]))),
  );
  return performance.now() - startedMs;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
}
