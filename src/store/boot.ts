// Which boot of this machine it is: what was written and not flushed is there, whoever died, until the next one.

import { readFileSync } from "node:fs";

/** Undefined where the system does not say. */
export function bootId(): string | undefined {
  try {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  } catch {
    return undefined;
  }
}
