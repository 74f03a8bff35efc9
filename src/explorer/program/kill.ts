// `process.kill`.

import { constants } from "node:os";
import { SystemFault } from "../disk/calls.ts";
import { isDeadly } from "../world/signals.ts";
import { notSimulated } from "./not-simulated.ts";
import type { Program } from "./program.ts";

/** These stop a process until it is told to go on. */
const STOPPING = new Set(["SIGSTOP", "SIGTSTP", "SIGTTIN", "SIGTTOU"]);
const ERRNOS: Readonly<Record<string, number>> = { EPERM: -1, ESRCH: -3, EINVAL: -22 };

type Kill = (pid: number, signal?: string | number) => true;

export function makeKill(program: Program, listensFor: (signal: string) => boolean): Kill {
  return (pid, given) => {
    if (typeof pid !== "number" || pid !== (pid | 0)) {
      const error = new TypeError(`The "pid" argument must be of type number. Received ${typeof pid}`);
      throw Object.assign(error, { code: "ERR_INVALID_ARG_TYPE" });
    }
    const signal = signalNamed(given);
    if (pid <= 0) return program.refuse(notSimulated(`process.kill(${pid}), which is for a group of processes,`));
    if (signal !== 0 && STOPPING.has(signal)) return program.refuse(notSimulated(`process.kill(pid, "${signal}")`));
    try {
      program.now({ op: "kill", args: [pid, signal] });
    } catch (error) {
      if (error instanceof SystemFault) throw killError(error.code);
      throw error;
    }
    // The kernel does not come back from this.
    if (pid === program.pid && signal !== 0 && isDeadly(signal) && !listensFor(signal)) return program.killed();
    return true;
  };
}

function signalNamed(given: unknown): string | 0 {
  if (given === 0) return 0;
  if (typeof given === "number") {
    const name = Object.entries(constants.signals).find(([, number]) => number === given)?.[0];
    if (name === undefined) throw killError("EINVAL");
    return name;
  }
  const name = String(given || "SIGTERM");
  if (name in constants.signals) return name;
  throw Object.assign(new TypeError(`Unknown signal: ${name}`), { code: "ERR_UNKNOWN_SIGNAL" });
}

function killError(code: string): Error {
  return Object.assign(new Error(`kill ${code}`), { code, syscall: "kill", errno: ERRNOS[code] });
}
