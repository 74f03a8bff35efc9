// What a first sync of many entries costs for each, beside one of few, before and after it: a disk is not the same all the time. All
// of it is made before the first is measured, and flushed; nothing is deleted between, which makes some disks slow for minutes.

import { spawnSync } from "node:child_process";
import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Settings } from "../explorer/settings.ts";
import type { Line } from "../explorer/table.ts";
import { type Cold, makeEntries, measureFirstSync } from "./holdfast-pair.ts";
import { percentile } from "./pair-sizes.ts";

/** Of the small one, before the large one, and again after it. */
const ROUNDS = 3;

export async function coldFigure({ isQuick, say }: Settings): Promise<Line[]> {
  const [few, many] = [2_000, isQuick ? 10_000 : 100_000];
  const root = mkdtempSync(join(tmpdir(), "holdfast-bench-cold-"));
  const folderOf = (count: number): string => join(root, `of-${count}`);
  for (const count of [few, many]) await makeEntries(folderOf(count), count);

  let rounds = 0;
  const measure = async (count: number): Promise<Cold> => {
    spawnSync("sync");
    rounds += 1;
    const cold = await measureFirstSync(folderOf(count), join(root, `new-${rounds}`), count);
    say(`first sync of ${count}: ${cold.perSecond.toFixed(0)} a second; both nodes in ${cold.peakMiB} MiB at the most`);
    return cold;
  };
  const small: Cold[] = [];
  for (let round = 0; round < ROUNDS; round += 1) small.push(await measure(few));
  const large = await measure(many);
  for (let round = 0; round < ROUNDS; round += 1) small.push(await measure(few));
  const theirs = median(small.map(({ perSecond }) => perSecond));
  const before = { ours: large.peakMiB, theirs: Math.max(...small.slice(0, ROUNDS).map(({ peakMiB }) => peakMiB)) };
  return [
    {
      figure: `first sync of ${many}`,
      ...{ ours: large.perSecond, peer: `of ${few}`, theirs, unit: "/s", aim: { atLeast: 1 / 1.5 } },
      note: "of the small one the median of six, three before and three after",
    },
    {
      figure: `memory of both nodes, first sync of ${many}`,
      ...{ peer: `of ${few}, before it`, ...before, unit: "MiB" },
    },
  ];
}

function median(values: readonly number[]): number {
  return percentile(values, 0.5);
}
