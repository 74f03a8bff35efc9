// How fast folders are kept alike, each figure as a ratio to something measured in the same run.
//
//   npm run bench -- files
//   node_modules/node/bin/node bench/files.bench.ts [--quick] [--only cp,latency,rename,start,cli] [--peers all|none]
//
// Nothing here fails for being slow; the table says which aims are met.

import { globSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { availableParallelism, tmpdir, totalmem } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { cliFigure } from "./files/cli-figure.ts";
import { copyFigure } from "./files/copy-figure.ts";
import { latencyFigure } from "./files/latency-figure.ts";
import { renameFigure } from "./files/rename-figure.ts";
import type { Settings } from "./files/settings.ts";
import { startFigure } from "./files/start-figure.ts";
import { type Line, tableOf } from "./files/table.ts";

const FIGURES: ReadonlyMap<string, (settings: Settings) => Promise<Line[]>> = new Map([
  ["cli", cliFigure],
  ["latency", latencyFigure],
  ["rename", renameFigure],
  ["cp", copyFigure],
  ["start", startFigure],
]);

const { values } = parseArgs({
  options: {
    quick: { type: "boolean", default: false },
    only: { type: "string" },
    peers: { type: "string", default: "all" },
  },
});

async function main(): Promise<void> {
  const chosen = values.only?.split(",") ?? [...FIGURES.keys()];
  const unknown = chosen.filter((name) => !FIGURES.has(name));
  if (unknown.length > 0 || !["all", "none"].includes(values.peers)) {
    console.error(`usage: bench files [--quick] [--only ${[...FIGURES.keys()].join(",")}] [--peers all|none]`);
    process.exitCode = 2;
    return;
  }
  const root = mkdtempSync(join(tmpdir(), "holdfast-bench-"));
  const startedAt = performance.now();
  const say = (message: string): void => {
    console.log(`${((performance.now() - startedAt) / 1_000).toFixed(0).padStart(4)} s  ${message}`);
  };
  const settings: Settings = { isQuick: values.quick, withPeers: values.peers === "all", root, say };
  const memory = (totalmem() / 2 ** 30).toFixed(0);
  console.log(`bench files: Node ${process.version}, ${availableParallelism()} processors, ${memory} GiB, in ${root}`);
  const lines: Line[] = [];
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      say(`${signal}: ended early`);
      console.log(`\n${tableOf(lines)}`);
      endDaemonsBelow(root);
      rmSync(root, { recursive: true, force: true, maxRetries: 20 });
      process.exit(130);
    });
  }
  try {
    for (const [name, measure] of FIGURES) {
      if (!chosen.includes(name)) continue;
      try {
        lines.push(...(await measure(settings)));
      } catch (error) {
        // The other figures are still worth having.
        say(`${name} could not be measured: ${error instanceof Error ? error.message : error}`);
        process.exitCode = 1;
      }
    }
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
  console.log(`\n${tableOf(lines)}`);
}

/** What is up in a folder of a measurement that was cut short. */
function endDaemonsBelow(root: string): void {
  for (const path of globSync(join(root, "*", "**", ".holdfast", "daemon.json"))) {
    try {
      process.kill((JSON.parse(readFileSync(path, "utf8")) as { pid: number }).pid);
    } catch {
      // It ended by itself.
    }
  }
}

await main();
