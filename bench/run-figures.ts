// Runs the figures of one benchmark, those named by `--only` or all, and prints their table. Nothing fails for being slow.

import { mkdtempSync, rmSync } from "node:fs";
import { availableParallelism, loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { Settings } from "./explorer/settings.ts";
import { type Line, tableOf } from "./explorer/table.ts";

export type Figure = (settings: Settings) => Promise<Line[]>;

export async function runFigures(bench: string, figures: ReadonlyMap<string, Figure>): Promise<void> {
  const { values } = parseArgs({ options: { quick: { type: "boolean", default: false }, only: { type: "string" } } });
  const chosen = values.only?.split(",") ?? [...figures.keys()];
  if (chosen.some((name) => !figures.has(name))) {
    console.error(`usage: bench ${bench} [--quick] [--only ${[...figures.keys()].join(",")}]`);
    process.exitCode = 2;
    return;
  }
  const startedMs = performance.now();
  const say = (message: string): void => {
    console.log(`${((performance.now() - startedMs) / 1_000).toFixed(0).padStart(4)} s  ${message}`);
  };
  const load = (): string => (loadavg()[0] ?? 0).toFixed(1);
  console.log(
    `bench ${bench}: Node ${process.version}, ${availableParallelism()} processors, load ${load()} at the start`,
  );
  // All that is made lies below it, also what processes of their own make, and goes when all figures are there: a disk on
  // which many files were just deleted makes new ones slowly.
  const root = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
  process.env.TMPDIR = root;
  const lines: Line[] = [];
  for (const [name, measure] of figures) {
    if (!chosen.includes(name)) continue;
    try {
      lines.push(...(await measure({ isQuick: values.quick, say })));
    } catch (error) {
      // The other figures are still worth having.
      say(`${name} could not be measured: ${error instanceof Error ? error.stack : error}`);
      process.exitCode = 1;
    }
  }
  say(`load ${load()} at the end`);
  console.log(`\n${tableOf(lines)}`);
  rmSync(root, { recursive: true, force: true, maxRetries: 20 });
}
