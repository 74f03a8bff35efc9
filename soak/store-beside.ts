// Soak: rename, gc, a delete of all and compact beside a writer or a deleter, either killed at any effect, with any one
// preemption (STORE-01, STORE-22, STORE-29, STORE-31). Many minutes each.
//
//   npm run soak -- store-beside

import { inspect } from "../src/explorer/index.ts";

const SCENARIOS = [
  ["rename", "besideWriterKilled"],
  ["gc", "writerKilled"],
  ["delete-all", "writerKilled"],
  ["compact", "deleterKilled"],
] as const;

for (const [file, exported] of SCENARIOS) {
  const path = new URL(`../src/store/races/${file}.race.ts`, import.meta.url).pathname;
  const { verdict, traces, elapsedMs, trace, cutOffBy } = await inspect(path, {
    exported,
    preemptions: 1,
    budget: "60m",
  });
  const why = trace?.violation.message ?? cutOffBy.join(", ");
  console.log(`${file} ${exported}: ${verdict}, ${traces} traces, ${(elapsedMs / 1_000).toFixed(0)} s ${why}`);
  if (verdict === "violated") process.exitCode = 1;
}
