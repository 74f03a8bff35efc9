// Processes that work for long between two calls: nothing is wrong with that.

import { writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { race } from "holdfast/explorer";

/** For part of a second on a machine that has nothing else to do. */
function work(times = 1): string {
  let sum = 0;
  for (let n = 0; n < times * 300_000_000; n++) sum = (sum + n) | 0;
  return `${sum}`;
}

export const asynchronous = race({
  processes: {
    a: async () => {
      await writeFile("/begun", "");
      await writeFile("/sum", work(2));
    },
  },
});
export const synchronous = race({
  processes: {
    a: () => {
      writeFileSync("/begun", "");
      writeFileSync("/sum", work());
    },
    b: () => writeFileSync("/other", ""),
  },
});
export const inSetup = race({
  setup: () => writeFileSync("/sum", work()),
  processes: { a: () => writeFileSync("/a", ""), b: () => writeFileSync("/b", "") },
});

/** Whoever runs first in a thread that has run nothing else yet. */
const realm = Array as unknown as { ran?: boolean };

/** Slow in its first run, and there only: as with programs that the machine has to get to know. */
export const slowAtFirst = race({
  processes: {
    a: async () => {
      await writeFile("/begun", "");
      Error.stackTraceLimit = Number.POSITIVE_INFINITY;
      const isFirst = realm.ran === undefined && !/engine.thread\./.test(new Error().stack ?? "");
      realm.ran = true;
      while (isFirst);
    },
  },
});
