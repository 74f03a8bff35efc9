import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { race } from "holdfast/explorer";
import { withLock } from "./lock.ts";
async function add() {
  await withLock("/locks/x", {}, async () => {
    const n = Number(await readFile("/count", "utf8"));
    await writeFile("/count", String(n + 1));
  });
}
export default race({
  setup: async () => { await mkdir("/locks"); await writeFile("/count", "0"); },
  processes: { a: add, b: add },
  check: async () => assert.equal(await readFile("/count", "utf8"), "2"),
});
