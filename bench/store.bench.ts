// What the store costs, beside plainer ways to keep bytes, all in one run.
//
//   npm run bench -- store
//   node_modules/node/bin/node bench/store.bench.ts [--quick] [--only put,parallel,size]

import { runFigures } from "./run-figures.ts";
import { parallelFigure } from "./store/parallel-figure.ts";
import { putFigure } from "./store/put-figure.ts";
import { sizeFigure } from "./store/size-figure.ts";

await runFigures(
  "store",
  new Map([
    ["put", putFigure],
    ["parallel", parallelFigure],
    ["size", sizeFigure],
  ]),
);
