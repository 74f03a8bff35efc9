// Counting visitors again, by a lock that is made for it: it has an owner, so that a dead one is told from a slow one.
// One of the two may be killed at any point, and started again.

import assert from "node:assert/strict";
import { readFile, rename, writeFile } from "node:fs/promises";
import { withLock } from "holdfast/coordination";
import { race } from "holdfast/explorer";

async function visit(): Promise<void> {
  await withLock("/lock", {}, async () => {
    const count = Number(await readFile("/visits", "utf8"));
    await writeFile("/visits.new", String(count + 1));
    await rename("/visits.new", "/visits");
  });
}

export default race({
  setup: () => writeFile("/visits", "0"),
  processes: { a: visit, b: visit },
  check: async () => assert.equal(await readFile("/visits", "utf8"), "2"),
});
