// A violation that shows only where a process that was killed comes back after the other's timer: whom that timer waits for
// changes with the restart.

import { existsSync, mkdirSync } from "node:fs";
import { race } from "holdfast/explorer";

/** The pid of the second process. */
const WORKER = 1020;

export default race({
  crashes: 1,
  restart: "always",
  processes: {
    killer: () => {
      try {
        process.kill(WORKER, "SIGKILL");
      } catch {
        if (existsSync("/done")) throw new Error("it was through before it could be killed");
      }
    },
    worker: () => {
      setTimeout(() => mkdirSync("/done"), 250);
    },
  },
});
