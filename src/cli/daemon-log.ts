// The daemon's log: one JSON line an event, in `.holdfast/daemon.log`. Loaded by `up` alone.

import { renameSync, statSync } from "node:fs";
import { pino } from "pino";
import { toHoldfastError } from "../errors.ts";

/** A log that has grown past this at a start is set aside as `daemon.log.1`, bytes. */
const MAX_LOG_BYTES = 8 * 1_024 * 1_024;

export interface DaemonLog {
  info(facts: object): void;
  error(error: unknown): void;
}

export function openDaemonLog(path: string): DaemonLog {
  setAside(path);
  const log = pino(
    { base: null, timestamp: pino.stdTimeFunctions.isoTime },
    pino.destination({ dest: path, sync: true }),
  );
  return {
    info: (facts) => log.info(facts),
    error: (error) => {
      const { code, message, hint, cause } = toHoldfastError(error);
      log.error({ code, hint, stack: cause instanceof Error ? cause.stack : undefined }, message);
    },
  };
}

function setAside(path: string): void {
  try {
    if (statSync(path).size > MAX_LOG_BYTES) renameSync(path, `${path}.1`);
  } catch {
    // Not there yet: the first line makes it.
  }
}
