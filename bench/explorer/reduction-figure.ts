// How many runs it takes to prove what brute force needs one run for each order for (RACE-05).

import { inspect } from "../../src/explorer/index.ts";
import { type Settings, scenarioFile } from "./settings.ts";
import type { Line } from "./table.ts";

const INDEPENDENT = [
  { size: "3x4", orders: 34_650n, atMost: 36 },
  { size: "4x4", orders: 63_063_000n, atMost: 576 },
];

export async function reductionFigure(settings: Settings): Promise<Line[]> {
  const lines: Line[] = [];
  for (const { size, orders, atMost } of INDEPENDENT) {
    for (const effect of ["mkdirs", "accesses"]) {
      const report = await inspect(scenarioFile("independent"), { exported: `${effect}${size}` });
      const { verdict, runs, interleavings } = report;
      settings.say(`${size} independent ${effect}: ${verdict}, ${runs} runs for ${interleavings} orders`);
      if (verdict !== "proved" || interleavings !== orders) {
        throw new Error(`${size} ${effect}: ${verdict} for ${interleavings} orders, and there are ${orders}`);
      }
      const figure = `runs that prove ${size} independent ${effect}`;
      lines.push({ figure, ours: runs, peer: "aim", theirs: atMost, unit: "runs", aim: { atMost: 1 } });
      lines.push({ figure, ours: runs, peer: "brute force", theirs: Number(orders), unit: "runs" });
    }
  }
  return lines;
}
