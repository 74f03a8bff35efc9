// Random runs. More of them: `npm run soak -- peers`.

import { test } from "node:test";
import { randomRun } from "./testing/random-run.ts";

const isLong = process.env.HOLDFAST_TESTS === "long";

/** Found by the soak: one peer saw a segment count a moment later than the others, who had let go of what it leads. */
const FOUND = [6_565];

test("PEER-31 PEER-30 messages lost, doubled, out of order and late end as they would otherwise, and nobody says converged too early", async () => {
  for (let seed = 1; seed <= (isLong ? 2_000 : 200); seed += 1) {
    await randomRun({ seed, isWhole: true });
    await randomRun({ seed });
  }
  for (const seed of FOUND) await randomRun({ seed });
});
