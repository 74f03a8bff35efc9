// Two collections written by two processes, against one process that writes twice as much into one.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { initWorkspaceRecord } from "../../src/store/index.ts";
import type { Settings } from "../explorer/settings.ts";
import type { Line } from "../explorer/table.ts";
import { median } from "../files/table.ts";

const WRITER = fileURLToPath(new URL("./writer.ts", import.meta.url));
const AIM = 1.8;

export async function parallelFigure({ isQuick, say }: Settings): Promise<Line[]> {
  const count = isQuick ? 200 : 1_000;
  const ones: number[] = [];
  const twos: number[] = [];
  for (let round = 0; round < (isQuick ? 1 : 3); round += 1) {
    ones.push(await written([["one", 2 * count]]));
    twos.push(
      await written([
        ["one", count],
        ["two", count],
      ]),
    );
  }
  say(`one process: ${ones.map(Math.round)} ms; two: ${twos.map(Math.round)} ms`);
  const rate = (ms: number): number => (2 * count * 1_000) / ms;
  return [
    {
      figure: "two collections written by two processes",
      ours: rate(median(twos)),
      peer: "one process, twice as much",
      theirs: rate(median(ones)),
      unit: "/s",
      aim: { atLeast: AIM },
    },
  ];
}

async function written(jobs: readonly (readonly [collection: string, count: number])[]): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), "holdfast-bench-store-"));
  initWorkspaceRecord(folder);
  const children = jobs.map(([collection, count]) =>
    spawn(process.execPath, ["--disable-warning=ExperimentalWarning", WRITER, folder, collection, String(count)], {
      stdio: ["pipe", "pipe", "inherit"],
    }),
  );
  await Promise.all(children.map((child) => once(child.stdout, "data")));
  const done = Promise.all(children.map((child) => once(child.stdout, "data")));
  const startedMs = performance.now();
  for (const child of children) child.stdin.write("go\n");
  await done;
  const ms = performance.now() - startedMs;
  for (const child of children) child.stdin.end();
  return ms;
}
