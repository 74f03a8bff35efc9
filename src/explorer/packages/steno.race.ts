// steno 4.0.2: writes beside, and moves it over; the newest of what waits is written.
//
// Its page promises: "Safe: No partial writes (writes are atomic)", "Safe: No race conditions (writes are ordered even if
// they're async)", with one writer for a file in the program.

import assert from "node:assert/strict";
import { readFile, writeFile } from "node:fs/promises";
import { race } from "holdfast/explorer";
import { Writer } from "steno";

const [OLD, OF_A, OF_B] = ["the old text", "a text by a", "a text by b"];
const setup = () => writeFile("/text", OLD);
const save = (text: string) => () => new Writer("/text").write(text);

async function isWhole(): Promise<void> {
  const text = await readFile("/text", "utf8");
  assert.ok([OLD, OF_A, OF_B].includes(text), `there is ${JSON.stringify(text)}`);
}

/** As it is meant: one process writes, twice at once, and the later text stays; it may be killed. */
export const killed = race({
  setup,
  processes: {
    async a() {
      const writer = new Writer("/text");
      await Promise.all([writer.write(OF_A), writer.write(OF_B)]);
      assert.equal(await readFile("/text", "utf8"), OF_B);
    },
    reader: isWhole,
  },
  check: isWhole,
  crashes: 1,
});

/** Beyond what it promises: two processes write the same file. */
export const twoProcesses = race({ setup, processes: { a: save(OF_A), b: save(OF_B) }, check: isWhole });

/** Nothing is flushed, and its page says nothing of a power loss. */
export const powerLoss = race({ setup, processes: { a: save(OF_A) }, check: isWhole, powerLoss: true });
