// Processes that fail, each in its own way.

import { createReadStream } from "node:fs";
import { mkdir, readFile, rmdir, writeFile } from "node:fs/promises";
import { race } from "holdfast/explorer";

const beside = { other: () => writeFile("/other", "done") };
const fail = (): never => {
  throw new Error("it broke");
};

export const rejected = race({ processes: { a: async () => fail(), ...beside } });
export const rejectedAside = race({
  processes: {
    a: () => {
      void readFile("/missing");
    },
    ...beside,
  },
});
export const thrownAtOnce = race({ processes: { a: () => fail(), ...beside } });
export const thrownInTimer = race({ processes: { a: () => void setTimeout(fail, 50), ...beside } });
export const thrownInTick = race({ processes: { a: () => process.nextTick(fail), ...beside } });
export const thrownInMicrotask = race({ processes: { a: () => queueMicrotask(fail), ...beside } });
export const thrownInImmediate = race({ processes: { a: () => void setImmediate(fail), ...beside } });
/** As so often: nobody listens for `error`. */
export const streamError = race({ processes: { a: () => void createReadStream("/missing"), ...beside } });
export const exits = race({ processes: { a: () => process.exit(3), ...beside } });
export const exitsLater = race({ processes: { a: () => void setTimeout(() => process.exit(3), 10), ...beside } });
export const exitCode = race({
  processes: {
    a: () => {
      process.exitCode = 3;
    },
    ...beside,
  },
});
export const thrownNothing = race({
  processes: {
    a: async () => {
      throw undefined;
    },
    ...beside,
  },
});
/** Only if b is faster. */
export const rejectedAtTimes = race({
  setup: () => mkdir("/d"),
  processes: { a: () => rmdir("/d"), b: () => rmdir("/d") },
});
export const mayFail = race({
  setup: () => mkdir("/d"),
  processes: { a: () => rmdir("/d"), b: () => rmdir("/d") },
  mayFail: true,
});
export const oneMayFail = race({
  setup: () => mkdir("/d"),
  processes: { a: () => rmdir("/d"), b: () => rmdir("/d") },
  mayFail: ["a"],
});
export const waitsForEver = race({ processes: { a: () => new Promise<void>(() => undefined), ...beside } });
