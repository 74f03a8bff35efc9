// Soak: the store under a power loss at any effect, with every disk that this can leave (STORE-23), or as many as an hour has
// time for. Minutes each.
//
//   npm run soak -- store

import { inspect } from "../src/explorer/index.ts";

const SCENARIOS = [
  ["publish", "next"],
  ["publish", "first"],
  ["publish", "checkpointed"],
  ["publish", "replayedPowerLoss"],
  ["save", "powerLoss"],
  ["save", "firstPowerLoss"],
  ["delete", "newestPowerLossLocked"],
  ["delete", "allPowerLossLocked"],
  ["delete-all", "powerLossOfTwo"],
] as const;

for (const [file, exported] of SCENARIOS) {
  const path = new URL(`../src/store/races/${file}.race.ts`, import.meta.url).pathname;
  const { verdict, traces, elapsedMs, trace, cutOffBy } = await inspect(path, { exported, budget: "60m" });
  const why = trace?.violation.message ?? cutOffBy.join(", ");
  console.log(`${file} ${exported}: ${verdict}, ${traces} traces, ${(elapsedMs / 1_000).toFixed(0)} s ${why}`);
  if (verdict === "violated") process.exitCode = 1;
}
