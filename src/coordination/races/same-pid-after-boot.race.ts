// After a power loss a service has the pid that it had, and started as long after boot as it did before: only by the boot can
// what was left locked be told from what is locked now.

import { mkdirSync } from "node:fs";
import { race } from "holdfast/explorer";
import { serveAgain } from "./serve-again.ts";

export default race({
  setup: () => mkdirSync("/lock"),
  powerLoss: true,
  restart: "always",
  reusePids: true,
  processes: { service: serveAgain },
});
