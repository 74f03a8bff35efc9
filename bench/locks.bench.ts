// What a lock costs, beside other locks, all in one run.
//
//   npm run bench -- locks
//   node_modules/node/bin/node bench/locks.bench.ts [--quick] [--only uncontended,contended]

import { contendedFigure } from "./locks/contended-figure.ts";
import { uncontendedFigure } from "./locks/uncontended-figure.ts";
import { runFigures } from "./run-figures.ts";

await runFigures(
  "locks",
  new Map([
    ["uncontended", uncontendedFigure],
    ["contended", contendedFigure],
  ]),
);
