// Taking a lock that nobody else wants and giving it back, again and again: in turns, a part of each in every round. By the
// clock, and by processor time, which says more where others are at work on the machine.

import { mkdtempSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Settings } from "../explorer/settings.ts";
import type { Line } from "../explorer/table.ts";
import { median } from "../files/table.ts";
import { ACQUIRE } from "./peers.ts";

const ROUNDS = 9;
const ROUND_MS = 400;
const AIMS: Readonly<Record<string, number>> = { "proper-lockfile": 5, lockfile: 0.7 };

export async function uncontendedFigure({ isQuick, say }: Settings): Promise<Line[]> {
  const dir = mkdtempSync(join(tmpdir(), "holdfast-bench-locks-"));
  const rates = new Map<string, Rates>(Object.keys(ACQUIRE).map((name) => [name, { clock: [], processor: [] }]));
  for (let round = 0; round < (isQuick ? 3 : ROUNDS); round += 1) {
    for (const [name, acquire] of Object.entries(ACQUIRE)) {
      const path = join(dir, `${name.replaceAll(/\W/g, "-")}-${round}`);
      const [startedMs, before] = [performance.now(), process.cpuUsage()];
      let times = 0;
      while (performance.now() - startedMs < ROUND_MS) {
        await (await acquire(path))();
        times += 1;
      }
      const { user, system } = process.cpuUsage(before);
      rates.get(name)?.clock.push((times / (performance.now() - startedMs)) * 1_000);
      rates.get(name)?.processor.push((times / (user + system)) * 1_000_000);
    }
  }
  for (const [name, { clock }] of rates) {
    say(`${name}: ${clock.map((rate) => rate.toFixed(0)).join(", ")} a second`);
  }
  const ours = rates.get("holdfast");
  const peers = [...rates].filter(([name]) => name !== "holdfast");
  return (["clock", "processor"] as const).flatMap((by) =>
    peers.map(([peer, theirs]): Line => {
      const aim = AIMS[peer];
      return {
        figure: `lock and release, nobody waiting, by ${by === "clock" ? "the clock" : "processor time"}`,
        ours: median(ours?.[by] ?? []),
        peer,
        theirs: median(theirs[by]),
        unit: "/s",
        ...(aim === undefined ? {} : { aim: { atLeast: aim } }),
      };
    }),
  );
}

interface Rates {
  readonly clock: number[];
  readonly processor: number[];
}
