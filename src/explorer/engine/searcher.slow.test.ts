// A thread that searches a part of a tree: what it says, and that no program keeps it for ever.

import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { inspect } from "node:util";
import { Worker } from "node:worker_threads";
import { raceFile } from "../testing/race-file.ts";
import { RESTLESS } from "./restless.ts";
import type { FromSearcher, SearcherData, SentJob, ToSearcher } from "./searcher-protocol.ts";
import { targetOf } from "./target.ts";

const WHOLE_TREE: SentJob = { choices: [], asleep: [] };

/** What a searcher says last of a whole tree; as in a search, it is given more time where the machine gave it little. */
async function searched(file: string, exported: string, threaded = false): Promise<FromSearcher> {
  for (let restMs = 1000; ; restMs *= 2) {
    const message = await searchedIn(restMs, file, exported, threaded);
    const tookLong = message.kind === "failed" && message.why === "took long";
    if (!tookLong || restMs > 30_000) return message;
  }
}

async function searchedIn(restMs: number, file: string, exported: string, threaded: boolean): Promise<FromSearcher> {
  const { modules } = targetOf(file, { exported });
  assert.ok(modules !== undefined);
  const worker = new Worker(new URL("./searcher.ts", import.meta.url), {
    workerData: {
      file,
      exported,
      sources: modules.export(),
      options: {},
      threaded,
      maxSteps: 2000,
      restMs,
      allowance: { runs: Number.POSITIVE_INFINITY, taken: new SharedArrayBuffer(4) },
    } satisfies SearcherData,
  });
  try {
    worker.postMessage({ kind: "job", job: WHOLE_TREE } satisfies ToSearcher);
    for (;;) {
      const [message] = (await once(worker, "message", { signal: AbortSignal.timeout(60_000) })) as [FromSearcher];
      if (message.kind !== "progress" && message.kind !== "ready") return message;
    }
  } finally {
    await worker.terminate();
  }
}

test("a searcher that comes to the end of its part says how many runs that were", async () => {
  const message = await searched(raceFile("small"), "lockOrLeave");
  assert.equal(message.kind, "done");
  assert.ok(message.counts.runs > 0 && message.counts.traces > 0);
});

for (const exported of ["spin", "microtasks", "ticks"]) {
  test(`RACE-12 a searcher ends a program that does not come to rest, and tells it with the way there: ${exported}`, async () => {
    const message = await searched(raceFile("endless"), exported);
    assert.ok(message.kind === "found", inspect(message));
    assert.deepEqual(message.found.violation, { kind: "unbounded", process: "a", message: RESTLESS });
    assert.equal(message.found.choices.length > 0, exported !== "ticks");
  });
}

test("RACE-12 so does one with threads for the processes", async () => {
  const message = await searched(raceFile("endless"), "syncSpin", true);
  assert.ok(message.kind === "found", inspect(message));
  assert.deepEqual(message.found.violation, { kind: "unbounded", process: "a", message: RESTLESS });
});

test("RACE-18 a searcher whose scenario is at fault says so", async () => {
  for (const threaded of [false, true]) {
    const message = await searched(raceFile("endless"), "setupSpin", threaded);
    assert.deepEqual(message, { kind: "failed", why: "fault", message: "setup does not end" });
  }
});
