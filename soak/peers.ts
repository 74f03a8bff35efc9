// Soak: random runs of peers over a simulated network (PEER-31): writes, deletes, kills, stops, partitions, segments that move, and
// messages lost, doubled, late and out of order. Each seed is run with peers that hold everything, and with shares.
//
//   npm run soak -- peers [--runs N] [--from SEED]
//
// The first that does not end as it must is told with its seed, which `--from` begins with again.

import { parseArgs } from "node:util";
import { randomRun } from "../src/peers/testing/random-run.ts";

const TOLD_EACH_MS = 10_000;

const { values } = parseArgs({
  options: { runs: { type: "string", default: "10000" }, from: { type: "string", default: "1" } },
});
const runs = Number(values.runs);
const from = Number(values.from);
if (!(Number.isInteger(runs) && runs > 0 && Number.isInteger(from) && from > 0)) {
  console.error("usage: soak peers [--runs N] [--from SEED], N and SEED from 1");
  process.exit(2);
}

let toldMs = performance.now();
for (let seed = from; seed < from + runs; seed += 1) {
  await randomRun({ seed, isWhole: true });
  await randomRun({ seed });
  if (performance.now() - toldMs < TOLD_EACH_MS) continue;
  toldMs = performance.now();
  console.log(`${seed - from + 1} of ${runs} seeds, all as they must`);
}
console.log(`${runs} seeds from ${from} on: all ended as they must`);
