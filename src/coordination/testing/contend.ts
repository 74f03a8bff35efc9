// For tests: many processes that find one dead owner.

import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import { thisProcess } from "../owner.ts";
import { LockProcess, TempDir } from "./processes.ts";

/** So many processes try, at the same instant, to take a lock over, forty times: each time exactly one gets it. */
export async function contend(contenders: number): Promise<void> {
  using dir = new TempDir();
  const rounds = 40;
  const dead = { ...thisProcess(), startTime: "1", scope: "x", holder: "x", leaseMs: 10_000, sinceMs: 0 };
  for (let round = 0; round < rounds; round += 1) {
    mkdirSync(dir.at(`${round}`));
    writeFileSync(dir.at(`${round}`, "1"), JSON.stringify(dead));
  }
  const startAtMs = Date.now() + 300 + contenders * 100;
  const processes = Array.from({ length: contenders }, () => new LockProcess("try", dir.path, { rounds, startAtMs }));
  try {
    await Promise.all(processes.map((process) => process.event("done")));
    const wins = processes.flatMap((process) => process.events.filter((event) => event.event === "won"));
    assert.deepEqual(
      wins.map((win) => win.round).sort((a, b) => Number(a) - Number(b)),
      Array.from({ length: rounds }, (_, round) => round),
    );
    assert.ok(wins.every((win) => win.generation === 2));
  } finally {
    await Promise.all(processes.map((process) => process.kill()));
  }
}
