// A store of 100 artifacts beside one of 100,000: listing a hundred of them by prefix, reading one, saving one.
//
// The big store is made once in a run, by batches of a thousand saved as one: the same versions as put one by one.

import { execFileSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { initWorkspaceRecord } from "../../src/store/index.ts";
import { Artifacts } from "../../src/workspace/artifacts.ts";
import type { Settings } from "../explorer/settings.ts";
import type { Line } from "../explorer/table.ts";
import { median } from "../files/table.ts";

const SMALL = 100;
const BATCH = 1_000;
const TIMES = 200;
const AIM = 2;
const VERBS = ["list", "get", "put"] as const;

export async function sizeFigure({ isQuick, say }: Settings): Promise<Line[]> {
  const big = isQuick ? 5_000 : 100_000;
  using few = await storeOf(SMALL);
  const startedMs = performance.now();
  using many = await storeOf(big);
  say(`${big} artifacts made in ${((performance.now() - startedMs) / 1_000).toFixed(0)} s`);
  // What was made is written back first: it is not the disk at that work that is measured.
  execFileSync("sync");
  const times = { few: timesOf(), many: timesOf() };
  for (let time = 0; time < TIMES; time += 1) {
    await measure(few, SMALL, times.few, time);
    await measure(many, big, times.many, time);
  }
  return VERBS.map(
    (verb): Line => ({
      figure: `${verb === "list" ? "list of 100 by prefix" : verb}, ${big} artifacts, median of ${TIMES}`,
      ours: median(times.many[verb]),
      peer: `${SMALL} artifacts`,
      theirs: median(times.few[verb]),
      unit: "ms",
      aim: { atMost: AIM },
    }),
  );
}

type Times = Record<(typeof VERBS)[number], number[]>;

function timesOf(): Times {
  return { list: [], get: [], put: [] };
}

async function measure(artifacts: Artifacts, count: number, times: Times, time: number): Promise<void> {
  const group = (time * 7_919) % (count / SMALL);
  const name = `${group}/${(time * 31) % SMALL}`;
  times.list.push(await msOf(() => artifacts.list({ prefix: `${group}/` })));
  times.get.push(await msOf(() => artifacts.get(name)));
  times.put.push(await msOf(() => artifacts.put(name, `again ${time}`)));
}

async function msOf(work: () => Promise<unknown>): Promise<number> {
  const startedMs = performance.now();
  await work();
  return performance.now() - startedMs;
}

/** So many artifacts, named `GROUP/NUMBER`, a hundred in a group. */
async function storeOf(count: number): Promise<Artifacts> {
  const artifacts = new Artifacts(initWorkspaceRecord(mkdtempSync(join(tmpdir(), "holdfast-bench-size-"))));
  const { store } = artifacts;
  for (let from = 0; from < count; from += BATCH) {
    const numbers = Array.from({ length: Math.min(BATCH, count - from) }, (_, index) => from + index);
    await store.write(
      numbers.map((n) => ({
        collection: "data",
        name: `${Math.floor(n / SMALL)}/${n % SMALL}`,
        kind: "put",
        content: { at: store.staging.stageBytes(Buffer.from(`content ${n}`)), type: "text/plain" },
      })),
    );
  }
  return artifacts;
}
