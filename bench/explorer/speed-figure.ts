// Runs a second: three processes of four effects each.
//
// On one core: runs for each second of processor time, in all threads of the process, so that it says the same when
// others are at work on the machine. On two: by the clock, as a whole and once all take part.

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
  const best = async (measured: Measured): Promise<number> => {
    let most = 0;
    for (let round = 0; round < rounds; round += 1) most = Math.max(most, perCpuSecond(await rateOf(measured, runs)));
    const { what, exported, isolate } = measured;
    const how = isolate === undefined ? [] : [`isolate: ${isolate}`];
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
  return [...lines, ...(await onTwoCores(settings))];
}

/**
 * By the clock, which is only right where nobody else is at work: two searches of one core each, in processes of their own
 * at the same time, show what the machine gives at the most.
 */
async function onTwoCores(settings: Settings): Promise<Line[]> {
  const [runs, rounds] = settings.isQuick ? [100_000, 1] : [300_000, ROUNDS];
  const lines: Line[] = [];
  for (const isolate of [false, true]) {
    // Of all orders of effects that meet none can be left out: the search can be shared between threads.
    const contended = { what: "reduced", exported: "contended", isolate } as const;
    const most = { one: 0, two: 0, apart: 0, wholeOfOne: 0, wholeOfTwo: 0, effortOfOne: 0, effortOfTwo: 0 };
    const atMost = (name: keyof typeof most, value: number): void => {
      most[name] = Math.max(most[name], value);
    };
    for (let round = 0; round < rounds; round += 1) {
      const one = await rateOf(contended, runs);
      const two = await rateOf({ ...contended, cores: 2 }, runs);
      const apart = await Promise.all([rateOf(contended, runs), rateOf(contended, runs)]);
      atMost("one", steadyOf(one));
      atMost("two", steadyOf(two));
      atMost(
        "apart",
        apart.map(steadyOf).reduce((sum, rate) => sum + rate, 0),
      );
      atMost("wholeOfOne", perSecond(one));
      atMost("wholeOfTwo", perSecond(two));
      atMost("effortOfOne", perCpuSecond(one));
      atMost("effortOfTwo", perCpuSecond(two));
    }
    const told = Object.entries(most).map(([name, rate]) => `${name} ${rate.toFixed(0)}`);
    settings.say(`contended, isolate: ${isolate}, runs a second by the clock: ${told.join(", ")}`);
    const figure = `3x5 that all meet, isolate: ${isolate}, 2 cores by the clock`;
    const steady = { figure: `${figure}, steady`, ours: most.two, unit: "runs/s" } as const;
    lines.push({ ...steady, peer: "one core", theirs: most.one, aim: { atLeast: 1.6 } });
    lines.push({ ...steady, peer: "two processes at once", theirs: most.apart });
    const whole = { figure: `${figure}, whole of ${runs} runs`, ours: most.wholeOfTwo, unit: "runs/s" } as const;
    lines.push({ ...whole, peer: "one core", theirs: most.wholeOfOne, aim: { atLeast: 1.6 } });
    // Twice this ratio is what two cores give where nobody else is at work.
    const effort = {
      figure: `3x5 that all meet, isolate: ${isolate}, 2 cores by processor time`,
      unit: "runs/s",
    } as const;
    lines.push({
      ...effort,
      ours: most.effortOfTwo,
      peer: "one core",
      theirs: most.effortOfOne,
      aim: { atLeast: 0.8 },
    });
  }
  return lines;
}

function steadyOf({ steady }: Rate): number {
  if (steady === undefined) throw new Error("the search was over before its rate was steady");
  return steady;
}
