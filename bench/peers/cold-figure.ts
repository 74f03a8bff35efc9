// What a first sync of many entries costs for each, beside one of few.

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Settings } from "../explorer/settings.ts";
import type { Line } from "../explorer/table.ts";
import { measureCold } from "./holdfast-pair.ts";

export async function coldFigure({ isQuick, say }: Settings): Promise<Line[]> {
  const [few, many] = [2_000, isQuick ? 10_000 : 100_000];
  const root = mkdtempSync(join(tmpdir(), "holdfast-bench-cold-"));
  const theirs = await measureCold(join(root, "few"), few);
  say(`first sync of ${few}: ${theirs.toFixed(0)} a second`);
  const ours = await measureCold(join(root, "many"), many);
  const rssMiB = Math.round(process.memoryUsage().rss / 1_048_576);
  say(`first sync of ${many}: ${ours.toFixed(0)} a second; both nodes and the bench in ${rssMiB} MiB`);
  return [{ figure: `first sync of ${many}`, ours, peer: `of ${few}`, theirs, unit: "/s", aim: { atLeast: 1 / 1.5 } }];
}
