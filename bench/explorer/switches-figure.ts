// How many switches from one process to another there are in what is reported, and how few there could be.

import { inspect } from "../../src/explorer/index.ts";
import { firstFailure, lostUpdate, sameAgain, staleLock } from "./scheduled.ts";
import { fewestSwitches } from "./searching.ts";
import { median, type Settings, scenarioFile } from "./settings.ts";
import type { Line } from "./table.ts";

const SCHEDULED = { lostUpdate, staleLock, sameAgain } as const;
const SEEDS = 10;
const QUICK_SEEDS = 3;
const MAX_RUNS = 200_000;
const MAX_BRUTE_RUNS = 1_000_000;

export async function switchesFigure(settings: Settings): Promise<Line[]> {
  const seeds = Array.from({ length: settings.isQuick ? QUICK_SEEDS : SEEDS }, (_, at) => at + 1);
  const lines: Line[] = [];
  for (const [exported, scheduled] of Object.entries(SCHEDULED)) {
    const ours: number[] = [];
    for (const seed of seeds) {
      // Drawn by lot, so that there is another run to be made small for each seed.
      const options = { exported, strategy: "random", seed, budget: MAX_RUNS, cores: 1 } as const;
      const { trace } = await inspect(scenarioFile("races"), options);
      if (trace !== undefined) ours.push(trace.switches);
    }
    const theirs: number[] = [];
    for (const seed of seeds) {
      const found = await firstFailure(scheduled, seed, MAX_RUNS);
      if (found !== undefined) theirs.push(switchesBetween(found.turns));
    }
    const fewest = await fewestSwitches({ file: "races", exported }, MAX_BRUTE_RUNS);
    settings.say(
      `${exported}: ours ${ours.join(" ")}; fast-check ${theirs.join(" ")}; the fewest there can be ${fewest ?? "?"}`,
    );
    const figure = `switches shown of ${exported}`;
    // The worst of all seeds must be the best there can be.
    lines.push({
      figure: `${figure}, most of ${ours.length}`,
      ours: Math.max(...ours),
      peer: "the minimum, by brute force",
      theirs: fewest,
      unit: "switches",
      aim: { atMost: 1 },
      note: `not found in ${MAX_BRUTE_RUNS} runs`,
    });
    lines.push({
      figure: `${figure}, median`,
      ours: median(ours),
      peer: "fast-check",
      theirs: theirs.length > 0 ? median(theirs) : undefined,
      unit: "switches",
      note: "nothing found",
    });
  }
  return lines;
}

function switchesBetween(turns: readonly string[]): number {
  return turns.filter((turn, at) => at > 0 && turns[at - 1] !== turn).length;
}
