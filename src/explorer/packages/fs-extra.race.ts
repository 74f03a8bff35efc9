// fs-extra 11.4.1: more functions for files.
//
// Its pages promise of `move`: "overwrite: overwrite existing file or directory, default is false".

import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import fsExtra from "fs-extra";
import { race } from "holdfast/explorer";

async function archive(name: string): Promise<void> {
  try {
    await fsExtra.move(name, "/archived");
  } catch (error) {
    assert.equal((error as Error).message, "dest already exists.");
  }
}

/** Two processes move a file of their own to the same place: one has to be told that it is taken. */
export const move = race({
  setup: async () => {
    await writeFile("/of-a", "a");
    await writeFile("/of-b", "b");
  },
  processes: { a: () => archive("/of-a"), b: () => archive("/of-b") },
  check: () => {
    const there = ["/of-a", "/of-b", "/archived"].filter((name) => existsSync(name));
    assert.equal(there.length, 2, `of two files, this is left: ${there.join(" and ")}`);
  },
});

/** Two processes write a file each into a folder that is not there yet. */
export const outputFile = race({
  processes: { a: () => fsExtra.outputFile("/new/a", "a"), b: () => fsExtra.outputFile("/new/b", "b") },
  check: async () => {
    assert.equal(await readFile("/new/a", "utf8"), "a");
    assert.equal(await readFile("/new/b", "utf8"), "b");
  },
});
