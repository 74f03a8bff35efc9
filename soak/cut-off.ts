// Soak: commands killed at every system call that changes a file system (STORE-14, STORE-23). Needs strace.
//
//   npm run soak -- cut-off

import { cutOffEverywhere, SCENARIOS } from "../src/cli/testing/cut-off.ts";
import { whyNoTracing } from "../src/cli/testing/system-calls.ts";

const why = whyNoTracing();
if (why !== undefined) throw new Error(why);
for (const scenario of SCENARIOS) {
  const startedAt = performance.now();
  const count = await cutOffEverywhere(scenario);
  console.log(`${scenario.title}: killed at ${count} calls, ${((performance.now() - startedAt) / 1_000).toFixed(0)} s`);
}
