// Which part of all 34,650 orders of three processes of four effects is seen after so many runs.

import fc from "fast-check";
import type { RaceOptions } from "../../src/explorer/options.ts";
import { mkdirs, runScheduled, turnsOf } from "./scheduled.ts";
import { search } from "./searching.ts";
import type { Settings } from "./settings.ts";
import type { Line } from "./table.ts";

const ALL = 34_650;

/** Counts different orders, and remembers how many there were after some numbers of runs. */
class Seen {
  readonly #orders = new Set<string>();
  readonly #at: readonly number[];
  readonly counts: number[] = [];
  #runs = 0;
  constructor(at: readonly number[]) {
    this.#at = at;
  }
  /** True when enough runs were made. */
  note(order: string): boolean {
    this.#orders.add(order);
    this.#runs += 1;
    if (this.#at.includes(this.#runs)) this.counts.push(this.#orders.size);
    return this.#runs >= (this.#at.at(-1) ?? 0);
  }
}

export async function coverageFigure(settings: Settings): Promise<Line[]> {
  const at = settings.isQuick ? [1_000, 10_000, ALL] : [1_000, 10_000, ALL, 100_000, 350_000];
  const scenario = { file: "three-by-four", exported: "mkdirs" };
  const ours = async (options: RaceOptions, until: readonly number[]): Promise<Seen> => {
    const seen = new Seen(until);
    await search(scenario, { isolate: false, ...options }, ({ choices }) => seen.note(choices.join()));
    return seen;
  };
  const whole = await ours({ preemptions: 1_000 }, at);
  const walk = await ours({ strategy: "random", seed: 1 }, at);
  const scheduled = new Seen(at);
  await fc.check(
    fc.asyncProperty(fc.scheduler(), async (scheduler) => {
      await runScheduled(scheduler, mkdirs);
      scheduled.note(turnsOf(scheduler).join(""));
    }),
    { numRuns: at.at(-1) ?? 0, seed: 1 },
  );
  settings.say(`orders seen after ${at.join(", ")} runs: fast-check ${scheduled.counts}, random walk ${walk.counts}`);
  const share = (count: number | undefined): number => ((count ?? ALL) / ALL) * 100;
  const lines: Line[] = [];
  for (const [index, runs] of at.entries()) {
    // The search is over after as many runs as there are orders.
    const line = { figure: `orders seen after ${runs} runs`, ours: share(whole.counts[index]), unit: "%" } as const;
    const aim = runs === ALL ? { aim: { atLeast: 1 } } : {};
    lines.push({ ...line, peer: "fast-check", theirs: share(scheduled.counts[index]), ...aim });
    lines.push({ ...line, peer: "random walk", theirs: share(walk.counts[index]), ...aim });
  }
  return lines;
}
