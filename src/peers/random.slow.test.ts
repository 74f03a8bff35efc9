// Random runs. More of them: `npm run soak -- peers`.

import { test } from "node:test";
import { randomRun } from "./testing/random-run.ts";

const isLong = process.env.HOLDFAST_TESTS === "long";

test("PEER-31 messages lost, doubled, out of order and late end in the state that they would end in otherwise", async () => {
  for (let seed = 1; seed <= (isLong ? 2_000 : 60); seed += 1) {
    await randomRun({ seed, isWhole: true });
    await randomRun({ seed });
  }
});
