// Runs a second: three processes of four effects each.
//
// On one core: runs for each second of processor time, in all threads of the process, so that it says the same when
// others are at work on the machine. On two: by the clock.

import { execFile } from "node:child_process";
import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import type { Rate, What } from "./rate.ts";
import type { Settings } from "./settings.ts";
import type { Line } from "./table.ts";

const AIM = 20_000;
const ALL = 34_650;
const RATE = fileURLToPath(new URL("./rate.ts", import.meta.url));
const ROUNDS = 3;

interface Measured {
  readonly what: What;
  readonly exported: string;
  readonly isolate?: boolean;
  readonly cores?: number;
}

async function rateOf({ what, exported, isolate = false, cores = 1 }: Measured, runs: number): Promise<Rate> {
  const args = [RATE, what, exported, `${isolate}`, `${runs}`, `${cores}`];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  return JSON.parse(stdout) as Rate;
}

const perCpuSecond = ({ runs, cpuMs }: Rate): number => (runs / cpuMs) * 1_000;
const perSecond = ({ runs, ms }: Rate): number => (runs / ms) * 1_000;

export async function speedFigure(settings: Settings): Promise<Line[]> {
  const runs = settings.isQuick ? 5_000 : ALL;
  const rounds = settings.isQuick ? 1 : ROUNDS;
  /** The best of some: what else is at work on the machine only ever takes away. */
  const best = async (measured: Measured, rateIn: (rate: Rate) => number = perCpuSecond): Promise<number> => {
    let most = 0;
    for (let round = 0; round < rounds; round += 1) most = Math.max(most, rateIn(await rateOf(measured, runs)));
    const { what, exported, isolate, cores } = measured;
    const how = [...(isolate === undefined ? [] : [`isolate: ${isolate}`]), ...(cores === 2 ? ["2 cores"] : [])];
    settings.say(`${[what, exported, ...how].join(", ")}: ${most.toFixed(0)} runs a second`);
    return most;
  };
  const lines: Line[] = [];
  for (const exported of ["mkdirs", "accesses"]) {
    const scheduled = await best({ what: "fast-check", exported });
    for (const isolate of [false, true]) {
      const ours = await best({ what: "every order", exported, isolate });
      const walk = await best({ what: "random", exported, isolate });
      const line = {
        figure: `3x4 ${exported}, isolate: ${isolate}, one core`,
        ours,
        unit: "runs/s",
      } as const;
      lines.push({ ...line, peer: "aim", theirs: AIM, aim: { atLeast: 1 } });
      lines.push({ ...line, peer: "fast-check", theirs: scheduled, aim: { atLeast: 1 } });
      lines.push({ ...line, peer: "random walk", theirs: walk });
    }
  }
  if (availableParallelism() < 2) return lines;
  return [...lines, ...(await onTwoCores(best))];
}

async function onTwoCores(
  best: (measured: Measured, rateIn?: (rate: Rate) => number) => Promise<number>,
): Promise<Line[]> {
  const lines: Line[] = [];
  for (const isolate of [false, true]) {
    // Of all orders of effects that meet none can be left out: the search can be shared between threads.
    const contended = { what: "reduced", exported: "contended", isolate } as const;
    lines.push({
      figure: `3x4 that all meet, isolate: ${isolate}, 2 cores, by the clock`,
      ours: await best({ ...contended, cores: 2 }, perSecond),
      peer: "one core",
      theirs: await best(contended, perSecond),
      unit: "runs/s",
      aim: { atLeast: 1.6 },
    });
  }
  return lines;
}
