// What the race explorer costs and finds, beside fast-check's scheduler and a random walk, all in one run.
//
//   npm run bench -- explorer
//   node_modules/node/bin/node bench/explorer.bench.ts [--quick] [--only speed,first,switches,coverage,reduction]
//
// Nothing here fails for being slow; the table says which aims are met.

import { availableParallelism, loadavg } from "node:os";
import { parseArgs } from "node:util";
import { coverageFigure } from "./explorer/coverage-figure.ts";
import { firstViolationFigure } from "./explorer/first-violation-figure.ts";
import { reductionFigure } from "./explorer/reduction-figure.ts";
import type { Settings } from "./explorer/settings.ts";
import { speedFigure } from "./explorer/speed-figure.ts";
import { switchesFigure } from "./explorer/switches-figure.ts";
import { type Line, tableOf } from "./explorer/table.ts";

const FIGURES: ReadonlyMap<string, (settings: Settings) => Promise<Line[]>> = new Map([
  ["speed", speedFigure],
  ["first", firstViolationFigure],
  ["switches", switchesFigure],
  ["coverage", coverageFigure],
  ["reduction", reductionFigure],
]);

const { values } = parseArgs({ options: { quick: { type: "boolean", default: false }, only: { type: "string" } } });

async function main(): Promise<void> {
  const chosen = values.only?.split(",") ?? [...FIGURES.keys()];
  if (chosen.some((name) => !FIGURES.has(name))) {
    console.error(`usage: bench explorer [--quick] [--only ${[...FIGURES.keys()].join(",")}]`);
    process.exitCode = 2;
    return;
  }
  const startedAt = performance.now();
  const say = (message: string): void => {
    console.log(`${((performance.now() - startedAt) / 1_000).toFixed(0).padStart(4)} s  ${message}`);
  };
  const load = (): string => (loadavg()[0] ?? 0).toFixed(1);
  console.log(
    `bench explorer: Node ${process.version}, ${availableParallelism()} processors, load ${load()} at the start`,
  );
  const lines: Line[] = [];
  process.once("SIGINT", () => {
    console.log(`\n${tableOf(lines)}`);
    process.exit(130);
  });
  for (const [name, measure] of FIGURES) {
    if (!chosen.includes(name)) continue;
    try {
      lines.push(...(await measure({ isQuick: values.quick, say })));
    } catch (error) {
      // The other figures are still worth having.
      say(`${name} could not be measured: ${error instanceof Error ? error.message : error}`);
      process.exitCode = 1;
    }
  }
  say(`load ${load()} at the end`);
  console.log(`\n${tableOf(lines)}`);
}

await main();
