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
      await writeFile("/sum", work(4));
    },
  },
});
export const synchronous = race({
  processes: {
    a: () => {
      writeFileSync("/begun", "");
      writeFileSync("/sum", work(2));
    },
    b: () => writeFileSync("/other", ""),
  },
});
export const inSetup = race({
  setup: () => writeFileSync("/sum", work()),
  processes: { a: () => writeFileSync("/a", ""), b: () => writeFileSync("/b", "") },
});
