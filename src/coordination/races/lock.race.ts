// Two processes take one lock, and wait for it: never both inside, and both get in.

import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { race } from "holdfast/explorer";
import { withLock } from "../lock.ts";

async function add(): Promise<void> {
  await withLock("/locks/x", {}, async () => {
    const count = Number(await readFile("/count", "utf8"));
    await writeFile("/count", String(count + 1));
  });
}

export default race({
  setup: async () => {
    await mkdir("/locks");
    await writeFile("/count", "0");
  },
  processes: { a: add, b: add },
  check: async () => assert.equal(await readFile("/count", "utf8"), "2"),
});
