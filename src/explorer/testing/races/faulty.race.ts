// Scenarios that are at fault themselves.

import assert from "node:assert/strict";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { race } from "holdfast/explorer";

const processes = { a: () => writeFile("/a", ""), b: () => writeFile("/b", "") };
const fail = (): never => {
  throw new Error("the fixture is wrong");
};

export const setupThrows = race({ setup: fail, processes });
export const setupRejects = race({ setup: async () => fail(), processes });
export const setupFailsAside = race({ setup: () => void readFile("/missing"), processes });
export const setupExits = race({ setup: () => process.exit(3), processes });
export const setupWaits = race({ setup: () => new Promise(() => undefined), processes });
const waitForEver = () => new Promise(() => undefined);
async function poll(until: () => Promise<boolean>): Promise<void> {
  while (!(await until())) await new Promise((resolve) => setTimeout(resolve, 10));
}
export const checkWaits = race({ processes, check: waitForEver });

/** A lost update, found by checks that wait for the sum. */
const add = async () => writeFile("/sum", String(Number(await readFile("/sum", "utf8")) + 1));
const isTwo = async () => (await readFile("/sum", "utf8")) === "2";
const adding = { setup: () => writeFile("/sum", "0"), processes: { a: add, b: add } };
export const checkWaitsForSum = race({
  ...adding,
  check: async () => ((await isTwo()) ? undefined : waitForEver()),
});
export const checkPollsForSum = race({ ...adding, check: () => poll(isTwo) });
export const setupInTimer = race({ setup: () => void setTimeout(fail, 1000), processes });

/** It is the explorer's process that remembers, outside of the scenario. */
const outside = (globalThis as { process: { versions: Record<string, unknown> } }).process.versions;
const KEY = "holdfast-test-counter";
const next = (): number => {
  const before = Number(Object.getOwnPropertyDescriptor(outside, KEY)?.value ?? 0);
  Object.defineProperty(outside, KEY, { value: before + 1, configurable: true, enumerable: false });
  return before;
};
export const checkRemembers = race({ processes, check: () => assert.ok(next() % 2 === 0, "every second time") });
export const processRemembers = race({
  processes: { a: () => mkdir(`/a${next()}`), b: () => mkdir("/b") },
});
/** Module state that outlives a run, where modules are shared. */
let runs = 0;
export const moduleRemembers = race({
  processes: {
    a: async () => {
      runs += 1;
      if (runs % 3 === 0) await mkdir("/third");
      await mkdir("/a");
    },
    b: () => mkdir("/b"),
  },
});
export const mayBeUsedShared = race({ processes });
export const notARaceAtAll = { processes };
