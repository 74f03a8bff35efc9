// A hundred peers in simulated time, thirty of which come and go for an hour: how long an entry has too few copies. `--quick`: five
// minutes. Says where it has drawn it: docs/pictures/peers-hour.svg is the hour.

import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { type ChurnResult, type ChurnSample, churnRun } from "../../src/peers/testing/churn-run.ts";
import type { Settings } from "../explorer/settings.ts";
import type { Line } from "../explorer/table.ts";

const PEERS = 100;
const RESTLESS = 30;
const BOUND_MS = 20_000;
const MINUTE_MS = 60_000;
const PICTURES = join(import.meta.dirname, "..", "..", "docs", "pictures");

export async function churnFigure({ isQuick, say }: Settings): Promise<Line[]> {
  const minutes = isQuick ? 5 : 60;
  const result = await churnRun({
    peers: PEERS,
    restless: RESTLESS,
    share: 1 / PEERS,
    durationMs: minutes * MINUTE_MS,
    seed: 1,
    onMinute: (minute, sample) => say(`churn: minute ${minute} of ${minutes}: ${JSON.stringify(sample)}`),
  });
  const { stops, kills, events, entries, frames } = result;
  say(`churn: ${stops} stops, ${kills} kills, ${entries} entries, ${events} joins and leaves told, ${frames} frames`);
  const file = join(PICTURES, isQuick ? ".peers-quick.svg" : "peers-hour.svg");
  writeFileSync(file, drawn(result, minutes));
  say(`churn: drawn into ${file}`);
  const line = (figure: string, ours: number, note: string): Line => ({
    ...{ figure, ours, peer: "the bound", theirs: BOUND_MS, unit: "ms", aim: { atMost: 1 }, note },
  });
  return [
    line(`the longest with one copy, ${PEERS} peers, ${minutes} minutes`, result.longestSingleMs, ""),
    {
      ...{ figure: "the longest with none, all who had it away", ours: result.longestUnreachableMs, unit: "ms" },
      ...{ peer: "", theirs: undefined, note: "as long as they were away" },
    },
  ];
}

const [WIDTH, HEIGHT] = [800, 330];
const [LEFT, RIGHT] = [60, 20];
/** Top and bottom of the two panels. */
const UP = [50, 150] as const;
const COPIES = [190, 290] as const;

function drawn({ samples, longestSingleMs, stops, kills, entries, events }: ChurnResult, minutes: number): string {
  const most = Math.max(1, ...samples.map(({ single }) => single));
  const x = (atMs: number): number => LEFT + ((WIDTH - LEFT - RIGHT) * atMs) / (minutes * MINUTE_MS);
  const path = ([top, bottom]: readonly [number, number], of: (sample: ChurnSample) => number, max: number): string =>
    samples
      .map((sample) => [x(sample.atMs).toFixed(1), (bottom - ((bottom - top) * of(sample)) / max).toFixed(1)] as const)
      // Where it goes on level only its ends are needed.
      .filter(([, y], index, all) => all[index - 1]?.[1] !== y || all[index + 1]?.[1] !== y)
      .map((point) => point.join(","))
      .join(" ");
  const axis = ([top, bottom]: readonly [number, number], max: number, name: string): string =>
    [
      `<text x="${LEFT}" y="${top - 8}">${name}</text>`,
      `<path d="M${LEFT} ${top}V${bottom}H${WIDTH - RIGHT}" class="axis"/>`,
      `<text x="${LEFT - 8}" y="${top + 4}" text-anchor="end">${max}</text>`,
      `<text x="${LEFT - 8}" y="${bottom + 4}" text-anchor="end">0</text>`,
    ].join("\n");
  const ticks = Array.from({ length: 7 }, (_, index) => (minutes * index) / 6);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12">
<title>An hour of a hundred peers: how many are there, and how many entries have too few copies</title>
<style>text{fill:#333}.axis{fill:none;stroke:#999}polyline{fill:none;stroke-width:1.2}</style>
<rect width="${WIDTH}" height="${HEIGHT}" fill="#fff"/>
<text x="${LEFT}" y="20" font-weight="bold">${PEERS} peers, ${RESTLESS} of them restless: ${stops} stops, ${kills} kills, ${entries} entries, ${events} joins and leaves, none told twice</text>
${axis(UP, PEERS, "peers that are there")}
<polyline points="${path(UP, ({ up }) => up, PEERS)}" stroke="#2563eb"/>
${axis(COPIES, most, `entries with one copy of two (the longest: ${longestSingleMs / 1_000} s); with none, in black`)}
<polyline points="${path(COPIES, ({ single }) => single, most)}" stroke="#dc2626"/>
<polyline points="${path(COPIES, ({ unreachable }) => unreachable, most)}" stroke="#000"/>
${ticks.map((minute) => `<text x="${x(minute * MINUTE_MS)}" y="310" text-anchor="middle">${minute.toFixed(0)} min</text>`).join("\n")}
</svg>
`;
}
