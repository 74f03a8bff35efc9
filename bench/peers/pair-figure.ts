// Two nodes of one process, on disk, entries of 256 bytes: each system in a process of its own, one after the other. Holdfast flushes
// every entry to the disk before it says that it is appended; Peerbit does not.

import type { Settings } from "../explorer/settings.ts";
import type { Line } from "../explorer/table.ts";
import { measureHoldfast } from "./holdfast-pair.ts";
import { type PairFigures, type PairSizes, SIZES } from "./pair-sizes.ts";
import { measurePeerbit } from "./peerbit.ts";

const QUICK: PairSizes = { appends: 200, visible: 30, sustained: 200, cold: [500] };

export async function pairFigure({ isQuick, say }: Settings): Promise<Line[]> {
  const sizes = isQuick ? QUICK : SIZES;
  const ours = await measureHoldfast(sizes, say);
  const pair = measurePeerbit<PairFigures>("pair.mjs", sizes, say);
  const hundred = measurePeerbit<PairFigures>("hundred.mjs", sizes, say);
  const theirs = pair && hundred && { ...pair, ...hundred };
  const [peer, note] = ["Peerbit", theirs === undefined ? "Peerbit could not be installed here" : ""];
  const rate = (figure: string, of: (figures: PairFigures) => number, atLeast: number): Line => ({
    ...{ figure, ours: of(ours), peer, theirs: theirs && of(theirs), unit: "/s", aim: { atLeast }, note },
  });
  const time = (figure: string, of: (figures: PairFigures) => number): Line => ({
    ...{ figure, ours: of(ours), peer, theirs: theirs && of(theirs), unit: "ms", aim: { atMost: 1 / 3 }, note },
  });
  return [
    rate("appends, nobody else there", (figures) => figures.appends, 5),
    rate("a hundred appends at once, nobody else there", (figures) => figures.appendsOfHundred, 5),
    rate("appends until both nodes have them", (figures) => figures.sustained, 15),
    {
      ...rate(
        "a hundred at once until both nodes have them",
        (figures) => figures.sustainedOfHundred ?? Number.NaN,
        15,
      ),
      ...(theirs?.sustainedOfHundred === null
        ? { theirs: undefined, note: `${theirs.arrivedOfHundred} of ${sizes.sustained} came` }
        : {}),
    },
    time("an append to visible at the other, median", (figures) => figures.visibleMedianMs),
    time("an append to visible at the other, p99", (figures) => figures.visibleP99Ms),
    ...sizes.cold.map((count, index) =>
      rate(`first sync of ${count} entries`, (figures) => figures.cold[index] ?? Number.NaN, 20),
    ),
  ];
}
