// How the store's waits look to the locks.

import { HOLD_VARIABLE, type StructuralLockOptions } from "../coordination/index.ts";
import type { LockWait } from "./drafts.ts";

/** How long a writer waits for a collection's lock unless told otherwise. */
export const LOCK_TIMEOUT_MS = 30_000;

/** With the hold that this process was started under, if it was (`holdfast lock run`): it writes as part of that work. */
export function lockOptions({ lockTimeoutMs = LOCK_TIMEOUT_MS, signal, onWait }: LockWait): StructuralLockOptions {
  const hold = process.env[HOLD_VARIABLE];
  return {
    timeoutMs: lockTimeoutMs,
    ...(signal !== undefined && { signal }),
    ...(onWait !== undefined && { onWait }),
    ...(hold !== undefined && hold !== "" && { hold }),
  };
}
