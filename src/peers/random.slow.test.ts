// Random runs. More of them: `npm run soak -- peers`.

import { test } from "node:test";
import { randomRun } from "./testing/random-run.ts";

const isLong = process.env.HOLDFAST_TESTS === "long";

test("PEER-30 PEER-31 messages lost, doubled, out of order and late end as they would otherwise, and nobody says converged too early", async () => {
  for (let seed = 1; seed <= (isLong ? 2_000 : 200); seed += 1) {
    await randomRun({ seed, isWhole: true });
    await randomRun({ seed });
  }
});
