// Eight replicators of everything in one process, on disk.

import type { Settings } from "../explorer/settings.ts";
import type { Line } from "../explorer/table.ts";
import { measureEight } from "./holdfast-pair.ts";
import { measurePeerbit } from "./peerbit.ts";

export async function eightFigure({ isQuick, say }: Settings): Promise<Line[]> {
  const entries = isQuick ? 100 : 300;
  const ours = await measureEight(entries);
  say(`holdfast: ${ours.toFixed(0)} a second until all eight have them`);
  const theirs = measurePeerbit<{ rate: number }>("eight.mjs", { entries }, say)?.rate;
  const figure = "appends until all of eight nodes have them";
  const note = "Peerbit could not be installed here";
  return [{ figure, ours, peer: "Peerbit", theirs, unit: "/s", aim: { atLeast: 10 }, note }];
}
