// Measures one rate in a process of its own, and prints it: `node rate.ts WHAT EXPORT ISOLATE RUNS CORES`.
//
// Twice over the same runs, or the first of them; the second time counts, when the code is compiled.

import fc from "fast-check";
import { inspect, type Progress } from "../../src/explorer/index.ts";
import { accesses, mkdirs, runScheduled } from "./scheduled.ts";
import { scenarioFile } from "./settings.ts";

export type What = "every order" | "reduced" | "random" | "fast-check";

export interface Rate {
  readonly runs: number;
  readonly ms: number;
  /** Of the processor, in all threads. */
  readonly cpuMs: number;
  /** Runs a second from when all cores take part; undefined where it did not take that long. */
  readonly steady: number | undefined;
}

/** The helpers of a search are loaded and compiled after so long. */
const STEADY_FROM_MS = 2_000;
const MAX_WARM_UP_RUNS = 34_650;

/** Listens to the progress of a search. */
class Steady {
  #from: Progress | undefined;
  #to: Progress | undefined;

  hear(progress: Progress): void {
    if (progress.elapsedMs < STEADY_FROM_MS) return;
    this.#from ??= progress;
    this.#to = progress;
  }
  get rate(): number | undefined {
    const [from, to] = [this.#from, this.#to];
    if (from === undefined || to === undefined || to.elapsedMs - from.elapsedMs < 1_000) return undefined;
    return ((to.runs - from.runs) / (to.elapsedMs - from.elapsedMs)) * 1_000;
  }
}

async function runs(
  what: What,
  exported: string,
  isolate: boolean,
  count: number,
  cores: number,
  onProgress: (progress: Progress) => void,
): Promise<number> {
  if (what === "fast-check") {
    const scenario = exported === "mkdirs" ? mkdirs : accesses;
    const property = fc.asyncProperty(fc.scheduler(), (scheduler) => runScheduled(scheduler, scenario));
    const { failed, numRuns } = await fc.check(property, { numRuns: count, seed: 1 });
    if (failed) throw new Error("nothing can be wrong with this scenario");
    return numRuns;
  }
  const how =
    what === "random" ? ({ strategy: "random" } as const) : what === "reduced" ? {} : ({ preemptions: 1_000 } as const);
  const options = { ...how, exported, isolate, budget: count, cores, onProgress };
  const report = await inspect(scenarioFile("three-by-four"), options);
  if (report.verdict === "violated") throw new Error("nothing can be wrong with this scenario");
  return report.runs;
}

async function main(): Promise<void> {
  const [what, exported, isolate, count, cores] = process.argv.slice(2);
  const again = (most: number, steady: Steady): Promise<number> =>
    runs(what as What, exported as string, isolate === "true", most, Number(cores), (progress) =>
      steady.hear(progress),
    );
  await again(Math.min(MAX_WARM_UP_RUNS, Number(count)), new Steady());
  const steady = new Steady();
  const [startedAt, cpu] = [performance.now(), process.cpuUsage()];
  const made = await again(Number(count), steady);
  const { user, system } = process.cpuUsage(cpu);
  const rate: Rate = {
    runs: made,
    ms: performance.now() - startedAt,
    cpuMs: (user + system) / 1_000,
    steady: steady.rate,
  };
  console.log(JSON.stringify(rate));
}

if (import.meta.main) await main();
