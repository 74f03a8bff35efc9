// Two visitors are counted: each reads the count, and writes the next one.
//
//   holdfast explore examples/races/01-lost-update.race.ts
//   holdfast explore examples/races/01-lost-update.race.ts --export fixed

import assert from "node:assert/strict";
import { appendFile, readFile, writeFile } from "node:fs/promises";
import { race } from "holdfast/explorer";

async function visit(): Promise<void> {
  const count = Number(await readFile("/visits", "utf8"));
  await writeFile("/visits", String(count + 1));
}

export default race({
  setup: () => writeFile("/visits", "0"),
  processes: { a: visit, b: visit },
  check: async () => assert.equal(await readFile("/visits", "utf8"), "2"),
});

// Nothing has to be read for what is only added to, and what one call appends stays together.

async function visitOnALine(): Promise<void> {
  await appendFile("/visits", "visit\n");
}

export const fixed = race({
  setup: () => writeFile("/visits", ""),
  processes: { a: visitOnALine, b: visitOnALine },
  check: async () => assert.equal(await readFile("/visits", "utf8"), "visit\nvisit\n"),
});
