// Taking a lock that nobody else wants and giving it back, again and again: in turns, a part of each in every round.

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
  const rates = new Map<string, number[]>(Object.keys(ACQUIRE).map((name) => [name, []]));
  for (let round = 0; round < (isQuick ? 3 : ROUNDS); round += 1) {
    for (const [name, acquire] of Object.entries(ACQUIRE)) {
      const path = join(dir, `${name.replaceAll(/\W/g, "-")}-${round}`);
      const startedMs = performance.now();
      let times = 0;
      while (performance.now() - startedMs < ROUND_MS) {
        await (await acquire(path))();
        times += 1;
      }
      rates.get(name)?.push((times / (performance.now() - startedMs)) * 1_000);
    }
  }
  const ours = rates.get("holdfast") ?? [];
  return [...rates].flatMap(([peer, theirs]): Line[] => {
    say(`${peer}: ${theirs.map((rate) => rate.toFixed(0)).join(", ")} a second`);
    if (peer === "holdfast") return [];
    const line = { figure: "lock and release, nobody waiting", unit: "/s", peer } as const;
    const aim = AIMS[peer];
    return [
      { ...line, ours: median(ours), theirs: median(theirs), ...(aim === undefined ? {} : { aim: { atLeast: aim } }) },
    ];
  });
}
