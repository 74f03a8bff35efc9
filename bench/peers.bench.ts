// What peers cost, beside Peerbit's shared log (installed for the run from npm), all in one run.
//
//   npm run bench -- peers
//   node_modules/node/bin/node bench/peers.bench.ts [--quick] [--only pair,churn]

import { churnFigure } from "./peers/churn-figure.ts";
import { pairFigure } from "./peers/pair-figure.ts";
import { runFigures } from "./run-figures.ts";

await runFigures(
  "peers",
  new Map([
    ["pair", pairFigure],
    ["churn", churnFigure],
  ]),
);
