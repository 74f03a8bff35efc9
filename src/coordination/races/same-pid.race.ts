// In a container a service that is killed and started again has the pid that it had. What it left locked it must not take
// for held by somebody who lives: that pid is now its own, and nobody would ever give the lock back.

import { race } from "holdfast/explorer";
import { serveAgain } from "./serve-again.ts";

export default race({ crashes: 2, restart: "always", reusePids: true, processes: { service: serveAgain } });
