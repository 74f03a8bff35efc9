// Runs and time until a race shows for the first time: median of many seeds.
//
// What is spent on loading the scenario before the first run is not counted, nor what is spent on making the finding small
// after it.

import type { Strategy } from "../../src/explorer/options.ts";
import { firstFailure, lostUpdate, sameAgain, staleLock } from "./scheduled.ts";
import { firstViolation } from "./searching.ts";
import { median, type Settings } from "./settings.ts";
import type { Line } from "./table.ts";

const RACES = [
  { exported: "lostUpdate", scheduled: lostUpdate, told: "shallow (lost update)", isDeep: false },
  { exported: "staleLock", scheduled: staleLock, told: "3 processes, a stale lock put back", isDeep: true },
  { exported: "sameAgain", scheduled: sameAgain, told: "deep (3 processes, same value again)", isDeep: true },
] as const;
const SEEDS = 50;
const QUICK_SEEDS = 5;
/** A search that takes longer is counted as one that took so long. */
const MAX_RUNS = 20_000;
const AIM = 0.1;
const EQUAL = 1;

interface Found {
  readonly runs: number;
  readonly ms: number;
  readonly missed: number;
}

export async function firstViolationFigure(settings: Settings): Promise<Line[]> {
  const seeds = settings.isQuick ? QUICK_SEEDS : SEEDS;
  const lines: Line[] = [];
  for (const { exported, scheduled, told, isDeep } of RACES) {
    const scenario = { file: "races", exported };
    const overSeeds = async (
      name: string,
      count: number,
      once: (seed: number) => Promise<{ runs: number; ms: number } | undefined>,
    ): Promise<Found> => {
      const found: { runs: number; ms: number }[] = [];
      let missed = 0;
      const startedAt = performance.now();
      for (let seed = 1; seed <= count; seed += 1) {
        const before = performance.now();
        const one = await once(seed);
        if (one === undefined) missed += 1;
        found.push(one ?? { runs: MAX_RUNS, ms: performance.now() - before });
      }
      const result = { runs: median(found.map(({ runs }) => runs)), ms: median(found.map(({ ms }) => ms)), missed };
      const lost = missed > 0 ? `; not found in ${MAX_RUNS} runs by ${missed} of ${count} seeds` : "";
      const took = ((performance.now() - startedAt) / 1_000).toFixed(0);
      settings.say(
        `${told}: ${name} after ${result.runs} runs, ${result.ms.toFixed(1)} ms${lost} (${count} seeds, ${took} s)`,
      );
      return result;
    };
    const by = (strategy: Strategy) => (seed: number) => firstViolation(scenario, { strategy, seed }, MAX_RUNS);
    const exhaustive = await overSeeds("exhaustive", seeds, by("exhaustive"));
    const ours = { exhaustive, pct: await overSeeds("pct", seeds, by("pct")) };
    const theirs = {
      "random walk": await overSeeds("random walk", seeds, by("random")),
      "fast-check": await overSeeds("fast-check", seeds, (seed) => firstFailure(scheduled, seed, MAX_RUNS)),
    };
    for (const [strategy, our] of Object.entries(ours)) {
      for (const [peer, their] of Object.entries(theirs)) {
        const figure = `${told}, ${strategy}`;
        const aim = { aim: { atMost: isDeep ? AIM : EQUAL } };
        lines.push({ figure, ours: our.runs, peer, theirs: their.runs, unit: "runs", ...aim });
        lines.push({ figure, ours: our.ms, peer, theirs: their.ms, unit: "ms" });
      }
    }
  }
  return lines;
}
