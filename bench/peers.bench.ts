// What peers cost, beside Peerbit's shared log and hypercore (installed for the run from npm) and the limit of
// loopback with the same flushes, all in one run.
//
//   npm run bench -- peers
//   node_modules/node/bin/node bench/peers.bench.ts [--quick] [--only pair,hypercore,limit,eight,cold,churn]

import { churnFigure } from "./peers/churn-figure.ts";
import { coldFigure } from "./peers/cold-figure.ts";
import { eightFigure } from "./peers/eight-figure.ts";
import { hypercoreFigure } from "./peers/hypercore-figure.ts";
import { limitFigure } from "./peers/limit-figure.ts";
import { pairFigure } from "./peers/pair-figure.ts";
import { runFigures } from "./run-figures.ts";

await runFigures(
  "peers",
  new Map([
    ["pair", pairFigure],
    ["hypercore", hypercoreFigure],
    ["limit", limitFigure],
    ["eight", eightFigure],
    ["cold", coldFigure],
    ["churn", churnFigure],
  ]),
);
