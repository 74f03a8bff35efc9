// write-file-atomic 7.0.1: writes beside, flushes, and moves it over.
//
// Its page promises: "Atomically and asynchronously writes data to a file, replacing the file if it already exists."

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { race } from "holdfast/explorer";
import writeFileAtomic from "write-file-atomic";

const [OLD, OF_A, OF_B] = ["the old text", "a text by a", "a text by b"];
const setup = () => writeFile("/text", OLD);

async function isWhole(): Promise<void> {
  const text = await readFile("/text", "utf8");
  assert.ok([OLD, OF_A, OF_B].includes(text), `there is ${JSON.stringify(text)}`);
}

/** Two write while one reads. */
export const readers = race({
  setup,
  processes: { a: () => writeFileAtomic("/text", OF_A), b: () => writeFileAtomic("/text", OF_B), reader: isWhole },
  check: isWhole,
});

/** Two write, and one of them may be killed, and may start again. */
export const killed = race({
  setup,
  processes: { a: () => writeFileAtomic("/text", OF_A), b: () => writeFileAtomic("/text", OF_B) },
  check: isWhole,
  crashes: 1,
});

/** The power goes while one writes. */
export const powerLoss = race({
  setup,
  processes: { a: () => writeFileAtomic("/text", OF_A) },
  check: isWhole,
  powerLoss: true,
});
