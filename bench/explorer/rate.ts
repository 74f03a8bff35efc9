// Measures one rate in a process of its own, and prints it: `node rate.ts WHAT EXPORT ISOLATE RUNS CORES`.
//
// Twice over the same runs; the second time counts, when the code is compiled.

import fc from "fast-check";
import { inspect } from "../../src/explorer/index.ts";
import { accesses, mkdirs, runScheduled } from "./scheduled.ts";
import { scenarioFile } from "./settings.ts";

export type What = "every order" | "reduced" | "random" | "fast-check";

export interface Rate {
  readonly runs: number;
  readonly ms: number;
  /** Of the processor, in all threads. */
  readonly cpuMs: number;
}

async function runs(what: What, exported: string, isolate: boolean, count: number, cores: number): Promise<number> {
  if (what === "fast-check") {
    const scenario = exported === "mkdirs" ? mkdirs : accesses;
    const property = fc.asyncProperty(fc.scheduler(), (scheduler) => runScheduled(scheduler, scenario));
    const { failed, numRuns } = await fc.check(property, { numRuns: count, seed: 1 });
    if (failed) throw new Error("nothing can be wrong with this scenario");
    return numRuns;
  }
  const how =
    what === "random" ? ({ strategy: "random" } as const) : what === "reduced" ? {} : ({ preemptions: 1_000 } as const);
  const report = await inspect(scenarioFile("three-by-four"), { ...how, exported, isolate, budget: count, cores });
  if (report.verdict === "violated") throw new Error("nothing can be wrong with this scenario");
  return report.runs;
}

async function main(): Promise<void> {
  const [what, exported, isolate, count, cores] = process.argv.slice(2);
  const again = (): Promise<number> =>
    runs(what as What, exported as string, isolate === "true", Number(count), Number(cores));
  await again();
  const [startedAt, cpu] = [performance.now(), process.cpuUsage()];
  const made = await again();
  const { user, system } = process.cpuUsage(cpu);
  const rate: Rate = { runs: made, ms: performance.now() - startedAt, cpuMs: (user + system) / 1_000 };
  console.log(JSON.stringify(rate));
}

if (import.meta.main) await main();
